"""The console and the pages for phones behind a real address, and the list of every page of theirs: for whoever looks at all of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from werkzeug.serving import make_server

from tests.web.desk import OPEN, Desk, addresses

NO_PAGES = {"console.register_template", "console.paper_photo", "console.photo", "console.job_photo", "console.static", "console.login_code",
            "console.live_rows", "console.round_png"}


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application at an address of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


PARTY_PAGES = {"console.jobs", "console.job", "console.job_photo"}  # of accounts that act for a party, for nobody else


def console_pages(desk: Desk, community: str = "east") -> list[str]:
    """Every page of the console with something in it, from the route map: a new one is there without being listed."""
    return [path for endpoint, method, path in addresses(desk, desk.ids[community]) if method == "GET" and endpoint not in NO_PAGES
            and endpoint not in OPEN | PARTY_PAGES]


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look at pages."""

    width: int
    scheme: str = "light"



def window(browser: Any, look: Look, base: str = "", client: Any = None) -> Any:
    """A page of a browser, signed in as this client is."""
    context = browser.new_context(locale="zh-CN", viewport={"width": look.width, "height": 800}, color_scheme=look.scheme, bypass_csp=True)
    if client is not None:
        cookie = client.get_cookie("linyi_console", path="/console")
        assert cookie is not None
        context.add_cookies([{"name": "linyi_console", "value": cookie.value, "url": f"{base}/console/"}])
    return context.new_page()
