"""The verbs of a round: every author and vote is kept, joins can be taken back, and two processes count alike."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from domain.errors import Forbidden, Refusal
from domain.opinions import Cast, arranged
from domain.roles import Role
from models.base import Database, Tx
from models.rounds import opinion, opinion_flag, opinion_vote
from models.tables import chat, chat_member, community, identity, issue, outbox, person
from services import audit, erasure, round_map, round_order, round_statements, round_voice, round_votes, rounds
from services.people import Speaker
from services.roads import Road

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PEOPLE = 12


class Hall:
    """A round on I1 in a community of twelve, led by the first of them."""

    def __init__(self, db: Database):
        self.db = db
        from services import outbox as posts

        posts.configure({"mp": Road(push_person=True)}, posts.QUIET)
        with db.write() as tx:
            self.community = tx.add(community, code="test", name="东", last_issue=1, last_poll=0)
            group = tx.add(chat, community_id=self.community, channel="aibot", external_id="g", name="群")
            self.who = []
            for n in range(PEOPLE):
                one = tx.add(person, community_id=self.community, role=Role.GRID_WORKER if n == 0 else Role.RESIDENT, told_version=1,
                             consent_version=1, created_at=NOW - timedelta(days=30))
                tx.add(identity, person_id=one, channel="mp", external_id=f"o{n}", heard_at=NOW)
                tx.add(chat_member, chat_id=group, person_id=one)
                self.who.append(one)
            tx.add(issue, community_id=self.community, number=1, state="accepted", category="noise", title="太吵", text="太吵",
                   submitter_id=self.who[1], created_at=NOW, changed_at=NOW)
            row = rounds.begin(tx, self.speaker(0), rounds.Plan(daily=30, seeds=("九点以后安静", "装修只在白天", "河边装灯")), number=1, now=NOW)
            audit.seal(tx)
        self.id = row.id

    def speaker(self, n: int) -> Speaker:
        """The person of this place."""
        role = Role.GRID_WORKER if n == 0 else Role.RESIDENT
        return Speaker(f"person:{self.who[n]}", role, self.community, self.who[n], told=True, consented=True)

    def say(self, tx: Tx, n: int, text: str) -> round_statements.Said:
        """A statement."""
        return round_statements.put(tx, self.speaker(n), round_id=self.id, text=text, message_id=None, now=NOW)

    def vote(self, tx: Tx, n: int, which: int, value: int, at: datetime = NOW) -> None:
        """A vote on the statement of this number."""
        round_votes.cast(tx, self.speaker(n), round_id=self.id, which=which, value=value, now=at)

    def counted(self, tx: Tx) -> dict[tuple[int, int], int]:
        """(place of the person, number of the statement): vote."""
        number = {r.id: r.number for r in tx.all(select(opinion))}
        return {(self.who.index(p), number[s]): v for p, s, v in round_votes.counted(tx, self.id)}

    def same(self, tx: Tx) -> None:
        """What is kept in memory is what the rows say."""
        row = rounds.held(tx, self.id)
        live, counts = round_votes.current(tx, row, NOW), round_votes.counted(tx, self.id)
        shown = {r.id for r in round_statements.shown(tx, self.id)}
        assert set(live.statements) - live.out == shown
        for each in shown:
            votes = [v for _, s, v in counts if s == each]
            assert live.counts(each) == (votes.count(1), votes.count(-1), len(votes))


@pytest.fixture
def hall(sqlite_db: Database) -> Hall:
    """A round with three seeds."""
    return Hall(sqlite_db)


def test_joined_statements_count_as_one_and_come_apart_with_everything_they_had(hall: Hall) -> None:
    """Of one person the latest vote on either counts; apart again, each has its own votes and its author."""
    with hall.db.write() as tx:
        done = hall.say(tx, 1, "晚上九点以后要安静")
        assert done.like is not None and done.like.number == 1 and done.row.number == 4
        hall.vote(tx, 2, 4, -1)
        hall.vote(tx, 2, 1, 1, NOW + timedelta(seconds=1))
        hall.vote(tx, 3, 1, -1)
        hall.vote(tx, 3, 4, 0, NOW + timedelta(seconds=1))
        before = hall.counted(tx)
        round_statements.join(tx, hall.speaker(1), round_id=hall.id, which=4, to=1, now=NOW)
        hall.same(tx)
        assert {k: v for k, v in hall.counted(tx).items() if k[1] in (1, 4)} == {(1, 1): 1, (2, 1): 1, (3, 1): 0}
        hall.vote(tx, 4, 4, -1)  # said by its number, counted where it was joined to
        with pytest.raises(Forbidden):
            round_statements.part(tx, hall.speaker(5), round_id=hall.id, which=4, now=NOW)
        round_statements.part(tx, hall.speaker(1), round_id=hall.id, which=4, now=NOW)
        hall.same(tx)
        assert hall.counted(tx) == before | {(4, 1): -1}
        with pytest.raises(Refusal):
            round_statements.join(tx, hall.speaker(0), round_id=hall.id, which=4, to=4, now=NOW)
        round_statements.join(tx, hall.speaker(0), round_id=hall.id, which=4, to=1, now=NOW)
        round_statements.hide(tx, hall.speaker(0), number=1, which=1, why="重复了", now=NOW)  # what was joined to it stands again
        assert [r.number for r in round_statements.shown(tx, hall.id)] == [2, 3, 4]
        hall.same(tx)
        audit.seal(tx)
        assert audit.verify(tx).ok


def test_two_processes_and_an_undone_transaction_count_alike(hall: Hall) -> None:
    """Each has its own memory; what one wrote the other sees, and what was rolled back nobody sees."""
    other = Database(hall.db.url.render_as_string(hide_password=False))
    for n in range(1, 9):
        with (hall.db if n % 2 else other).write() as tx:
            hall.vote(tx, n, 1 + n % 3, 1 if n % 3 else -1, NOW + timedelta(seconds=n))
            hall.same(tx)
    with pytest.raises(ZeroDivisionError), hall.db.write() as tx:
        hall.say(tx, 9, "另外再说一句话")
        hall.vote(tx, 9, 1, -1, NOW + timedelta(minutes=5))
        hall.same(tx)
        raise ZeroDivisionError
    with other.write() as tx:  # its place in the order is one that the undone one had
        hall.vote(tx, 10, 2, -1, NOW + timedelta(minutes=5))
    for db in (hall.db, other):
        with db.write() as tx:
            hall.same(tx)
            assert (9, 1) not in hall.counted(tx) and (10, 2) in hall.counted(tx)
    with other.write() as tx:  # the newest vote is written over, and one is deleted with its person
        hall.vote(tx, 10, 2, 1, NOW + timedelta(minutes=6))
        erasure.erase(tx, hall.speaker(3), now=NOW)
    with hall.db.write() as tx:
        hall.same(tx)
        assert all(n != 3 for n, _ in hall.counted(tx))
    other.close()


def test_everybody_gets_every_statement_once_and_no_more_than_their_share(hall: Hall) -> None:
    """The one before somebody stays until it is answered; tomorrow there are more; the rarely seen come up."""
    with hall.db.write() as tx:
        for n in range(1, 12):
            hall.say(tx, n, f"第{n}个想法是把{'树灯路椅门窗桥亭池棚墙'[n - 1]}修好")
        tx.execute(rounds.opinion_round.update().values(daily=6))
        seen: list[int] = []
        for turn in range(20):
            served = round_votes.serve(tx, hall.speaker(1), round_id=hall.id, now=NOW)
            again = round_votes.serve(tx, hall.speaker(1), round_id=hall.id, now=NOW)
            assert (served.statement, served.nth) == (again.statement, again.nth)
            if served.statement is None:
                assert served.enough and turn == 6
                break
            assert served.nth == turn + 1 and served.left == 13 - turn
            seen.append(served.statement.number)
            hall.vote(tx, 1, served.statement.number, 1)
        assert len(set(seen)) == len(seen) == 6 and 4 not in seen  # their own is not asked
        for day in (1, 2, 3):
            at = NOW + timedelta(days=day)
            while (served := round_votes.serve(tx, hall.speaker(1), round_id=hall.id, now=at)).statement is not None:
                hall.vote(tx, 1, served.statement.number, 0, at)
        assert served.left == 0 and not served.enough
        hall.same(tx)


def test_nobody_floods_and_the_round_takes_nothing_after_its_end(hall: Hall) -> None:
    """Three a day, ten in all, one point each, nothing about persons."""
    with hall.db.write() as tx:
        for text in ("先把路灯修好再说", "停车位重新划线", "多放几张长椅"):
            hall.say(tx, 1, text)
        with pytest.raises(Forbidden, match="round.often"):
            hall.say(tx, 1, "还有一句")
        assert hall.say(tx, 1, "多放几张长椅").again  # the same words again are no further statement
        for text, key in (("x" * 141, "too_long"), ("好", "too_short"), ("1、早点 2、小声", "one_point"), ("老张就是个神经病", "attack")):
            with pytest.raises(Refusal, match=key):
                hall.say(tx, 2, text)
        rounds.time_over(tx, hall.id, NOW + timedelta(days=6))
        for late in (lambda: hall.say(tx, 3, "来晚了一句"), lambda: hall.vote(tx, 3, 1, 1)):
            with pytest.raises(Refusal, match="round.closed"):
                late()


def test_the_map_is_drawn_beside_the_round_and_routing_takes_it_over(hall: Hall) -> None:
    """Extremities are kept with the statements; an unchanged round is left alone."""
    with hall.db.write() as tx:
        for n in range(1, 12):
            for which in (1, 2, 3):
                hall.vote(tx, n, which, 1 if (n < 6) == (which == 1) else -1)
        audit.seal(tx)
    assert round_map.draw_due(hall.db, now=NOW) == 1 and round_map.draw_due(hall.db, now=NOW) == 0
    with hall.db.write() as tx:
        row = rounds.held(tx, hall.id)
        assert row.warm and max(r.extremity for r in round_statements.shown(tx, hall.id)) > 0.5
        live = round_votes.current(tx, row, NOW)
        first = round_statements.shown(tx, hall.id)[0]
        assert live.priorities[live.statements.index(first.id)] > 0
        hall.same(tx)


def _crowd(n: int, *, minutes: float, met: timedelta, values: Any = (1, -1, 1, -1, 1, 1)) -> list[Cast]:
    return [Cast(p, s, v, NOW + timedelta(minutes=minutes * p), NOW - met) for p in range(n) for s, v in enumerate(values)]


def test_arranged_votes_are_seen_and_ordinary_agreement_is_not() -> None:
    """The very same answers of five within a quarter of an hour; not over days, not of four, not of who agrees with everything."""
    old, new = timedelta(days=90), timedelta(hours=3)
    assert [(p.kind, p.people, p.votes) for p in arranged(_crowd(5, minutes=2, met=old))] == [("alike", 5, 6)]
    assert [p.kind for p in arranged(_crowd(6, minutes=1, met=new))] == ["new"]
    assert not arranged(_crowd(5, minutes=60, met=old)) and not arranged(_crowd(4, minutes=1, met=new))
    assert not arranged(_crowd(9, minutes=1, met=new, values=(1,) * 6)) and not arranged(_crowd(9, minutes=1, met=new, values=(1, -1)))
    assert not arranged([Cast(p, s, 1 if (p >> s) & 1 else -1, NOW, NOW) for p in range(16) for s in range(6)])


def test_a_flag_is_told_to_staff_once_and_takes_no_vote_away(hall: Hall) -> None:
    """No name, no choice is in it."""
    with hall.db.write() as tx:
        for n, text in enumerate(("多装几盏路灯", "门口装道闸", "树枝修一修"), 8):
            hall.say(tx, n, text)
        for n in range(1, 7):
            for which, value in enumerate((1, -1, 1, 1, -1, 0), 1):
                hall.vote(tx, n, which, value)
        before = tx.scalar(select(func.count()).select_from(opinion_vote))
        row = rounds.held(tx, hall.id)
        assert round_voice.watch(tx, row, NOW) == 1 and round_voice.watch(tx, row, NOW) == 0
        told = tx.all(select(outbox.c.text).where(outbox.c.key.contains(":flag:")))
        assert len(told) == 1 and "6 人" in told[0].text and tx.scalar(select(func.count()).select_from(opinion_vote)) == before
        voice = round_voice.of(tx, hall.speaker(0), number=1, now=NOW)
        assert [f.people for f in voice.flags] == [6] and voice.people == 9 and voice.known == PEOPLE
        assert tx.scalar(select(opinion_flag.c.seen_at)) == NOW
        with pytest.raises(Forbidden):
            round_voice.of(tx, hall.speaker(2), number=1, now=NOW)


def test_the_least_heard_are_asked_first_each_once(hall: Hall) -> None:
    """Tenants, of whom nobody spoke, before owners, of whom most did; of groups of fewer than five nothing is shown."""
    with hall.db.write() as tx:
        for n in range(1, 12):
            round_voice.tell_of_me(tx, hall.speaker(n), age_band="60plus" if n < 4 else None, tenure="tenant" if n > 6 else "owner", now=NOW)
        for n in (1, 2, 3):
            hall.vote(tx, n, 1, 1)
        order = round_voice.first(tx, rounds.held(tx, hall.id))
        assert [hall.who.index(p) for p in order] == [7, 8, 9, 10, 11, 4, 5, 6]
        by = round_voice.of(tx, hall.speaker(0), number=1, now=NOW).by
        assert [(h.name, h.heard, h.of) for h in by["tenure"]] == [("租户", 0, 5), ("业主", 3, 6)] and by["age"] == []
        assert round_voice.remind(tx, hall.speaker(0), number=1, now=NOW) == 8
        assert round_voice.remind(tx, hall.speaker(0), number=1, now=NOW) == 0
        round_voice.half_time(tx, hall.id, NOW)
        assert len(tx.all(select(outbox.c.id).where(outbox.c.key.contains(f"round:{hall.id}:person:")))) == 8
        round_voice.tell_of_me(tx, hall.speaker(8), age_band="", tenure="", now=NOW)
        assert len(round_voice.groups_of(tx, hall.community)["tenure"]) == 10


def test_who_is_forgotten_leaves_neither_words_nor_open_votes(hall: Hall) -> None:
    """What others voted on it stays on record; it is asked of nobody."""
    with hall.db.write() as tx:
        hall.say(tx, 1, "金丝雀叫得太早")
        hall.vote(tx, 2, 4, 1)
        erasure.erase(tx, hall.speaker(1), now=NOW)
        rows = tx.all(select(opinion).where(opinion.c.number == 4))
        assert rows[0].person_id is None and "金丝雀" not in rows[0].text and rows[0].state == "hidden"
        assert [v.person_id for v in tx.all(select(opinion_vote).where(opinion_vote.c.opinion_id == rows[0].id))] == [hall.who[2]]
        hall.same(tx)
        tx.execute(delete(opinion_vote))
        round_order.touch(tx, hall.id, NOW)
        hall.same(tx)


def test_the_verbs_hold_on_the_other_database(postgres_db: Database) -> None:
    """Upserts, the order of changes and the joins, once, on PostgreSQL."""
    hall = Hall(postgres_db)
    with hall.db.write() as tx:
        hall.say(tx, 1, "晚上九点以后要安静")
        hall.vote(tx, 2, 4, -1)
        hall.vote(tx, 2, 4, 1, NOW + timedelta(seconds=1))
        round_statements.join(tx, hall.speaker(1), round_id=hall.id, which=4, to=1, now=NOW)
        assert round_votes.serve(tx, hall.speaker(3), round_id=hall.id, now=NOW).statement is not None
        hall.same(tx)
        audit.seal(tx)
    assert round_map.draw_due(hall.db, now=NOW) == 1
    with hall.db.write() as tx:
        assert {k: v for k, v in hall.counted(tx).items() if k[1] == 1} == {(1, 1): 1, (2, 1): 1}
        assert round_voice.remind(tx, hall.speaker(0), number=1, now=NOW) == 9
        erasure.erase(tx, hall.speaker(1), now=NOW)
        hall.same(tx)
