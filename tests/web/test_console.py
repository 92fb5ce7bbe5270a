"""The console: who may come in, what they see, and what never leaves it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

import web
from domain.roles import SYSTEM
from models.base import Database
from models.tables import audit as audit_table
from models.tables import (
    ballot,
    ballot_log,
    building,
    chat,
    community,
    console_session,
    home,
    issue,
    issue_event,
    message,
    outbox,
    person,
    poll,
    residence,
    supporter,
)
from services import accounts, audit, export

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
EVIL = "<script>alert(1)</script>"
OBJECTS = {"issue": "/console/issues/{}", "poll": "/console/polls/{}"}
LISTS = ("messages", "audit", "issues", "polls", "outbox", "people", "homes")
OPEN = {"console.login", "console.static"}


@dataclass
class Desk:
    """A console over a database with two communities and something in each list."""

    db: Database
    now: datetime = NOW
    ids: dict[str, dict[str, int]] = field(default_factory=dict)
    app: Flask | None = None

    def client(self, username: str | None = None) -> FlaskClient:
        """A browser, signed in if a name is given."""
        assert self.app is not None
        client = self.app.test_client()
        if username:
            assert sign_in(client, username).status_code == 302
        return client


def token(client: FlaskClient, path: str = "/console/login") -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found
    return found.group(1)


def sign_in(client: FlaskClient, username: str, password: str = "a long password") -> Any:
    """Fills the login form."""
    return client.post("/console/login", data={"username": username, "password": password, "csrf_token": token(client)})


def fill(desk: Desk, name: str) -> None:
    """One community with an admin and a row of everything."""
    with desk.db.write() as tx:
        where = tx.add(community, code=name, name=name, last_issue=1, last_poll=2)
        accounts.create(tx, SYSTEM, username=name, password="a long password", community_id=where, now=NOW)
        block = tx.add(building, community_id=where, name="3幢")
        flat = tx.add(home, community_id=where, building_id=block, entrance="2", room="501", label="3幢2单元501", area_dm2=10177)
        group = tx.add(chat, community_id=where, channel="aibot", external_id=f"g-{name}", name=f"{name}群")
        who = tx.add(person, community_id=where, name=f"李{name}{EVIL}", role="resident", told_version=1, consent_version=1, created_at=NOW)
        tx.add(residence, person_id=who, home_id=flat, since=NOW)
        tx.add(message, channel="mp", external_id=f"m-{name}", community_id=where, person_id=who, kind="text", intent="issue.report",
               text=f"反映 {EVIL}{name}电梯坏了", reply="=1+1", state="done", sent_at=NOW, received_at=NOW)
        matter = tx.add(issue, community_id=where, number=1, state="submitted", category="elevator", title=f"{name}电梯{EVIL}", text=EVIL,
                        submitter_id=who, chat_id=group, created_at=NOW, changed_at=NOW)
        tx.add(issue_event, issue_id=matter, at=NOW, act="supplement", actor_id=who, text=EVIL)
        tx.add(supporter, issue_id=matter, person_id=who, at=NOW)
        found = {"home": flat, "person": who, "issue": matter}
        for number, anonymous in ((1, False), (2, True)):
            found[f"poll{number}"] = put_poll(tx, where, who, number, anonymous)
        found["outbox"] = tx.add(outbox, key=f"k-{name}", community_id=where, channel="webhook", target=f"chat:{group}", address="secret-key",
                                 kind="text", text=f"{name}结果", state="dead", attempts=7, next_at=NOW, doubtful=False, error="no", created_at=NOW)
        audit.note(tx, SYSTEM, "test.deed", f"thing:{name}", now=NOW, community_id=where, words=EVIL)
        audit.seal(tx)
    desk.ids[name] = found


def put_poll(tx: Any, where: int, who: int, number: int, anonymous: bool) -> int:
    """An open poll with one ballot, and the message that cast it."""
    found = tx.add(poll, community_id=where, number=number, title=f"要不要装{EVIL}", options=["金丝雀同意", "反对"], most=1, household=False,
                   anonymous=anonymous, scope="community", scope_name="x", state="open", opens_at=NOW, closes_at=NOW + timedelta(days=1),
                   opened_by=who)
    tx.add(ballot, poll_id=found, voter=f"person:{who}", person_id=who, choice="0", sent_at=NOW, cast_at=NOW)
    tx.add(ballot_log, poll_id=found, voter=f"person:{who}", person_id=who, act="cast", choice="0", at=NOW)
    tx.add(message, channel="mp", external_id=f"v-{where}-{number}", community_id=where, person_id=who, kind="text",
           intent="vote.secret" if anonymous else "vote", text=None if anonymous else "1", reply=f"记下了：保密回执{number}", state="done",
           sent_at=NOW, received_at=NOW)
    return found


@pytest.fixture
def desk(db: Database) -> Iterator[Desk]:
    """The console."""
    found = Desk(db)
    app = Flask(__name__)
    web.init_app(app, "k" * 32)
    app.register_blueprint(web.console_blueprint(db, clock=lambda: found.now, secure_cookies=False))
    found.app = app
    fill(found, "east")
    fill(found, "west")
    yield found


def addresses(desk: Desk, ids: dict[str, int]) -> list[tuple[str, str, str]]:
    """Every address of the console: (endpoint, method, path), with the ids of one community filled in."""
    key = {"issue": ids["issue"], "poll": ids["poll1"], "retry": ids["outbox"], "role": ids["person"], "code": ids["home"]}
    assert desk.app is not None
    found = []
    for rule in desk.app.url_map.iter_rules():
        if not rule.endpoint.startswith("console."):
            continue
        name = rule.endpoint.partition(".")[2]
        assert "<" not in rule.rule or name in key or name == "static", f"{rule.endpoint} is new: say whose objects it shows"
        path = rule.rule.replace("<int:key>", str(key.get(name))).replace("<path:filename>", "console.css")
        found += [(rule.endpoint, m, path) for m in (rule.methods or set()) & {"GET", "POST"}]
    return found


def test_a_stranger_sees_nothing_but_the_login_page(desk: Desk) -> None:
    """Every address, from the route map: a new one is tested without being listed."""
    client = desk.client()
    csrf = token(client)
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        answer = client.open(path, method=method, data={"csrf_token": csrf} if method == "POST" else None)
        if endpoint in OPEN:
            assert answer.status_code in (200, 401, 429), path
        else:
            assert answer.status_code == 302 and answer.location.endswith("/console/login"), (method, path)


def test_objects_of_another_community_do_not_exist(desk: Desk) -> None:
    """Not refused: not found; and its lists hold nothing of the other."""
    client = desk.client("west")
    csrf = token(client, "/console/password")
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        if "<" in _rule(desk, endpoint) and not endpoint.endswith("static"):
            answer = client.open(path, method=method, data={"csrf_token": csrf, "role": "admin"} if method == "POST" else None)
            assert answer.status_code == 404, (method, path)
    for name in LISTS:
        for path in (f"/console/{name}", f"/console/{name}.csv"):
            assert "east" not in client.get(path).text.replace("/east", ""), path
    with desk.db.read() as tx:
        assert tx.scalar(select(person.c.role).where(person.c.id == desk.ids["east"]["person"])) == "resident"


def _rule(desk: Desk, endpoint: str) -> str:
    assert desk.app is not None
    return next(r.rule for r in desk.app.url_map.iter_rules() if r.endpoint == endpoint)


def test_own_pages_show_what_is_there_and_escape_it(desk: Desk) -> None:
    """Attack strings in every field come out as text."""
    client = desk.client("east")
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        if method == "GET" and not path.endswith(".csv") and endpoint not in OPEN:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert "<script>" not in answer.text, path
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "电梯" in client.get("/console/issues").text
    assert "3幢2单元501" in client.get("/console/messages").text


def test_reading_changes_nothing(desk: Desk) -> None:
    """No GET writes, except that taking an export is noted."""
    client = desk.client("east")
    before = _state(desk)
    for _, method, path in addresses(desk, desk.ids["east"]):
        if method == "GET" and not path.endswith(".csv"):
            client.get(path)
    assert _state(desk) == before


def _state(desk: Desk) -> list[Any]:
    with desk.db.read() as tx:
        return [tx.all(select(t).order_by(*t.primary_key)) for t in (person, outbox, issue, poll, ballot, audit_table)]


def test_every_form_needs_its_token(desk: Desk) -> None:
    """Without it nothing is done."""
    client = desk.client("east")
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        if method == "POST":
            assert client.post(path).status_code == 400, endpoint


def test_deeds_are_done_and_noted(desk: Desk) -> None:
    """A role, a code, a retry; each leaves a row in the chain."""
    client, ids = desk.client("east"), desk.ids["east"]
    csrf = token(client, "/console/password")
    assert client.post(f"/console/people/{ids['person']}/role", data={"role": "grid_worker", "csrf_token": csrf}).status_code == 302
    assert re.search(r"\d{6}", client.post(f"/console/homes/{ids['home']}/code", data={"csrf_token": csrf}).text)
    assert client.post(f"/console/outbox/{ids['outbox']}/retry", data={"csrf_token": csrf}).status_code == 302
    again = client.post(f"/console/outbox/{ids['outbox']}/retry", data={"csrf_token": csrf})
    assert again.status_code == 400 and "失败列表" in again.text
    with desk.db.read() as tx:
        done = set(tx.connection.scalars(select(audit_table.c.action)))
        assert {"person.role", "home.code", "outbox.retry", "account.login"} <= done
        assert tx.scalar(select(outbox.c.state).where(outbox.c.id == ids["outbox"])) == "waiting"
        assert audit.verify(tx).ok
    page = client.post("/console/audit/verify", data={"csrf_token": csrf}).text
    assert "首尾相连" in page


def test_a_ballot_that_is_not_public_is_nowhere(desk: Desk) -> None:
    """Neither on the poll's page, nor in the message log, nor in a file, nor by searching for the answer."""
    client, ids = desk.client("east"), desk.ids["east"]
    named, secret = (client.get(f"/console/polls/{ids[p]}").text for p in ("poll1", "poll2"))
    assert "投票记录" in named and named.count("金丝雀同意") == 2
    assert "李east" in secret and secret.count("金丝雀同意") == 1  # the option's own line
    for path in ("/console/messages", "/console/messages.csv", "/console/messages?text=保密回执"):
        text = client.get(path).text
        assert "保密回执1" in text and "保密回执2" not in text, path


def test_exports_cannot_become_formulas(desk: Desk) -> None:
    """Read back as a spreadsheet would: no cell starts a formula."""
    client = desk.client("east")
    for name in LISTS:
        text = client.get(f"/console/{name}.csv").text
        assert text.startswith("\ufeff")
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
        assert len(rows) >= 2, name
        assert not [c for row in rows for c in row if c[:1] in set("=+-@\t\r＝＋－＠") and c]
    assert "'=1+1" in client.get("/console/messages.csv").text


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1+1", "＠x", " =1", "\u3000=1", "\r=1"])
def test_a_cell_that_would_be_computed_is_text(cell: str) -> None:
    """Also full-width signs and leading blanks."""
    assert export.safe(cell) == f"'{cell}"
    assert export.safe("同意") == "同意" and export.safe(None) == "" and export.safe(3) == "3"


def test_paging_never_skips_or_repeats(desk: Desk) -> None:
    """Following 更早的 through everything shows each row once."""
    with desk.db.write() as tx:
        where = tx.scalar(select(community.c.id).where(community.c.code == "east"))
        tx.execute(insert(message), [{"channel": "mp", "external_id": f"n{n}", "community_id": where, "kind": "text", "state": "done",
                                      "reply": f"答复{n:03d}号", "sent_at": NOW, "received_at": NOW} for n in range(130)])
    client, seen, path = desk.client("east"), [], "/console/messages"
    for _ in range(10):
        page = client.get(path).text
        seen += re.findall(r"答复(\d{3})号", page)
        older = re.search(r'href="(\?[^"]*before=[^"]+)"', page)
        if older is None:
            break
        path = "/console/messages" + older.group(1).replace("&amp;", "&")
    assert seen == [f"{n:03d}" for n in reversed(range(130))]
    assert len(re.findall(r"答复\d{3}号", client.get("/console/messages.csv").text)) == 130


def test_filters_narrow_and_nonsense_does_not_break(desk: Desk) -> None:
    """Time, person, kind, text; quotes, wildcards and junk in every parameter."""
    client = desk.client("east")
    assert "电梯坏了" in client.get("/console/messages?person=李east&kind=issue&text=电梯&since=2026-03-02&until=2026-03-02").text
    for query in ("person=王", "kind=vote&text=电梯", "text=没有的话", "since=2026-03-03", "until=2026-03-01", "text=%25"):
        assert "电梯坏了" not in client.get(f"/console/messages?{query}").text, query
    for name in LISTS:
        for junk in ("'", '"', "%", "\\", "' OR 1=1 --", "９９", "\x00", EVIL):
            for parameter in ("since", "until", "person", "kind", "text", "before"):
                answer = client.get(f"/console/{name}", query_string={parameter: junk})
                assert answer.status_code == 200 and "<script>" not in answer.text, (name, parameter, junk)


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
