"""The console's door: cookies, sessions that end, and the brake on guessing."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from domain.errors import Refusal
from models.accounts import account_post
from models.tables import account, console_session, login_failure
from models.tables import audit as audit_table
from services import accounts
from tests.web.desk import NOW, Desk, sign_in, token


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


def test_an_address_is_slowed_down_whatever_names_it_tries(desk: Desk) -> None:
    """Twenty wrong tries from one place; other places still come in. One right password does not wipe the count."""
    client = desk.client()
    for n in range(19):
        assert sign_in(client, f"guess{n}", "wrong password").status_code == 401
    assert sign_in(client, "west").status_code == 302
    assert sign_in(client, "guess19", "wrong password").status_code == 401
    assert sign_in(client, "east").status_code == 429
    elsewhere = client.post("/console/login", environ_base={"REMOTE_ADDR": "10.1.2.3"}, data={
        "username": "east", "password": "a long password", "csrf_token": token(client)})
    assert elsewhere.status_code == 302


def test_tries_at_the_same_moment_do_not_get_past_the_brake(desk: Desk) -> None:
    """Each is counted before its password is looked at, so of many at once only the first few are judged."""
    judged, tried = 0, []
    for _ in range(9):
        with desk.db.write() as tx:
            tried.append(accounts.begin(tx, username="east", address="10.0.0.1", now=NOW))
    for each in tried:
        with desk.db.read() as tx:
            try:
                accounts.judge(tx, each, now=NOW)
                judged += 1
            except Refusal:
                pass
    assert judged <= accounts.PER_ACCOUNT


def test_guessing_through_the_password_form_is_slowed_down_too(desk: Desk) -> None:
    """A stolen session is not a way to the password."""
    client = desk.client("east")
    csrf = token(client, "/console/password")
    form = {"old": "wrong password", "new": "another password", "csrf_token": csrf}
    assert [client.post("/console/password", data=form).status_code for _ in range(6)] == [400] * 5 + [429]
    form["old"] = "a long password"
    assert client.post("/console/password", data=form).status_code == 429


def test_addresses_of_one_household_count_as_one() -> None:
    """IPv6 gives everybody a /64; nonsense is cut to what the column holds."""
    assert accounts._network("2001:db8:1:2:3::4") == accounts._network("2001:db8:1:2:ffff::") == "2001:db8:1:2::/64"
    assert accounts._network("10.0.0.1") == "10.0.0.1" and len(accounts._network("x" * 500)) == 60


def test_coming_and_going_is_on_record(desk: Desk) -> None:
    """Login and logout stand in the chain, with the account."""
    client = desk.client("east")
    client.post("/console/logout", data={"csrf_token": token(client, "/console/password")})
    with desk.db.read() as tx:
        who = tx.scalar(select(account.c.id).where(account.c.username == "east"))
        found = tx.all(select(audit_table.c.actor, audit_table.c.action).where(audit_table.c.action.like("account.log%"), audit_table.c.object == f"account:{who}")
                       .order_by(audit_table.c.seq))
    assert [tuple(row) for row in found] == [(f"account:{who}", "account.login"), (f"account:{who}", "account.logout")]


@pytest.mark.parametrize("disabled", [True, False])
def test_an_account_that_may_no_more_is_out_at_once(desk: Desk, disabled: bool) -> None:
    """Shut, or without any role: the session it has ends with the right to have one."""
    client = desk.client("east")
    with desk.db.write() as tx:
        if disabled:
            tx.execute(update(account).where(account.c.username == "east").values(disabled_at=NOW))
        else:
            tx.execute(delete(account_post).where(account_post.c.account_id == desk.ids["east"]["account"]))
    assert client.get("/console/").status_code == 302
    assert sign_in(desk.client(), "east").status_code == 401


def test_cookies_are_for_https_only_when_told_or_there(desk: Desk) -> None:
    """Behind TLS the cookie never travels in the clear."""
    client = desk.client()
    assert "Secure" not in sign_in(client, "east").headers["Set-Cookie"]
    page = desk.client().get("/console/login", base_url="https://localhost")
    assert page.headers["Cache-Control"] == "no-store"
    https = desk.client()
    csrf = token(https)
    answer = https.post("/console/login", base_url="https://localhost", data={
        "username": "east", "password": "a long password", "csrf_token": csrf})
    assert answer.status_code == 302 and "Secure" in answer.headers["Set-Cookie"]


def test_failures_are_forgotten_after_a_day(desk: Desk) -> None:
    """The table of failures stays small."""
    client = desk.client()
    sign_in(client, "east", "wrong password")
    desk.now += timedelta(days=2)
    sign_in(client, "west", "wrong password")
    with desk.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(login_failure)) == 2
