"""The console's door: cookies, sessions that end, and the brake on guessing."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models.tables import audit as audit_table
from models.tables import console_session
from tests.web.conftest import Desk, sign_in, token


def test_cookies_and_the_end_of_a_session(desk: Desk) -> None:
    """Attributes as they should be; logout and password change end the session on the server."""
    client = desk.client()
    cookie = sign_in(client, "east").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/console" in cookie
    kept = client.get_cookie("linyi_console", path="/console")
    assert kept is not None
    with desk.db.read() as tx:
        assert kept.value not in str(tx.all(select(console_session)))
    other = desk.client("east")
    csrf = token(client, "/console/password")
    weak = client.post("/console/password", data={"old": "a long password", "new": "short", "csrf_token": csrf})
    assert weak.status_code == 400
    client.post("/console/password", data={"old": "a long password", "new": "another password", "csrf_token": csrf})
    assert client.get("/console/").status_code == 200
    assert other.get("/console/").status_code == 302
    kept = client.get_cookie("linyi_console", path="/console")
    assert kept is not None
    client.post("/console/logout", data={"csrf_token": csrf})
    client.set_cookie("linyi_console", kept.value, path="/console")
    assert client.get("/console/").status_code == 302


@pytest.mark.parametrize(("wait", "status"), [(timedelta(minutes=29), 200), (timedelta(minutes=31), 302)])
def test_an_idle_session_ends(desk: Desk, wait: timedelta, status: int) -> None:
    """Half an hour."""
    client = desk.client("east")
    desk.now += wait
    assert client.get("/console/").status_code == status


def test_a_busy_session_ends_after_half_a_day(desk: Desk) -> None:
    """However often it is used."""
    client = desk.client("east")
    for _ in range(25):
        desk.now += timedelta(minutes=28)
        last = client.get("/console/").status_code
    assert last == 200
    desk.now += timedelta(minutes=28)
    assert client.get("/console/").status_code == 302


def test_guessing_is_slowed_down(desk: Desk) -> None:
    """Five wrong tries block the name for a quarter of an hour, the right password too; unknown names look the same."""
    client = desk.client()
    known, unknown = sign_in(client, "east", "wrong password"), sign_in(client, "nobody", "wrong password")
    assert (known.status_code, unknown.status_code) == (401, 401)
    strip = lambda page: re.sub(r'value="[^"]*"', "", page.text)  # noqa: E731
    assert strip(known) == strip(unknown)
    for _ in range(4):
        sign_in(client, "east", "wrong password")
    assert sign_in(client, "east").status_code == 429
    assert sign_in(client, "west").status_code == 302
    desk.now += timedelta(minutes=16)
    assert sign_in(client, "east").status_code == 302
    with desk.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(audit_table).where(audit_table.c.action == "account.login_failed")) == 6
