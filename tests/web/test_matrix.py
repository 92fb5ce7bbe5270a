"""Who may open what: every address of the console and of the residents' pages, for everybody, asked of the running application.

matrix.txt is the answer written down for people to read. A new address fails here until it stands there.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain.roles import ACCOUNT_ROLES, SYSTEM, Actor, Deed, Role
from models.accounts import account_party
from models.base import Database
from models.tables import issue, party, promise
from services import accounts, audit
from tests.web.desk import NOW, OPEN, Desk, addresses
from tests.web.town import ISSUE, POLL, Town
from web import permits

LETTERS = {Role.PROPERTY: "P", Role.COMMITTEE: "C", Role.AUDITOR: "A", Role.GRID_WORKER: "G", Role.ADMIN: "D", Role.STREET_ADMIN: "S",
           Role.SYSTEM_ADMIN: "Y"}
TABLE = {name: who for name, who in (line.split() for line in (Path(__file__).parent / "matrix.txt").read_text("utf-8").splitlines()
                                     if line and not line.startswith("#"))}
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # who may what is asked before the database is


class _Undone(Exception):
    """The request's work is taken back."""


def _take_back_everything(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on every request does its work and leaves no trace, so that one cannot spoil the next."""
    real = db.write

    @contextmanager
    def dry() -> Iterator[Any]:
        try:
            with real() as tx:
                yield tx
                raise _Undone
        except _Undone:
            pass
    monkeypatch.setattr(db, "write", dry)


def _account(desk: Desk, role: Role) -> FlaskClient:
    """Somebody of this role in east; an admin of the system everywhere."""
    with desk.db.write() as tx:
        place = None if role is Role.SYSTEM_ADMIN else desk.ids["east"]["place"]
        key = accounts.create(tx, SYSTEM, username=f"a-{role}", password="a long password", community_id=place, now=NOW, role=role)
        if role.may(Deed.ORDERS):  # for the party that has the issue to do
            firm = tx.add(party, community_id=place, name=f"east{role}", kind="property")
            tx.add(account_party, account_id=key, party_id=firm)
            tx.add(promise, community_id=place, issue_id=desk.ids["east"]["issue"], party_id=firm, owner="east", text="修好", due_at=NOW,
                   state="open", made_at=NOW)
        audit.seal(tx)
    return desk.client(f"a-{role}")


def _asked(client: FlaskClient, method: str, path: str, known: bool = True) -> int:
    """The status of the answer, as the one who is signed in at first: some answers change the cookie."""
    before = client.get_cookie("linyi_console", path="/console")
    form = {"role": "grid_worker", "community": "1", "field": "category", "value": "other", "level": "red", "track": "government"}
    answer = client.open(path, method=method, data=form if method == "POST" else None)
    if known and before is not None:
        client.set_cookie("linyi_console", before.value, path="/console")
        assert path.endswith("/logout") or "/login" not in answer.headers.get("Location", "").replace("/login/code", ""), path
    return answer.status_code


def _endpoint(name: str) -> str:
    return name.partition(".")[2]


def test_every_address_of_the_console_for_every_role(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may gets an answer; for whoever may not, it does not exist."""
    assert desk.app is not None
    clients = {role: _account(desk, role) for role in ACCOUNT_ROLES}
    desk.app.config["WTF_CSRF_ENABLED"] = False
    _take_back_everything(desk.db, monkeypatch)
    seen: dict[str, str] = {}
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        if endpoint in OPEN:
            continue
        answers = {role: _asked(client, method, path) for role, client in clients.items()}
        assert all(status < 500 for status in answers.values()), (method, path, answers)
        let_in = "".join(LETTERS[r] for r, status in answers.items() if status != 404)
        seen[_endpoint(endpoint)] = min(let_in, seen.get(_endpoint(endpoint), let_in), key=len) or "-"
    assert seen == TABLE, "\n".join(f"{name} {seen.get(name)} here, {TABLE.get(name)} in matrix.txt"
                                    for name in sorted({*seen, *TABLE}) if seen.get(name) != TABLE.get(name))


@pytest.mark.parametrize("role", ACCOUNT_ROLES)
def test_nobody_is_shown_a_way_that_is_shut_for_them(desk: Desk, role: Role) -> None:
    """Every link and every form of every page that a role sees leads where this role may go."""
    client, wrong = _account(desk, role), set()
    assert desk.app is not None
    ways = desk.app.url_map.bind("localhost")
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        answer = client.get(path) if method == "GET" and endpoint not in OPEN else None
        if answer is None or answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        for tag, way in re.findall(r'<(a|form|img|link)\b[^>]*?(?:href|action|src)="(/console/[^"#?]*)', answer.text):
            method = "POST" if tag == "form" and not re.search(rf'<form[^>]*method="get"[^>]*action="{re.escape(way)}', answer.text) else "GET"
            target = ways.match(way, method=method)[0]
            if target not in OPEN and not permits.may(Actor("x", role, 1), target):
                wrong.add((path, way))
    assert not wrong


def test_every_address_is_in_the_permits_and_none_is_there_that_does_not_exist(desk: Desk) -> None:
    """A forgotten line is shut for all but admins; it is still a mistake."""
    assert desk.app is not None
    real = {_endpoint(r.endpoint) for r in desk.app.url_map.iter_rules() if r.endpoint.startswith("console.")}
    assert real == {*permits.NEEDS, *permits.OPEN}


@pytest.mark.parametrize("role", ACCOUNT_ROLES)
def test_nothing_of_another_community_exists(desk: Desk, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    """For staff of east, whatever their role; an admin of the system who is in east is in east."""
    client = _account(desk, role)
    assert desk.app is not None
    desk.app.config["WTF_CSRF_ENABLED"] = False
    if role is Role.SYSTEM_ADMIN:
        assert client.post("/console/switch", data={"community": desk.ids["east"]["place"]}).status_code == 302
    _take_back_everything(desk.db, monkeypatch)
    rules = {r.endpoint: r.rule for r in desk.app.url_map.iter_rules()}
    for endpoint, method, path in addresses(desk, desk.ids["west"]):
        if "<" in rules[endpoint] and endpoint not in OPEN:
            assert _asked(client, method, path) == 404, (method, path)
        elif method == "GET" and endpoint not in OPEN and "west" not in path:
            shown = client.get(path).data
            assert "west电梯".encode() not in shown and "李west".encode() not in shown, path


@pytest.mark.parametrize("role", ACCOUNT_ROLES)
def test_orders_of_another_party_do_not_exist(desk: Desk, role: Role) -> None:
    """Nor private ones of one's own party; who acts for no party finds none at all. A property sees no other issue either."""
    client, place = _account(desk, role), desk.ids["east"]["place"]
    assert desk.app is not None
    desk.app.config["WTF_CSRF_ENABLED"] = False
    with desk.db.write() as tx:
        firms = [tx.add(party, community_id=place, name=name, kind="property") for name in ("另一家", "西面的")]
        mine = tx.scalar(select(party.c.id).where(party.c.name == f"east{role}")) or firms[0]
        common = {"community_id": place, "category": "elevator", "submitter_id": desk.ids["east"]["person"], "created_at": NOW, "changed_at": NOW}
        ids = {name: tx.add(issue, **common, number=n, state="in_progress", title=f"{name}的事", text="x", party_id=firm, private=private)
               for n, (name, firm, private) in enumerate((("别家", firms[0], False), ("私下", mine, True), ("自家", mine, False)), start=7)}
    for name, key in ids.items():
        own = name == "自家" and role.may(Deed.ORDERS)
        for method, path in (("GET", f"/console/jobs/{key}"), ("POST", f"/console/jobs/{key}"), ("GET", f"/console/jobs/{key}/photos/1.jpg")):
            wanted = 404 if not own or path.endswith("jpg") else 200 if method == "GET" else 400
            assert client.open(path, method=method).status_code == wanted, (name, method, path)
        if role is Role.PROPERTY:
            assert client.get(f"/console/issues/{key}").status_code == 404
    if role.may(Deed.ORDERS):
        page = client.get("/console/jobs").text
        assert "自家的事" in page and "别家的事" not in page and "私下的事" not in page and "另有 1 件私事工单" in page


def test_a_stranger_and_a_resident_find_nothing_of_the_console(desk: Desk, town: Town) -> None:
    """A resident is known on the pages for phones, and nobody here."""
    assert desk.app is not None
    desk.app.config["WTF_CSRF_ENABLED"] = False
    resident = desk.client()
    cookie = town.phone("李叔").get_cookie("linyi_phone", path="/m")
    assert cookie is not None
    for path in ("/", "/console"):
        resident.set_cookie("linyi_phone", cookie.value, path=path)
        resident.set_cookie("linyi_console", cookie.value, path=path)
    rules = {r.endpoint: r.rule for r in desk.app.url_map.iter_rules()}
    for client in (desk.client(), resident):
        for endpoint, method, path in addresses(desk, desk.ids["east"]):
            if endpoint not in OPEN:
                assert _asked(client, method, path, known=False) == (404 if "<" in rules[endpoint] else 302), (method, path)


# --- pages for phones: whose mark is wrong, or whose community it is not, finds nothing ----------------------------
MARKED = {"thing", "photo", "picture", "ballots", "report", "round", "round_report", "round_picture"}  # the address itself is the key
OWN = {"home", "me", "notices", "data"}  # of the visitor's community; others are asked who they are, and shown nothing
PUBLIC = {"front", "enter", "back", "verifier", "static", "promises"}  # hold nothing of anybody
TICKETS = {"data_by_ticket", "data_zip"}  # opened by an address that was given to one person for half an hour
ACTS = {"act", "leave", "sign"}  # need the visitor's own cookie


def test_pages_for_phones_open_only_with_their_mark_or_to_their_own(town: Town) -> None:
    """For strangers and for residents; a new address has to say which kind it is."""
    rules = {_endpoint(r.endpoint): r.rule for r in town.app.url_map.iter_rules() if r.endpoint.startswith("phone.")}
    assert set(rules) == MARKED | OWN | PUBLIC | ACTS | TICKETS
    for name in TICKETS:
        for wrong in ("1-9999999999-0123456789abcdef", "x"):
            assert town.phone("李叔").get(rules[name].replace("<code>", "test").replace("<ticket>", wrong)).status_code == 404
    for phone in (town.phone(), town.phone("李叔")):
        for name in MARKED:
            for real in (POLL, ISSUE):
                letter, number, mark = re.findall(r"/([PI])(\d+)-(\w+)$", real)[0]
                wrong = mark[:-1] + ("0" if mark[-1] != "0" else "1")
                path = (rules[name].replace("<code>", "test").replace("<string(length=1):letter>", letter)
                        .replace("<int:number>", number).replace("<mark>", wrong).replace("<int:one>", "1").replace("<seal>", wrong))
                assert phone.get(path).status_code == 404, path
        for name in OWN:
            page = phone.get(rules[name].replace("<code>", "other"), follow_redirects=False)
            assert page.status_code in (302, 403, 404) or "电梯" not in page.text, name
    for name in OWN:
        assert "电梯" not in town.phone().get(rules[name].replace("<code>", "test")).text, name
