"""News for groups without an API: kept once, handed over once, reminded twice, and never after they are done."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from domain.errors import Refusal
from domain.roles import Role
from models.base import Database, Tx
from models.tables import chat, community, forward, identity, outbox, person, poll
from scheduler.sweeps import Sweeps
from services import forward as carrying
from services import outbox as queue
from services.people import Speaker

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _roads() -> None:
    queue.configure({"mp": queue.Road(push_person=True, heard_once=True)}, queue.QUIET)


def worker(tx: Tx, where: int, name: str, heard: datetime | None = NOW) -> Speaker:
    """A grid worker with an account."""
    who = tx.add(person, community_id=where, role=Role.GRID_WORKER, created_at=NOW)
    tx.add(identity, person_id=who, channel="mp", external_id=name, heard_at=heard)
    return Speaker(f"person:{who}", Role.GRID_WORKER, where, who, told=True, consented=True)


def place(tx: Tx, name: str = "here") -> tuple[int, int]:
    """A community and its group without an API."""
    where = tx.add(community, code=name, name=name, last_issue=0, last_poll=0)
    return where, tx.add(chat, community_id=where, channel="hand", external_id=name, name=name, post_channel="hand", post_address=name)


def said(db: Database) -> list[tuple[str, str]]:
    """Who is told what."""
    with db.read() as tx:
        return [(r.address, r.text) for r in tx.all(select(outbox.c.address, outbox.c.text).order_by(outbox.c.id))]


def test_the_same_news_is_kept_once_with_its_picture(db: Database) -> None:
    """A key is one piece of news; the picture joins its words; nothing goes to the group by itself."""
    with db.write() as tx:
        _, group = place(tx)
        for _ in range(2):
            assert queue.to_chat(tx, chat_id=group, key="poll:1:result:chat:1", text="结果", url="http://h/p", now=NOW)
            assert queue.to_chat(tx, chat_id=group, key="poll:1:result:chat:1:chart", facts={"rows": []}, now=NOW)
        rows = tx.all(select(forward))
    assert [(r.text.split("\n")[0], r.facts, r.state) for r in rows] == [("结果", {"rows": []}, "waiting")]
    assert "http://h/p" in rows[0].text
    assert not said(db)


def test_two_sweeps_at_once_hand_over_and_remind_once(db: Database) -> None:
    """Whoever comes second finds it done: one intro and the bare text, then one reminder, then one more, then silence."""
    with db.write() as tx:
        where, group = place(tx)
        worker(tx, where, "wang")
        queue.to_chat(tx, chat_id=group, key="poll:1:result:chat:1", text="结果", now=NOW)
    for hours, lines in ((0, 2), (1.9, 2), (2, 3), (8, 3), (13, 3), (22, 4), (48, 4)):
        sweeps = Sweeps(db, {}, lambda hours=hours: NOW + timedelta(hours=hours))  # type: ignore[misc]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _, s=sweeps: s.forward(), range(2)))  # type: ignore[misc]
        assert len(said(db)) == lines, hours
    assert said(db)[1] == ("wang", "结果")


def test_the_keeper_gets_it_and_all_staff_when_the_keeper_cannot_be_reached(db: Database) -> None:
    """A keeper who blocked us must not silence the group."""
    with db.write() as tx:
        where, group = place(tx)
        worker(tx, where, "wang")
        keeper = worker(tx, where, "zhou")
        tx.execute(update(chat).values(keeper_id=keeper.id))
        queue.to_chat(tx, chat_id=group, key="a:chat:1", text="一", now=NOW)
        carrying.hand_over(tx, now=NOW)
    assert {who for who, _ in said(db)} == {"zhou"}
    with db.write() as tx:
        tx.execute(update(identity).where(identity.c.external_id == "zhou").values(unreachable_at=NOW))
        queue.to_chat(tx, chat_id=group, key="b:chat:1", text="二", now=NOW)
        carrying.hand_over(tx, now=NOW)
    assert ("wang", "二") in said(db)


def test_who_cannot_be_told_now_is_told_later(db: Database) -> None:
    """News wait until somebody can be reached."""
    with db.write() as tx:
        where, group = place(tx)
        worker(tx, where, "wang", heard=None)
        queue.to_chat(tx, chat_id=group, key="a:chat:1", text="一", now=NOW)
        carrying.hand_over(tx, now=NOW)
        assert tx.scalar(select(forward.c.told_at)) is None
        tx.execute(update(identity).values(heard_at=NOW))
        carrying.hand_over(tx, now=NOW + timedelta(days=1))
    assert ("wang", "一") in said(db)


def test_an_announcement_ends_with_its_poll_and_a_result_does_not(db: Database) -> None:
    """Nobody carries a call to vote after the vote."""
    with db.write() as tx:
        where, group = place(tx)
        opener = worker(tx, where, "wang")
        over = tx.add(poll, community_id=where, number=1, title="t", options=["a", "b"], most=1, household=False, anonymous=False,
                      scope="community", scope_name="x", state="closed", opens_at=NOW, closes_at=NOW, opened_by=opener.id)
        for news in ("open", "result"):
            queue.to_chat(tx, chat_id=group, key=f"poll:{over}:{news}:chat:{group}", text=news, now=NOW)
        carrying.hand_over(tx, now=NOW)
    assert [text for _, text in said(db)][1:] == ["result"]


def test_another_communitys_news_cannot_be_seen_or_ticked_off(db: Database) -> None:
    """Numbers are no keys; residents carry nothing."""
    with db.write() as tx:
        where, group = place(tx)
        stranger = worker(tx, place(tx, "there")[0], "li")
        queue.to_chat(tx, chat_id=group, key="a:chat:1", text="一", now=NOW)
        number = tx.scalar(select(forward.c.id))
        assert not carrying.waiting(tx, stranger)
        for act in (lambda: carrying.done(tx, stranger, [number], now=NOW), lambda: carrying.again(tx, stranger, [number], key="1", now=NOW),
                    lambda: carrying.waiting(tx, Speaker("person:9", Role.RESIDENT, where, 9, told=True, consented=True))):
            with pytest.raises(Refusal):
                act()
        assert tx.scalar(select(forward.c.state)) == "waiting"


@pytest.mark.parametrize("images", [True, False])
def test_a_result_is_handed_over_with_its_picture_where_the_keepers_account_shows_one(db: Database, images: bool) -> None:
    """Elsewhere the link in the words stands for it, and nobody is told to carry a picture they did not get."""
    queue.configure({"mp": queue.Road(push_person=True, heard_once=True, images=images)}, queue.QUIET)
    bars = {"title": "P1", "subtitle": "", "rows": [{"label": "同意", "said": "1 票", "part": 1000}], "footer": ""}
    with db.write() as tx:
        where, group = place(tx)
        who = worker(tx, where, "o-1")
        assert queue.to_chat(tx, chat_id=group, key="poll:1:result:chat:1", text="结果", url="http://h/p", now=NOW)
        assert queue.to_chat(tx, chat_id=group, key="poll:1:result:chat:1:chart", facts=bars, now=NOW)
        carrying.hand_over(tx, now=NOW)
        carrying.again(tx, who, [1], key="7", now=NOW)
        rows = tx.all(select(outbox.c.kind, outbox.c.text, outbox.c.facts).order_by(outbox.c.id))
    kinds = ["text", "text", "chart"] if images else ["text", "text"]
    assert [r.kind for r in rows] == 2 * kinds
    assert [r.facts for r in rows if r.kind == "chart"] == (2 * [bars] if images else [])
    assert all(("图片也一起转" in r.text) == images for r in rows[::len(kinds)])
    assert all("http://h/p" in r.text for r in rows[1::len(kinds)])
