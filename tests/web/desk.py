"""A console over a database with two communities, and the list of all its addresses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import web
from domain.roles import SYSTEM, Actor, Role
from models.base import Database
from models.deeds import point
from models.logs import delivery, sweep_run
from models.rights import data_request
from models.rounds import opinion, opinion_round
from models.tables import (
    ballot,
    ballot_log,
    building,
    chat,
    community,
    console_session,
    forward,
    group_task,
    home,
    issue,
    issue_event,
    message,
    outbox,
    paper_ballot,
    person,
    photo,
    poll,
    promise,
    residence,
    session,
    supporter,
)
from services import accounts, audit

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
EVIL = "<script>alert(1)</script>"
LISTS = ("messages", "readings", "deliveries", "audit", "logins", "reveals", "issues", "polls", "outbox", "forwards", "tasks", "promises", "people", "homes", "notices", "points",
         "ledger")
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

    def csv(self, client: FlaskClient, path: str) -> str:
        """An exported list, taken as the button takes it."""
        answer = client.post(path, data={"csrf_token": token(client, "/console/password")})
        assert answer.status_code == 200 and answer.mimetype == "text/csv", path
        return answer.text


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
        where = tx.add(community, code=name, name=name, last_issue=1, last_poll=2, last_session=1)
        login = accounts.create(tx, SYSTEM, username=name, password="a long password", community_id=where, now=NOW)
        block = tx.add(building, community_id=where, name="3幢")
        flat = tx.add(home, community_id=where, building_id=block, entrance="2", room="501", label="3幢2单元501",
            area_dm2=10177)
        group = tx.add(chat, community_id=where, channel="aibot", external_id=f"g-{name}", name=f"{name}群")
        who = tx.add(person, community_id=where, name=f"李{name}{EVIL}", role="resident",
            told_version=1, consent_version=1, created_at=NOW)
        tx.add(residence, person_id=who, home_id=flat, since=NOW)
        said = tx.add(message, channel="mp", external_id=f"m-{name}", community_id=where, person_id=who, kind="text",
            intent="issue.report",
               text=f"反映 {EVIL}{name}电梯坏了", reply="=1+1", state="done", sent_at=NOW, received_at=NOW, how="meant", sure=640)
        matter = tx.add(issue, community_id=where, number=1, state="submitted", category="elevator",
            title=f"{name}电梯{EVIL}", text=EVIL,
                        submitter_id=who, chat_id=group, created_at=NOW, changed_at=NOW)
        tx.add(issue_event, issue_id=matter, at=NOW, act="supplement", actor_id=who, text=EVIL)
        neighbour = tx.add(person, community_id=where, role="resident", told_version=1, consent_version=1, created_at=NOW)
        tx.add(supporter, issue_id=matter, person_id=neighbour, at=NOW)
        seen = tx.add(photo, community_id=where, issue_id=matter, person_id=who, kind="report", channel="mp", data=b"\xff\xd8",
                      sha256="0" * 64, state="kept", at=NOW)
        found = {"home": flat, "person": who, "group": group, "issue": matter, "photo": seen, "message": said, "place": where,
                 "account": login}
        found["signed_in"] = tx.add(console_session, token_hash=f"none-{name}", account_id=login, created_at=NOW, seen_at=NOW, agent=EVIL)
        for number, anonymous in ((1, False), (2, True)):
            found[f"poll{number}"] = put_poll(tx, where, who, number, anonymous)
        found["ballot"] = int(tx.scalar(select(ballot_log.c.id).where(ballot_log.c.poll_id == found["poll1"])))
        found["paper"] = tx.add(paper_ballot, poll_id=found["poll1"], home_id=flat, choice="0", how="paper", proxy=EVIL, photo=b"\xff\xd8", photo_hash="",
                                entered_by=f"person:{who}", entered_at=NOW, state="dropped")
        found["outbox"] = tx.add(outbox, key=f"k-{name}", community_id=where, channel="webhook", target=f"chat:{group}",
            address="secret-key",
                                 kind="text", text=f"{name}结果", state="dead",
                                     attempts=7, next_at=NOW, doubtful=False, error="no", created_at=NOW)
        found["forward"] = tx.add(forward, key=f"f-{name}", community_id=where, chat_id=group, text=f"{name}转发{EVIL}",
            state="waiting", created_at=NOW, told_at=NOW, reminders=1)
        tx.add(group_task, outbox_id=found["outbox"], community_id=where, chat_id=group, channel="customer",
            msgid=f"msg-{name}", owner=f"owner-{name}{EVIL}", state="waiting", created_at=NOW, reminders=2)
        tx.add(promise, community_id=where, issue_id=matter, owner=f"物业{EVIL}", text=f"{name}更换{EVIL}", due_at=NOW, state="open",
               made_by=who, made_at=NOW)
        found["round"] = tx.add(opinion_round, community_id=where, number=1, issue_id=matter, title=f"{name}征言{EVIL}", state="closed",
                                moderation="after", daily=5, opens_at=NOW, closes_at=NOW, closed_at=NOW, host_id=who, created_by=who)
        tx.add(opinion, round_id=found["round"], number=1, text=f"{name}观点{EVIL}", source="chat", state="shown", at=NOW, person_id=who)
        found["session"] = tx.add(session, community_id=where, number=1, title=f"{name}恳谈{EVIL}", host_id=who, starts_at=NOW, state="ended",
                                  ended_at=NOW, created_at=NOW)
        found["request"] = tx.add(data_request, community_id=where, person_id=who, kind="correct", text=f"改名{EVIL}",
                                  entered_by=f"person:{who}", state="open", asked_at=NOW, due_at=NOW + timedelta(days=20))
        tx.add(delivery, outbox_id=found["outbox"], community_id=where, channel=f"webhook{EVIL}"[:32], at=NOW, took_ms=40, attempt=7,
               result="dead", code=45015, reason=f"errcode 45015{EVIL}", platform_id=EVIL)
        tx.add(sweep_run, name="close_polls", at=NOW, took_ms=12, done=1, error=EVIL)
        found["line"] = tx.add(point, community_id=where, person_id=who, at=NOW, amount=5, kind="deed", reason=f"{name}巡逻{EVIL}",
                               made_by=f"person:{who}", key=f"p-{name}")
        tx.add(outbox, key=f"notice:{name}:chat:{group}", community_id=where, channel="webhook", target=f"chat:{group}", address="secret-key",
               kind="text", text=f"{name}通知{EVIL}", state="sent", attempts=1, next_at=NOW, doubtful=False, created_at=NOW, sent_at=NOW)
        audit.note(tx, Actor(f"account:{login}", Role.ADMIN, where), "account.login", f"account:{name}{EVIL}", now=NOW)
        audit.note(tx, Actor(f"person:{who}", Role.ADMIN, where), "issue.reveal", f"issue:{matter}", now=NOW, why=EVIL)
        audit.note(tx, SYSTEM, "test.deed", f"thing:{name}", now=NOW, community_id=where, words=EVIL)
        audit.seal(tx)
    desk.ids[name] = found


def put_poll(tx: Any, where: int, who: int, number: int, anonymous: bool) -> int:
    """An open poll with one ballot, and the message that cast it."""
    found = tx.add(poll, community_id=where, number=number, title=f"要不要装{EVIL}", options=["金丝雀同意",
        "反对"], most=1, household=False,
                   anonymous=anonymous, scope="community", scope_name="x", state="open",
                       opens_at=NOW, closes_at=NOW + timedelta(days=1),
                   opened_by=who)
    tx.add(ballot, poll_id=found, voter=f"person:{who}", person_id=who, choice="0", sent_at=NOW, cast_at=NOW)
    tx.add(ballot_log, poll_id=found, voter=f"person:{who}", person_id=who, act="cast", choice="0", at=NOW)
    said = tx.add(message, channel="mp", external_id=f"v-{where}-{number}", community_id=where, person_id=who, kind="text",
           intent="vote.secret" if anonymous else "vote", text=None if anonymous else "1", reply=f"记下了：保密回执{number}",
               state="done",
           sent_at=NOW, received_at=NOW)
    tx.add(outbox, key=f"message:{said}:reply", community_id=where, channel="mp", target=f"late:{said}", address="openid",
        kind="text",
           text=f"记下了：保密回执{number}", state="sent",
               attempts=1, next_at=NOW, doubtful=False, created_at=NOW, sent_at=NOW)
    return found


def console_of(desk: Desk, **more: Any) -> Flask:
    """The console as an application, with settings other than the usual."""
    app = Flask(__name__)
    web.init_app(app, "k" * 32)
    app.register_blueprint(web.console_blueprint(desk.db, clock=lambda: desk.now, secure_cookies=False, **more))
    return app


@pytest.fixture
def desk(db: Database) -> Iterator[Desk]:
    """The console."""
    found = Desk(db)
    found.app = console_of(found)
    fill(found, "east")
    fill(found, "west")
    yield found


def addresses(desk: Desk, ids: dict[str, int]) -> list[tuple[str, str, str]]:
    """Every address of the console: (endpoint, method, path), with the ids of one community filled in."""
    key = {"issue": ids["issue"], "poll": ids["poll1"], "poll_csv": ids["poll2"], "poll_zip": ids["poll1"], "doors": ids["poll1"], "report": ids["poll1"], "retry": ids["outbox"],
           "forward_done": ids["forward"], "forward_drop": ids["forward"],
           "paper": ids["poll1"], "paper_enter": ids["poll1"], "paper_photo": ids["poll1"], "paper_confirm": ids["poll1"],
           "role": ids["person"], "name": ids["person"], "code": ids["home"], "correct": ids["issue"], "issue_level": ids["issue"],
           "issue_track": ids["issue"], "issue_reveal": ids["issue"], "photo": ids["issue"], "session_minutes": ids["session"], "session": ids["session"], "session_deed": ids["session"], "round_deed": ids["round"],
           "round": ids["round"], "round_png": ids["round"], "round_zip": ids["round"],
           **dict.fromkeys(("job", "job_photo", "job_deed"), ids["issue"]), "issue_deed": ids["issue"], "issue_zip": ids["issue"], "unit": ids["home"], "poll_deed": ids["poll1"],
           "poll_xlsx": ids["poll1"], "story_message": ids["message"], "story_issue": ids["issue"], "story_poll": ids["poll1"],
           "story_ballot": ids["ballot"], "story_post": ids["outbox"], "story_home": ids["home"],
           "session_end": ids["signed_in"],
           **dict.fromkeys(("account_of", "account_deed", "account_give", "account_take", "account_parties"), ids["account"]),
           "request": ids["request"], "request_end": ids["request"]} | {
               f"person_{deed}": ids["person"] for deed in ("data", "reveal", "ask", "correct", "copy", "erase")}
    assert desk.app is not None
    found = []
    for rule in desk.app.url_map.iter_rules():
        if not rule.endpoint.startswith("console."):
            continue
        name = rule.endpoint.partition(".")[2]
        assert "<" not in rule.rule or name in key or name == "static", f"{rule.endpoint} is new: say whose objects it shows"
        path = rule.rule.replace("<int:key>", str(key.get(name))).replace("<path:filename>", "console.css")
        path = re.sub("<any[^>]*>", "unlock", path)
        path = path.replace("<int:one>", str(ids["photo" if name in ("photo", "job_photo") else "paper"]))
        found += [(rule.endpoint, m, path) for m in (rule.methods or set()) & {"GET", "POST"}]
    return found
