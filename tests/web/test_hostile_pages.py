"""Whatever is stored is shown as text: attacks in every column that people can fill, on every page there is."""

import io
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import Column, String, Table, Text, UniqueConstraint, select, update

from models.base import Database, Tx
from models.secret import Sealed
from models.tables import metadata, poll
from services import pages
from tests.web.desk import Desk, token
from tests.web.gallery import console_pages
from tests.web.town import ISSUE, POLL, Town

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what is shown does not depend on where it was kept
ATTACKS = (  # several in each: what is cut short still begins with another one in each
    "<script>alert(1)</script>\"><img src=x onerror=alert(1)>'><svg/onload=alert(1)>",
    "</title></textarea></option><b id=evil>{{ 7*7 }}{% raw %}<a href=javascript:alert(1)>点我</a>",
    "javascript:alert(1)]]><x-evil>\" autofocus onfocus=alert(1) x=\"",
    "<style>*{display:none}</style>%0d%0aSet-Cookie: a=b\u202eevil\u202c\x07＜script＞<meta http-equiv=refresh content=0>",
    "<!--<script>alert(1)</script>")
CODES = {  # columns of our own words, which are read again and never come from people
    "state", "kind", "code", "channel", "role", "act", "intent", "key", "target", "address", "voter", "external_id", "password_hash",
    "category", "track", "scope", "poll_class", "stage", "how", "post_channel", "post_address", "made_by", "entered_by", "confirmed_by",
    "choice", "secret", "who", "opened_by", "level", "urgency", "root", "from_state", "to_state", "about", "phone", "entrance", "room"}
CHAINED = {"audit", "audit_head", "heartbeat", "lease", "account_post"}  # tables of nothing but such words


class Found(HTMLParser):
    """Everything on a page that would act."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.before = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag or an attribute that none of our templates writes."""
        given, before, self.before = dict(attrs), self.before, tag
        ours = tag == "svg" and given.get("class") in ("bar", "heat") or tag == "style" and before == "template"  # WeChat's button
        if tag in ("x-evil", "style", "iframe", "object", "svg") and not ours:
            self.wrong.append(tag)
        if tag == "script" and not (given.get("src") or "").startswith(("/console/static/", "/m/static/")):
            self.wrong.append("script")
        if given.get("id") == "evil" or (tag == "meta" and given.get("http-equiv", "").lower() == "refresh" and given.get("content") == "0"):
            self.wrong.append(f"{tag} evil")
        if tag == "img" and given.get("src") == "x":
            self.wrong.append("img x")
        for name, value in attrs:
            if name.startswith("on") or (name in ("href", "src", "action", "formaction") and (value or "").strip().lower().startswith("javascript:")):
                self.wrong.append(f"{tag} {name}={value}")


def acting(page: str) -> list[str]:
    """What of a page would act."""
    found = Found()
    found.feed(page)
    return found.wrong


def poison(db: Database, attack: str) -> int:
    """Puts the attack into every column that holds somebody's words, in every row; returns how many cells that were."""
    with db.write() as tx:
        filled = sum(_fill(tx, table, column, attack) for table in metadata.sorted_tables if table.name not in CHAINED and "id" in table.c
                     for column in table.columns if _words(column))
        tx.execute(update(poll).values(options=[attack, "反对"]))
    return filled


def _words(column: Column[Any]) -> bool:
    text = isinstance(column.type, Sealed | Text) or (isinstance(column.type, String) and (column.type.length or 0) >= 16)
    return text and column.name not in CODES and not column.name.endswith(("hash", "sha256", "head"))


def _fill(tx: Tx, table: Table, column: Column[Any], attack: str) -> int:
    """One column, cut to what it holds; where rows must differ, each begins with its number."""
    longest = getattr(column.type, "length", None)
    differ = column.unique or any(column.name in each.columns for each in table.constraints if isinstance(each, UniqueConstraint))
    rows = tx.all(select(table.c.id, column).where(column.is_not(None)))
    for key, _ in rows:
        tx.execute(update(table).where(table.c.id == key).values({column: (f"{key}{attack}" if differ else attack)[:longest]}))
    return len(rows)


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_every_page_of_the_console_shows_it_as_text(desk: Desk, attack: str) -> None:
    """And the answer carries the policy that would stop it if we ever slipped."""
    client = desk.client("east")
    assert poison(desk.db, attack) > 20
    shown = 0
    for path in console_pages(desk):
        answer = client.get(path)
        assert answer.status_code == 200 and acting(answer.text) == [], path
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"] and "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "49{%" not in answer.text and "a=b" not in answer.headers.get("Set-Cookie", "")
        shown += "alert(1)" in answer.text
    assert shown > 8 or "alert(1)" not in attack


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_every_page_for_phones_shows_it_as_text(town: Town, attack: str) -> None:
    """Also what is shared of it, and what the bot answered on the page."""
    town.stage.play("周敏: 发起投票 换不换物业公司 选项 换 不换 范围 全小区 截止 今天11点")
    town.stage.play("周敏: 受理 I1")
    town.stage.play("时间 2026-03-02 11:01")
    phones = [town.phone(), town.phone("李叔"), town.phone("周敏")]
    assert poison(town.stage.db, attack) > 10
    for phone in phones:
        for path in (POLL, f"{POLL}?told=choose", ISSUE, pages.path_of("poll", "test", 2), "/m/", "/m/test/", "/m/test/me",
                     "/m/test/promises", "/m/test/notices", "/m/test/P1-000000000000"):
            answer = phone.get(path)
            assert answer.status_code in (200, 302, 404) and acting(answer.text) == [], path
    assert town.press(phones[1], ISSUE, "提交补充", words=attack.replace("\x07", "")).status_code == 200
    assert acting(phones[1].get(ISSUE).text) == []


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_files_and_forms_that_come_back_are_text(desk: Desk, attack: str) -> None:
    """A file's name, its cells, what was typed into a form or an address, a name that is refused."""
    client = desk.client("east")
    csrf = token(client, "/console/password")
    table = "房屋,面积,业主\n" + f'"{attack.replace(chr(34), chr(34) * 2)}",88.1,"{attack.replace(chr(34), chr(34) * 2)}"\n'
    answers = [
        client.post("/console/register", data={"csrf_token": csrf, "create": "on", "table": (io.BytesIO(table.encode()), f"{attack}.csv")}),
        client.post("/console/understand", data={"csrf_token": csrf, **dict.fromkeys(("text", "quote", "options", "where", "role"), attack)}),
        client.post("/console/words/add", data={"csrf_token": csrf, "word": attack, "kind": "place"}, follow_redirects=True),
        client.post("/console/accounts/new", data={"csrf_token": csrf, "username": attack, "role": "auditor"}),
        client.post(f"/console/people/{desk.ids['east']['person']}/name", data={"csrf_token": csrf, "name": attack}, follow_redirects=True),
        client.get("/console/issues", query_string=dict.fromkeys(("person", "kind", "text", "since", "before", attack), attack)),
        desk.client().get("/console/issues/1", query_string={attack: attack}),
        desk.client().post("/console/login", data={"csrf_token": csrf, "username": attack, "password": attack, "next": attack}),
    ]
    for answer in answers:
        assert answer.status_code < 500 and acting(answer.text) == [], answer.request.path
