"""Who gets what, until when, and what happens when two act at once, on both databases."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, func, select, update

from domain.clock import SHANGHAI
from domain.errors import Forbidden, Refusal
from domain.lifecycle import Act
from domain.roles import Role
from domain.states import State
from domain.timers import Timer
from models.base import Database, Tx
from models.tables import building, calendar_day, community, identity, issue, issue_event, outbox, party, person, timer
from scheduler.sweeps import Sweeps
from services import (
    alarm,
    deadlines,
    directory,
    dispatch,
    issues,
    joining,
    levels,
    limits,
    parties,
    people,
    rating,
    ring,
    roster,
    steps,
    timers,
    work,
)
from services import (
    outbox as queue,
)
from services.issues import Report
from services.people import Speaker
from texts.say import has

SERVICES = Path(dispatch.__file__).parent
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 here


@pytest.fixture(autouse=True)
def _roads() -> Iterator[None]:
    queue.configure({"mp": queue.Road(push_person=True)}, queue.QUIET)
    yield
    limits.configure(limits.Limits())


def someone(tx: Tx, where: int, name: str, role: Role = Role.RESIDENT, *, reachable: bool = True) -> Speaker:
    """Somebody with an account."""
    who = tx.add(person, community_id=where, role=role, created_at=NOW, name=name)
    tx.add(identity, person_id=who, channel="mp", external_id=name, heard_at=NOW, unreachable_at=None if reachable else NOW)
    return Speaker(f"person:{who}", role, where, who, told=True, consented=True)


def town(tx: Tx) -> tuple[Speaker, Speaker, Row[Any], Speaker]:
    """A grid worker, a resident, and a property company with one member."""
    where = tx.add(community, code="here", name="here", last_issue=0, last_poll=0)
    worker, resident, member = (someone(tx, where, n, r) for n, r in (("worker", Role.GRID_WORKER), ("resident", Role.RESIDENT),
                                                                     ("member", Role.RESIDENT)))
    row = parties.create(tx, worker, name="物业", kind="property", now=NOW)
    parties.add_member(tx, worker, row, person_id=member.id, now=NOW)
    directory.give(tx, worker, row, codes=["elevator"], building_id=None, now=NOW)
    return worker, resident, row, member


def raised(tx: Tx, who: Speaker, category: str = "elevator", place: str | None = None, urgency: str = "normal") -> int:
    """An issue on record."""
    return int(issues.register(tx, who, Report("电梯停了一周没人修", "电梯停了", category, place, urgency), chat_id=None, now=NOW).number)


def fire(db: Database, now: datetime) -> None:
    """Lets every due clock do its work, as the scheduler does."""
    Sweeps(db, {}, lambda: now).fire_timers()


def told(db: Database, words: str) -> int:
    """How many posts say this."""
    with db.read() as tx:
        return int(tx.scalar(select(func.count()).where(outbox.c.text.contains(words))))


def acts(db: Database, act: str) -> int:
    """How often this stands on record."""
    with db.read() as tx:
        return int(tx.scalar(select(func.count()).where(issue_event.c.act == act)))


def at_once(db: Database, *verbs: Callable[[Tx], Any]) -> list[Any]:
    """Runs each in a transaction of its own, all at the same time; an expected no is its result."""
    def one(verb: Callable[[Tx], Any]) -> Any:
        try:
            with db.write() as tx:
                return verb(tx)
        except Refusal as no:
            return no

    with ThreadPoolExecutor(len(verbs)) as pool:
        return list(pool.map(one, verbs))


def test_of_two_who_send_somebody_at_once_one_wins_and_the_other_is_told(db: Database) -> None:
    """The party hears of it once."""
    with db.write() as tx:
        worker, resident, row, _ = town(tx)
        other = someone(tx, worker.home_community, "other", Role.GRID_WORKER)
        number = raised(tx, resident)
    found = at_once(db, *(lambda tx, w=w: dispatch.assign(tx, w, number=number, party=row, now=NOW) for w in (worker, other)))
    refused = [r for r in found if isinstance(r, Refusal)]
    assert len(refused) == 1 and refused[0].key in ("dispatch.has_it", "issue.changed_meanwhile")
    assert acts(db, Act.ASSIGN) == 1 and told(db, "【派单】") == 1


def test_who_acts_on_what_they_saw_before_somebody_else_acted_is_told(db: Database) -> None:
    """The version decides, even for a change that leaves the state as it is."""
    with db.write() as tx:
        worker, resident, *_ = town(tx)
        raised(tx, resident)
        seen = tx.execute(select(issue)).one()
        steps.mark(tx, worker, seen, "ring", now=NOW)
        with pytest.raises(Refusal, match="changed_meanwhile"):
            steps.mark(tx, worker, seen, "ring", now=NOW)
        with pytest.raises(Refusal, match="changed_meanwhile"):
            steps.take(tx, worker, seen, Act.ACCEPT, now=NOW)


def test_neighbours_who_second_at_once_ring_exactly_once(db: Database) -> None:
    """Twelve at the same moment, five are enough: one bell, one message to each member."""
    limits.configure(limits.Limits(ring_people=5))
    with db.write() as tx:
        _, resident, _, _ = town(tx)
        number = raised(tx, resident)
        crowd = [someone(tx, resident.home_community, f"n{i}") for i in range(12)]
    found = at_once(db, *(lambda tx, p=p: issues.support(tx, p, number=number, now=NOW) for p in crowd))
    assert not [r for r in found if isinstance(r, Refusal)]
    assert acts(db, "ring") == 1 and told(db, "请尽快到场回应") == 1 and told(db, "已请物业回应") == 1


def test_seconds_of_yesterday_do_not_ring(sqlite_db: Database) -> None:
    """Only those of the last hours count."""
    limits.configure(limits.Limits(ring_people=3, ring_hours=24))
    with sqlite_db.write() as tx:
        _, resident, *_ = town(tx)
        number = raised(tx, resident)
        for i, hours in enumerate((0, 1, 25)):
            issues.support(tx, someone(tx, resident.home_community, f"n{i}"), number=number, now=NOW + timedelta(hours=hours))
    assert acts(sqlite_db, "ring") == 0
    with sqlite_db.write() as tx:
        issues.support(tx, someone(tx, resident.home_community, "late"), number=number, now=NOW + timedelta(hours=25))
        issues.support(tx, someone(tx, resident.home_community, "later"), number=number, now=NOW + timedelta(hours=26))
    assert acts(sqlite_db, "ring") == 1


def test_an_unanswered_whistle_goes_up_once_however_many_sweeps_run(db: Database) -> None:
    """Two schedulers beat at once: one level up, once; after the next period the admins, once."""
    with db.write() as tx:
        worker, resident, *_ = town(tx)
        number = raised(tx, resident)
        dispatch.accepted(tx, worker, issues.by_number(tx, worker.community_id, number), now=NOW)
        levels.blow(tx, worker, number=number, reason="没有人管", now=NOW)
    for days, up, unheard in ((2, 1, 0), (2, 1, 0), (4, 1, 1), (4, 1, 1)):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _, days=days: fire(db, NOW + timedelta(days=days)), range(2)))
        assert (acts(db, levels.HIGHER), acts(db, "whistle_unheard")) == (up, unheard)
    with db.read() as tx:
        assert issues.by_number(tx, worker.community_id, number).level == "department"


def test_the_nearest_party_comes_first_then_the_order(sqlite_db: Database) -> None:
    """A building's own party before the community's; of two alike the one entered first."""
    with sqlite_db.write() as tx:
        worker, resident, first, _ = town(tx)
        block = tx.add(building, community_id=worker.community_id, name="3幢")
        second, near = (parties.create(tx, worker, name=n, kind="property", now=NOW) for n in ("维保", "三幢管家"))
        directory.give(tx, worker, second, codes=["elevator"], building_id=None, now=NOW)
        directory.give(tx, worker, near, codes=["elevator"], building_id=block, now=NOW)
        where = worker.home_community
        assert [p.name for p in directory.responsible(tx, where, "elevator", "3幢2单元501")] == ["三幢管家", "物业", "维保"]
        assert [p.name for p in directory.responsible(tx, where, "elevator", "3幢2单元")] == ["三幢管家", "物业", "维保"]
        assert [p.name for p in directory.responsible(tx, where, "elevator", "北门")] == ["物业", "维保"]
        assert [p.name for p in directory.nearest(tx, where, "elevator", "3幢")] == ["三幢管家"]
        number = raised(tx, resident, place="3幢2单元")
        row = issues.by_number(tx, where, number)
        assert dispatch.choice(tx, row).name == "三幢管家"  # type: ignore[union-attr]
        dispatch.assign(tx, worker, number=number, party=near, now=NOW)
        member = someone(tx, where, "near")
        parties.add_member(tx, worker, near, person_id=member.id, now=NOW)
        row = dispatch.send_back(tx, member, number=number, reason="合同到期了", now=NOW)
        assert dispatch.choice(tx, row).name == first.name  # type: ignore[union-attr]


@pytest.mark.parametrize(("start", "words", "due", "provisional"), [
    ((2026, 9, 30), "3个工作日", (10, 11), False),  # over the National Day; Saturday the 10th is worked
    ((2026, 2, 13), "3个工作日", (2, 26), False), ((2026, 3, 2), "到周五", (3, 7), False), ((2026, 3, 2), "三天内", (3, 6), False),
    ((2026, 12, 31), "3个工作日", (1, 7), True)])
def test_deadlines_follow_the_calendar(sqlite_db: Database, start: tuple[int, int, int], words: str, due: tuple[int, int],
                                       provisional: bool) -> None:
    """24:00 of the day, which is 00:00 of the next; a year that is not announced is said to be provisional."""
    with sqlite_db.write() as tx:
        found = deadlines.asked(tx, None, words, now=datetime(*start, 10, tzinfo=SHANGHAI))
        assert found is not None and found.provisional is provisional
        local = found.at.astimezone(SHANGHAI)
        assert (local.month, local.day, local.hour) == (*due, 0)


def test_a_day_entered_by_hand_comes_before_the_library(sqlite_db: Database) -> None:
    """An admin's word on a holiday holds for deadlines too."""
    with sqlite_db.write() as tx:
        tx.add(calendar_day, day="2026-03-03", workday=False, name="放假")
        found = deadlines.asked(tx, None, "1个工作日", now=NOW)
        assert found is not None and found.at.astimezone(SHANGHAI).day == 5


def test_half_of_the_time_there_was_is_a_working_day_at_least(sqlite_db: Database) -> None:
    """Of five working days a good three; of nothing one."""
    with sqlite_db.write() as tx:
        due = deadlines.in_days(tx, None, NOW, 5)
        assert deadlines.half(tx, None, NOW, due, now=NOW).astimezone(SHANGHAI).day == 7  # until 24:00 of Friday the 6th
        assert deadlines.half(tx, None, None, None, now=NOW) == deadlines.in_days(tx, None, NOW, 1)


def test_an_outage_of_weeks_brings_one_reminder_and_the_level_above_once(db: Database) -> None:
    """Late is late, not never, and not thirty times."""
    with db.write() as tx:
        worker, resident, row, member = town(tx)
        someone(tx, worker.home_community, "admin", Role.ADMIN)
        number = raised(tx, resident)
        dispatch.assign(tx, worker, number=number, party=row, now=NOW)
        work.contact(tx, member, number=number, words="明天来", now=NOW)
    back = NOW + timedelta(days=40)
    with db.write() as tx:
        tx.execute(update(identity).values(heard_at=back))
    for _ in range(3):
        fire(db, back)
    assert acts(db, "overdue") == 1 and acts(db, "supervise") == 1
    fire(db, back + timedelta(days=1, minutes=1))
    assert acts(db, "overdue") == 2 and acts(db, "supervise") == 1


def test_a_danger_goes_to_who_is_on_duty_and_to_all_when_that_reaches_nobody(sqlite_db: Database) -> None:
    """Nobody on duty, somebody on duty, somebody who cannot be reached."""
    def alert(key: str) -> set[str]:
        with sqlite_db.write() as tx:
            alarm.alert(tx, resident, key=key, category="fire", place="3幢", hotline="119", now=NOW)
            return set(tx.connection.scalars(select(outbox.c.address).where(outbox.c.key.startswith(f"{key}:"))))

    with sqlite_db.write() as tx:
        worker, resident, *_ = town(tx)
        where = worker.home_community
        deaf = someone(tx, where, "deaf", Role.GRID_WORKER, reachable=False)
        duty = someone(tx, where, "duty", Role.GRID_WORKER)
    assert alert("a") == {"worker", "duty"}
    with sqlite_db.write() as tx:
        roster.put(tx, worker, person_id=deaf.id, starts_at=NOW, ends_at=NOW + timedelta(days=1), now=NOW)
    assert alert("b") == {"worker", "duty"}
    with sqlite_db.write() as tx:
        roster.stand(tx, worker, person_id=duty.id, for_id=deaf.id, starts_at=NOW, ends_at=NOW + timedelta(hours=1), now=NOW)
    assert alert("c") == {"duty"}
    with sqlite_db.read() as tx:
        assert roster.on_duty(tx, where, now=NOW + timedelta(hours=2)) == [deaf.id]


def test_a_danger_nobody_answers_wakes_everybody_then_the_admins_until_somebody_does(sqlite_db: Database) -> None:
    """Fifteen minutes, again and again; accepting it ends it."""
    with sqlite_db.write() as tx:
        worker, resident, *_ = town(tx)
        someone(tx, worker.home_community, "boss", Role.ADMIN)
        number = raised(tx, resident, "fire", urgency="critical")

    def woken(minutes: int) -> set[str]:
        with sqlite_db.read() as tx:
            before = tx.scalar(select(func.max(outbox.c.id))) or 0
        fire(sqlite_db, NOW + timedelta(minutes=minutes))
        with sqlite_db.read() as tx:
            return set(tx.connection.scalars(select(outbox.c.address).where(outbox.c.id > before, ~outbox.c.quiet)))

    assert woken(14) == set()
    assert woken(15) == {"worker", "boss"}
    assert woken(30) == {"boss"}
    with sqlite_db.write() as tx:
        dispatch.accepted(tx, worker, issues.by_number(tx, worker.community_id, number, lock=True), now=NOW + timedelta(minutes=31))
    assert woken(120) == set()


def test_a_code_of_a_party_joins_it_once_and_joins_no_accounts(sqlite_db: Database) -> None:
    """It is used up by who says it first, and is no proof that two accounts are one person's."""
    with sqlite_db.write() as tx:
        worker, resident, row, _ = town(tx)
        code = parties.make_code(tx, worker, row, now=NOW)
        assert joining.offered(tx, resident, code=code, now=NOW) is None
        assert not parties.join_by_code(tx, resident, row, code, now=NOW + parties.CODE_LIFE)
        assert parties.join_by_code(tx, resident, row, code, now=NOW)
        assert not parties.join_by_code(tx, someone(tx, worker.home_community, "late"), row, code, now=NOW)
        assert parties.acts_for(tx, resident, row.id, now=NOW)
        code = parties.make_code(tx, worker, row, now=NOW)
        for i in range(joining.WRONG_PER_CODE):  # by ten different people
            assert not parties.join_by_code(tx, someone(tx, worker.home_community, f"guess{i}"), row, "no", now=NOW)
        assert not parties.join_by_code(tx, someone(tx, worker.home_community, "right"), row, code, now=NOW)


def test_whoever_stands_in_acts_until_the_other_is_back(sqlite_db: Database) -> None:
    """Neither before nor after."""
    with sqlite_db.write() as tx:
        worker, resident, row, member = town(tx)
        helper = someone(tx, worker.home_community, "helper")
        number = raised(tx, resident)
        dispatch.assign(tx, worker, number=number, party=row, now=NOW)
        with pytest.raises(Forbidden, match="not_yours"):
            work.sign(tx, helper, number=number, now=NOW)
        roster.stand(tx, worker, person_id=helper.id, for_id=member.id, starts_at=NOW, ends_at=NOW + timedelta(hours=2), now=NOW)
        with pytest.raises(Forbidden, match="not_yours"):
            work.sign(tx, helper, number=number, now=NOW + timedelta(hours=2))
        assert work.sign(tx, helper, number=number, now=NOW + timedelta(hours=1)).state == State.IN_PROGRESS


def test_who_was_two_accounts_still_acts_for_their_party(sqlite_db: Database) -> None:
    """Joining accounts moves membership, duty and stand-ins; taking it back gives them back."""
    with sqlite_db.write() as tx:
        worker, resident, row, member = town(tx)
        roster.put(tx, worker, person_id=member.id, starts_at=NOW, ends_at=NOW + timedelta(days=1), now=NOW)
        code = joining.make_code(tx, member, now=NOW)
        offer = joining.offered(tx, resident, code=code, now=NOW)
        assert offer is not None
        joining.join(tx, resident, code_id=offer.code_id, now=NOW)
        assert parties.members(tx, row.id, now=NOW) == [resident.id] and roster.on_duty(tx, row.community_id, now=NOW) == [resident.id]
        joining.undo(tx, people.as_person(tx, resident.id), channel="mp", sender="resident", now=NOW)
        assert parties.members(tx, row.id, now=NOW) == [member.id] and roster.on_duty(tx, row.community_id, now=NOW) == [member.id]


def test_the_second_reopening_is_the_streets_and_the_late_one_is_refused(sqlite_db: Database) -> None:
    """By those behind it, counted once each."""
    with sqlite_db.write() as tx:
        worker, resident, row, member = town(tx)
        number = raised(tx, resident)
        crowd = [someone(tx, worker.home_community, f"n{i}") for i in range(3)]
        for each in crowd:
            issues.support(tx, each, number=number, now=NOW)
        dispatch.assign(tx, worker, number=number, party=row, now=NOW)

        def done(now: datetime) -> None:
            work.resolve(tx, member, number=number, words="已换新主板，恢复运行正常 无需现场", now=now)
            rating.confirm(tx, resident, number=number, rating="satisfied", now=now)

        done(NOW)
        with pytest.raises(Forbidden, match="still_fresh"):
            rating.reopen(tx, resident, number=number, reason="又停了", now=NOW + timedelta(days=7, seconds=1))
        found, missing = rating.reopen(tx, resident, number=number, reason="又停了", now=NOW + timedelta(days=7))
        assert (found.state, found.level, missing) == (State.IN_PROGRESS, "community", 0)
        done(NOW + timedelta(days=8))
        ask = [rating.reopen(tx, p, number=number, reason="又停了", now=NOW + timedelta(days=9)) for p in (crowd[0], crowd[0], *crowd[1:])]
        assert [m for _, m in ask] == [2, 2, 1, 0]
        assert (ask[-1][0].level, ask[-1][0].reopened, ask[-1][0].rating) == ("street", 2, None)


def test_a_party_that_has_something_to_do_is_not_taken_off_the_list(sqlite_db: Database) -> None:
    """First done, then gone; under the same name it can come back."""
    with sqlite_db.write() as tx:
        worker, resident, row, _ = town(tx)
        number = raised(tx, resident)
        dispatch.assign(tx, worker, number=number, party=row, now=NOW)
        with pytest.raises(Refusal, match="busy"):
            parties.close(tx, worker, row, now=NOW)
        tx.execute(update(issue).values(state=State.CLOSED))
        parties.close(tx, worker, row, now=NOW)
        assert directory.responsible(tx, worker.home_community, "elevator", None) == []
        assert parties.create(tx, worker, name="物业", kind="property", now=NOW).id == row.id
        assert tx.scalar(select(func.count()).select_from(party)) == 1


def test_a_suspended_issue_keeps_its_working_days(sqlite_db: Database) -> None:
    """Three of five are left after two; the clock of work stands still meanwhile."""
    with sqlite_db.write() as tx:
        worker, resident, row, member = town(tx)
        number = raised(tx, resident)
        dispatch.assign(tx, worker, number=number, party=row, now=NOW)
        work.sign(tx, member, number=number, now=NOW)
        later = NOW + timedelta(days=2)
        held, _ = work.suspend(tx, worker, number=number, words="到3月20日 等配件", now=later)
        assert not timers.running(tx, held.id, Timer.WORK)
        again = work.resume(tx, worker, held, now=datetime(2026, 3, 12, 2, tzinfo=UTC))
        assert again.due_at == deadlines.in_days(tx, None, datetime(2026, 3, 12, 2, tzinfo=UTC), 3)
        assert {t.about for t in timers.running(tx, held.id, Timer.WORK)} == {"", dispatch.SOON}
        assert tx.scalar(select(func.count()).where(timer.c.kind == Timer.REVIEW, timer.c.ended_at.is_(None))) == 0


def test_everything_that_can_stand_on_record_has_its_words() -> None:
    """The timeline and the console show each act by name."""
    written = re.compile(r'steps\.(?:event|mark)\(tx, [\w., ]*?"(\w+)"')
    found = {act for path in SERVICES.glob("*.py") for act in written.findall(path.read_text("utf-8"))}
    constants = {levels.WHISTLE, levels.HIGHER, levels.ANSWERED, ring.RING, work.ASKED, work.REFUSED, rating.ASKED,
                 "unsigned", "uncontacted"}
    assert {"overdue", "supervise", "whistle_unheard", "contact_said"} <= found
    assert not [act for act in found | constants | set(Act) if not has(f"terms.done.{act}")]


def test_where_cards_are_drawn_signing_agreeing_and_rating_are_one_touch(sqlite_db: Database) -> None:
    """Each button stands for the very words that could be typed."""
    queue.configure({"mp": queue.Road(push_person=True, cards=True)}, queue.QUIET)
    with sqlite_db.write() as tx:
        worker, resident, row, member = town(tx)
        number = raised(tx, resident)
        dispatch.assign(tx, worker, number=number, party=row, now=NOW)
        work.extend(tx, member, number=number, words="3个工作日 配件还没到货", now=NOW)
        work.resolve(tx, member, number=number, words="已换新主板，恢复运行正常 无需现场", now=NOW)
        found = {r.address: [b["says"] for b in r.facts["buttons"]] for r in tx.all(select(outbox).where(outbox.c.kind == "card"))}
    assert found == {"member": ["签收 I1", "I1"], "worker": ["同意延期 I1", "I1"],
                     "resident": ["满意 I1", "基本满意 I1", "不满意 I1", "未解决 I1"]}
