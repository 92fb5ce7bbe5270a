"""Old log lines are found by the index as they would be by reading everything; struck words leave the index with the words."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update

from domain.roles import Actor, Role
from models.base import Database, Tx
from models.logs import log_stale, log_term
from models.tables import audit as audit_table
from models.tables import community, message, person
from services import audit, browse, finding
from services.paging import Filter, Page

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
WORDS = ("电梯坏了", "楼道灯不亮", "Wi-Fi 掉线", "垃圾没人清", "停车位被占", "100%同意")
INTENTS = ("issue.report", "issue.report?", "vote", "vote.which?", "help", "event.subscribe", None)


@pytest.fixture
def small(db: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Blocks of 8 keys and segments of 4 blocks, so that few rows fill many; the trigger divides by its own number."""
    monkeypatch.setattr(finding, "BLOCK", 8)
    monkeypatch.setattr(finding, "SPAN", 4)
    return db


def _fill(tx: Tx, rng: random.Random, count: int, start: int = 0) -> list[int]:
    """Messages of three people of one community, and what they did in the audit log."""
    place = tx.scalar(select(community.c.id))
    if place is None:
        place = tx.add(community, code="east", name="east", last_issue=0, last_poll=0)
        for _ in range(3):
            tx.add(person, community_id=place, role="resident", told_version=1, consent_version=1, created_at=NOW)
    people = list(tx.connection.scalars(select(person.c.id).order_by(person.c.id)))
    for n in range(start, start + count):
        who, intent = rng.choice(people), rng.choice(INTENTS)
        at = NOW + timedelta(seconds=n)
        kept = rng.choice(WORDS) + str(n) if rng.random() < 0.7 else None
        tx.execute(insert(message).values(
            channel="mp", external_id=f"m{n}", community_id=place, person_id=who, kind="text", intent=intent, text=kept,
            reply=f"记下了 I{n}" if rng.random() < 0.8 else None, state="done", sent_at=at, received_at=at,
            how=rng.choice(("command", "meant", None)), sure=rng.choice((300, 900, None))))
        audit.note(tx, Actor(f"person:{who}", Role.RESIDENT, place), rng.choice(("ballot.cast", "issue.reveal", "account.login")),
                   f"thing:{n}", now=at)
    audit.seal(tx)
    return people


def _index(db: Database, now: datetime = LATER) -> int:
    """As the scheduler does; how many blocks."""
    for count in range(10_000):
        with db.write() as tx:
            if not finding.index_one(tx, now=now):
                return count
    raise AssertionError("it never ends")


def _all(db: Database, rows: Callable[[Tx, Filter], Page], chosen: Filter, key: str = "id") -> list[int]:
    """Every page after the other, each in a transaction of its own."""
    found: list[int] = []
    part: Filter | None = chosen
    while part is not None:
        with db.read() as tx:
            page = rows(tx, part)
        found += [getattr(row, key) for row in page.rows]
        part = replace(part, before=page.before) if page.before else None
    return found


def test_the_index_finds_what_reading_everything_finds(small: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words, one character, blanks between, capitals, %, intents and their families, how it was understood, who: on every
    page size, before and after indexing, while more is written between two pages."""
    from services import paging

    monkeypatch.setattr(paging, "SCAN", 24)
    monkeypatch.setattr(finding, "TOGETHER", 2)
    rng = random.Random(5)
    with small.write() as tx:
        people = _fill(tx, rng, 150)
    wanted: list[tuple[str, Filter, str]] = [(words, Filter(text=words, limit=5), "") for words in (
        "电梯", "wi-fi", "灯", "楼道 亮", "100%", "%", "I7", "没有的话", "记下了", "坏了1")]
    wanted += [(kind, Filter(kind=kind, limit=7), "") for kind in ("vote", "vote.which", "issue", "event", "vot")]
    wanted += [(how, Filter(limit=3), how) for how in ("meant", "command", "doubt")]
    wanted += [("who", Filter(person=str(people[1]), text="电梯", limit=2), ""), ("none", Filter(person="谁也不是"), "")]

    def messages(how: str) -> Callable[[Tx, Filter], Page]:
        return lambda tx, chosen: browse.messages(tx, chosen, how=how)

    read = {name: _all(small, messages(how), chosen) for name, chosen, how in wanted}
    assert read["电梯"] and read["vote.which"] and read["doubt"] and read["who"] and read["100%"] == read["%"]
    assert read["none"] == read["vot"] == read["没有的话"] == [] and set(read["vote.which"]) < set(read["vote"])
    assert _index(small) >= 36 and _index(small) == 0
    with small.write() as tx:
        _fill(tx, rng, 40, start=150)
    newest = {name: _all(small, messages(how), chosen) for name, chosen, how in wanted}
    for name, found in read.items():
        after = newest[name]
        assert after == sorted(after, reverse=True) and len(after) == len(set(after)), name
        assert [i for i in after if i <= max(found, default=0)] == found, name
    _index(small)
    assert {name: _all(small, messages(how), chosen) for name, chosen, how in wanted} == newest
    for given, within in ((Filter(kind=".reveal", limit=4), ()), (Filter(kind="account", limit=4), ()),
                          (Filter(person=f"person:{people[0]}", limit=4), ()), (Filter(limit=4), ("account", ".reveal")),
                          (Filter(text="thing:17"), ())):
        found = _all(small, lambda tx, chosen, within=within: browse.audits(tx, chosen, within=within), given, "seq")  # type: ignore[misc]
        assert found and found == sorted(set(found), reverse=True)
        with small.read() as tx:
            rows = tx.all(select(audit_table).order_by(audit_table.c.seq.desc()))
        assert found == [r.seq for r in rows if (
            r.object == given.text if given.text else r.actor == given.person if given.person else
            r.action == "issue.reveal" if given.kind == ".reveal" else
            r.action.startswith("account") if given.kind else r.action != "ballot.cast")]


def test_paging_meets_each_row_once_while_others_write(small: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between any two pages rows come in, blocks are indexed and words are struck out; what was there from the first to the
    last page is met once, in order, and nothing twice."""
    from services import paging

    monkeypatch.setattr(paging, "SCAN", 20)
    rng = random.Random(11)
    with small.write() as tx:
        people = _fill(tx, rng, 90)
    written = 90
    for chosen in (Filter(text="电梯", limit=3), Filter(limit=7), Filter(kind="issue", limit=2), Filter(text="记下了", limit=6),
                   Filter(person=str(people[0]), limit=4), Filter(person=str(people[0]), text="记下了", limit=1)):
        with small.read() as tx:
            there = [row.id for row in tx.all(select(message.c.id).order_by(message.c.id.desc()))]
        struck: set[int] = set()
        seen: list[int] = []
        part: Filter | None = chosen
        while part is not None:
            with small.read() as tx:
                page = browse.messages(tx, part)
            seen += [row.id for row in page.rows]
            part = replace(chosen, before=page.before) if page.before else None
            with small.write() as tx:
                _fill(tx, rng, 3, start=written)
                written += 3
                one = rng.choice(there)
                struck.add(one)
                tx.execute(update(message).where(message.c.id == one).values(text=None, reply=None))
                finding.index_one(tx, now=LATER)
        assert seen == sorted(set(seen), reverse=True)
        with small.read() as tx:
            rows = {row.id: row for row in tx.all(select(message))}
        for i in set(there) - struck:
            row = rows[i]
            fits = (not chosen.text or any(chosen.text in (part or "") for part in (row.text, row.reply))) and (
                not chosen.kind or (row.intent or "").startswith(chosen.kind)) and (
                not chosen.person or str(row.person_id) == chosen.person)
            secret = browse.is_secret(row.intent) and bool(chosen.text)
            assert (i in seen) == (fits and not secret), (chosen, row)


def test_struck_words_leave_the_index_in_the_next_beat(db: Database) -> None:
    """Whoever strikes them out, in whatever way: an update or the row itself; a transaction that is undone leaves no mark."""
    size, lark = finding.BLOCK, finding.BLOCK + 7  # in the second block, as the trigger must count it too
    with db.write() as tx:
        place = tx.add(community, code="east", name="east", last_issue=0, last_poll=0)
        tx.execute(insert(message), [{"channel": "mp", "external_id": f"n{n}", "community_id": place, "kind": "text", "state": "done",
                                      "text": "金丝雀在唱" if n == lark else "草地", "reply": "布谷" if n == lark + 2 else "好",
                                      "sent_at": NOW, "received_at": NOW} for n in range(2 * size + 20)])
        ids = list(tx.connection.scalars(select(message.c.id).order_by(message.c.id)))
    assert _index(db, NOW + timedelta(seconds=30)) == 0  # somebody may still be writing in between
    assert _index(db) == 2

    def stands(word: str) -> bool:
        with db.read() as tx:
            return all(tx.scalar(select(func.count()).select_from(log_term).where(log_term.c.term.in_(one))) for one in finding.needles(word))

    def due() -> bool:
        with db.read() as tx:
            return finding.any_due(tx, now=LATER)

    assert stands("金丝雀") and stands("布谷") and stands("草地") and not due()
    with pytest.raises(ZeroDivisionError), db.write() as tx:
        tx.execute(update(message).where(message.c.id == ids[lark]).values(text=None))
        1 / 0  # noqa: B018
    assert not due()
    with db.write() as tx:
        tx.execute(update(message).where(message.c.id == ids[lark]).values(text=None, reply=None))
        tx.execute(delete(message).where(message.c.id == ids[lark + 2]))
    assert due() and _index(db) == 1
    assert not stands("金丝雀") and not stands("布谷") and stands("草地") and stands("好") and not due()
    with db.write() as tx:
        tx.execute(update(message).values(intent="vote"))  # words that stay mark nothing
        tx.execute(update(message).where(message.c.id == ids[-1]).values(text=None))  # and this block is not indexed yet
    assert _index(db) == 1 and stands("草地")
    with db.read() as tx:
        assert tx.first(select(log_stale)) is None


def test_a_parked_message_holds_its_block_back(small: Database) -> None:
    """Its words come when it is answered; until then they would be missed for ever."""
    with small.write() as tx:
        tx.execute(insert(message), [{"channel": "mp", "external_id": f"n{n}", "kind": "text", "state": "parked" if n == 3 else "done",
                                      "text": None, "sent_at": NOW, "received_at": NOW} for n in range(40)])
    assert _index(small) == 0
    with small.write() as tx:
        tx.execute(update(message).where(message.c.state == "parked").values(state="done", text="金丝雀"))
    assert _index(small) >= 4
    with small.read() as tx:
        assert len(browse.messages(tx, Filter(text="金丝雀")).rows) == 1


