"""How often a person may be written to, and one permission for one notice, whoever wants it first."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from bot.delivery import Delivery
from bot.message import Capabilities, ChannelError, Outgoing, Sent
from domain.roles import Role
from models.base import Database, Tx
from models.tables import chat, community, identity, outbox, permission, person, poll
from services import erasure, lost, notices, people
from services import outbox as queue
from services.roads import Road

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
MP = Road(True, window=timedelta(hours=48), window_posts=5, touch_window=timedelta(minutes=1), touch_posts=3,
          templates={"remind": True, "result": True})
NOTICE = notices.Notice("remind", "P1 要不要装电梯", "您还没有投", "2026年3月2日 20:00")


class Wire:
    """A 公众号 that keeps what it is given, or refuses."""

    name = kind = "mp"
    capabilities = Capabilities(False, True, False, False, 2048, 2048, 1000)

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.tried = 0
        self.refusal: ChannelError | None = None

    def send(self, post: Outgoing) -> Sent:
        """Takes it."""
        self.tried += 1
        if self.refusal is not None:
            raise self.refusal
        self.sent.append(post)
        return Sent(f"msg-{self.tried}")


class Town:
    """One resident with a 公众号 account, and a delivery."""

    def __init__(self, db: Database):
        self.db, self.now, self.wire = db, NOW, Wire()
        queue.configure({"mp": MP, "app": Road(True)}, queue.QUIET)
        with db.write() as tx:
            where = tx.add(community, code="c", name="c", last_issue=0, last_poll=0)
            self.community = where
            self.person = self._person(tx, "oA")
            self.worker = self._person(tx, "oW")
            self.poll = tx.add(poll, community_id=where, number=1, title="x", options=["a", "b"], most=1, household=False,
                               anonymous=False, scope="community", scope_name="c", state="open", opens_at=NOW,
                               closes_at=NOW + timedelta(days=9), opened_by=self.worker)
        self.delivery = Delivery(db, {"mp": self.wire}, lambda: self.now, threads=1)  # type: ignore[dict-item]

    def _person(self, tx: Tx, openid: str) -> int:
        person_id = tx.add(person, community_id=self.community, role="resident", told_version=1, consent_version=1, created_at=NOW)
        tx.add(identity, person_id=person_id, channel="mp", external_id=openid, heard_at=NOW)
        return person_id

    def does(self, *, spoken: bool = True, sender: str = "oA") -> None:
        """Says something, or does something without words."""
        with self.db.write() as tx:
            people.resolve(tx, channel="mp", sender=sender, community_code="c", now=self.now, spoken=spoken, touched=not spoken,
                           exact=True)

    def push(self, key: str, *, notice: bool = False, quiet: bool = True, words: str = "提醒") -> bool:
        """Queues one message."""
        with self.db.write() as tx:
            return queue.to_person(tx, person_id=self.person, key=key, text=words, notice=NOTICE if notice else None, now=self.now,
                                   quiet=quiet)

    def deliver(self) -> list[str]:
        """Sends until nothing is due."""
        before = len(self.wire.sent)
        while self.delivery.run_once():
            pass
        return [post.kind for post in self.wire.sent[before:]]

    def grant(self, event: str = "e1") -> None:
        """Allows one reminder."""
        with self.db.write() as tx:
            assert notices.grant(tx, identity_id=1, template="remind", event_id=event, now=self.now)

    def row(self, key: str) -> Any:
        """One post."""
        with self.db.read() as tx:
            return tx.first(select(outbox).where(outbox.c.key == key))


@pytest.fixture
def town(db: Database) -> Iterator[Town]:
    """Somebody who has just spoken."""
    yield Town(db)
    queue.configure({}, queue.QUIET)


def test_five_for_each_thing_said_whether_sent_or_waiting(town: Town) -> None:
    """What waits counts as well as what went, though one more joins what waits; speaking again opens five more."""
    assert [town.push(f"a{n}") for n in range(3)] == [True] * 3
    assert town.deliver() == ["text"] * 3
    assert [town.push(f"b{n}") for n in range(2)] == [True, True] and not town.push("at once", quiet=False)
    assert town.deliver() == ["text"] * 2 and not town.push("b3")
    town.now += timedelta(minutes=1)
    town.does()
    assert [town.push(f"c{n}", quiet=False) for n in range(6)] == [True] * 5 + [False]


def test_a_long_text_takes_as_many_as_it_has_pieces(town: Town) -> None:
    assert town.push("long", words="字" * 682 * 4)
    assert not town.push("two", words="字" * 683)
    assert town.push("one", words="字")


def test_the_window_is_judged_at_the_hour_when_it_would_go_out(town: Town) -> None:
    """Queued in the evening for the morning, when the 48 hours are over: that is no way."""
    town.now = NOW + timedelta(hours=47)
    assert town.push("day")
    town.now = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)  # 22:00; the window ends at 10:00, the morning is 8:00
    assert town.push("night")
    with town.db.write() as tx:
        tx.execute(update(identity).values(heard_at=NOW - timedelta(hours=3)))
    assert not town.push("later") and town.push("alarm", quiet=False)


def test_a_touch_without_words_opens_one_minute(town: Town) -> None:
    town.now = NOW + timedelta(hours=50)
    assert not town.push("a")
    town.does(spoken=False)
    assert [town.push(f"t{n}", quiet=False) for n in range(4)] == [True] * 3 + [False]
    assert town.deliver() == ["text"] * 3
    town.now += timedelta(seconds=61)
    assert not town.push("late")


def test_what_waited_too_long_costs_no_attempt(town: Town) -> None:
    """The platform is not asked; the person's permission is used instead, and without one the grid worker is told."""
    town.grant()
    key = f"poll:{town.poll}:remind:clock:person:{town.person}"
    assert town.push(key, notice=True)
    town.now += timedelta(hours=49)
    town.does(sender="oW")
    assert town.deliver() == ["notice"]
    assert (town.row(key).state, town.row(key).attempts, town.row(key + ":again").kind) == ("dead", 0, "notice")
    town.does()
    town.push(key.replace("clock", "hand"), notice=True)
    town.now += timedelta(hours=49)
    town.does(sender="oW")
    assert town.deliver() == ["text"]
    assert town.wire.sent[-1].address == "oW" and "未投 P1" in town.wire.sent[-1].text


def test_a_sixth_that_slipped_through_is_held_at_the_door(town: Town) -> None:
    """Two processes may both have queued the fifth."""
    for n in range(5):
        town.push(f"a{n}")
    with town.db.write() as tx:
        queue.put(tx, key="sixth", community_id=1, channel="mp", target="identity:1", address="oA", text="x", at=NOW, now=NOW)
    town.deliver()
    assert town.wire.tried == 5 and town.row("sixth").state == "dead"


def test_one_permission_is_used_once_by_two_at_once(town: Town) -> None:
    """Two connections, as two processes have them: the second has seen it unused when the first one takes it."""
    town.grant()
    other = Database(town.db.engine.url.render_as_string(hide_password=False))
    won = []

    def want() -> None:
        with other.write() as tx:
            won.append(notices.use(tx, identity_id=1, template="remind", now=NOW))

    second = threading.Thread(target=want)
    with town.db.write() as tx:
        assert notices.use(tx, identity_id=1, template="remind", now=NOW)
        second.start()
        while tx.postgres and not tx.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert second.is_alive()
    second.join()
    other.close()
    assert won == [False]
    with town.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(permission).where(permission.c.used_at.is_not(None))) == 1


def test_the_same_event_is_the_same_permission_and_the_same_news_uses_one(town: Town) -> None:
    town.grant()
    town.grant("e2")
    with town.db.write() as tx:
        assert not notices.grant(tx, identity_id=1, template="remind", event_id="e1", now=NOW)
    town.now += timedelta(hours=50)
    assert town.push("news", notice=True) and town.push("news", notice=True)
    with town.db.read() as tx:
        assert notices.unused(tx, 1) == 1
        assert queue.reaches(tx, town.person, town.now, notice="remind") and not queue.reaches(tx, town.person, town.now)


@pytest.mark.parametrize(("how", "column"), [({"person_gone": True}, "unreachable_at"), ({"shut": True}, "shut_at")])
def test_what_the_platform_says_is_remembered_until_they_speak(town: Town, how: dict[str, bool], column: str) -> None:
    town.wire.refusal = ChannelError("no", retryable=False, **how)  # type: ignore[arg-type]
    town.push("a")
    town.deliver()
    assert not town.push("b") and town.wire.tried == 1
    with town.db.read() as tx:
        assert tx.scalar(select(identity.c[column]).where(identity.c.id == 1)) == NOW
    town.now += timedelta(minutes=5)
    town.does()
    assert town.push("c")


def test_another_account_of_the_same_person_takes_over(town: Town) -> None:
    with town.db.write() as tx:
        tx.add(identity, person_id=town.person, channel="app", external_id="userA")
    town.wire.refusal = ChannelError("no", retryable=False, person_gone=True)
    town.push("a", notice=True)
    town.deliver()
    assert town.row("a:again").channel == "app"


def test_a_permission_the_platform_does_not_know_is_forgotten(town: Town) -> None:
    town.grant()
    town.grant("e2")
    town.now += timedelta(hours=50)
    town.wire.refusal = ChannelError("no", retryable=False, shut=True, code=43101)
    assert town.push("a", notice=True)
    town.deliver()
    assert town.wire.tried == 1 and not town.push("b", notice=True)


def test_a_notice_that_never_arrived_is_dead_after_all(town: Town) -> None:
    town.grant()
    town.now += timedelta(hours=50)
    key = f"poll:{town.poll}:remind:clock:person:{town.person}"
    town.push(key, notice=True)
    town.deliver()
    town.does(sender="oW")
    with town.db.write() as tx:
        assert not lost.missed(tx, channel="mp", identity_id=1, what="other", now=town.now)
        assert lost.missed(tx, channel="mp", identity_id=1, what="msg-1", now=town.now)
    assert town.row(key).state == "dead" and town.deliver() == ["text"]
    assert town.wire.sent[-1].address == "oW"


def test_notices_are_offered_once_in_a_while_and_not_to_who_has_one(town: Town) -> None:
    def may() -> bool:
        with town.db.read() as tx:
            who = people.account_of(tx, channel="mp", sender="oA")
            return notices.may_ask(tx, who, MP, now=town.now)

    assert may()
    with town.db.write() as tx:
        tx.execute(update(identity).values(asked_at=NOW))
    assert not may()
    town.now += notices.ASK_EVERY
    assert may()
    town.grant()
    assert not may()


def test_who_is_erased_leaves_no_permission_behind(town: Town) -> None:
    town.grant()
    with town.db.write() as tx:
        erasure.erase(tx, people.Speaker(f"person:{town.person}", Role.RESIDENT, town.community, town.person), now=NOW)
        assert tx.scalar(select(func.count()).select_from(permission)) == 0


def test_staff_hear_once_a_day_that_a_group_takes_nothing(town: Town) -> None:
    """The robot was removed: each grid worker is told what to look at, however many posts were refused."""
    with town.db.write() as tx:
        tx.execute(update(person).where(person.c.id == town.worker).values(role="grid_worker"))
        group = tx.add(chat, community_id=town.community, channel="bot", external_id="g", name="三幢群", post_channel="mp",
                       post_address="a key")
        for n in range(2):
            queue.to_chat(tx, chat_id=group, key=f"news:{n}", text="结果", now=town.now, quiet=False)
    taken = town.wire.send

    def send(post: Outgoing) -> Sent:
        if post.address == "a key":
            raise ChannelError("errcode 93000", retryable=False, code=93000)
        return taken(post)

    town.wire.send = send  # type: ignore[method-assign]
    town.deliver()
    told = [post for post in town.wire.sent if "三幢群" in post.text]
    assert [post.address for post in told] == ["oW"] and "重发" in told[0].text
