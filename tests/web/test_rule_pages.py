"""Hours, holidays, procedures and wording are set in the console, hold at once, and are on record with what was before."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.roles import SYSTEM, Role
from models.tables import audit as audit_table
from models.tables import community, person
from services import accounts, audit, courses, polls, quiet, wordings, workcalendar
from services import outbox as queue
from services.people import Speaker
from tests.web.desk import EVIL, NOW, Desk, token
from texts import procedures, say, wording

COURSE = """名称: 院坝会
环节:
  - 名称: 摆一摆
    居民可以: [发言]
    时长: 2天
  - 名称: 定一定
    居民可以: [表态]
    怎么定: [结论]
"""


def press(client: Any, path: str, **data: Any) -> Any:
    """Sends a form and follows to the page it leads to."""
    return client.post(path, data={"csrf_token": token(client, "/console/password"), **data}, follow_redirects=True)


def notes(desk: Desk, action: str) -> list[dict[str, Any]]:
    """The details of these deeds, in order."""
    with desk.db.read() as tx:
        return [json.loads(r.detail) for r in tx.all(select(audit_table).where(audit_table.c.action == action).order_by(audit_table.c.seq))]


def where(desk: Desk, code: str) -> int:
    """The id of a community."""
    with desk.db.read() as tx:
        return int(tx.scalar(select(community.c.id).where(community.c.code == code)))


def test_each_community_sleeps_at_its_own_hours(desk: Desk) -> None:
    """At seven in the morning the east, who asked for it, hears of what the west, as configured, hears at eight."""
    client, east, west = desk.client("east"), where(desk, "east"), where(desk, "west")
    assert 'value="21:00"' in client.get("/console/setup/rules").text
    assert press(client, "/console/setup/rules", start="25:00", end="06:30").status_code == 400
    assert "已保存" in press(client, "/console/setup/rules", start="22:00", end="06:30").text
    seven = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    with desk.db.read() as tx:
        assert quiet.of(tx, east).end == time(6, 30) and quiet.of(tx, west).end == time(8)
        assert quiet.until(tx, east, seven) is None and quiet.until(tx, west, seven) == seven + timedelta(hours=1)
        up = quiet.awake(tx, person.c.community_id, seven)
        assert {r.community_id for r in tx.all(select(person.c.community_id).where(up))} == {east}
        night = quiet.awake(tx, person.c.community_id, datetime(2026, 3, 2, 13, 30, tzinfo=UTC))  # half past nine in the evening
        assert {r.community_id for r in tx.all(select(person.c.community_id).where(night))} == {east}
        assert quiet.awake(tx, person.c.community_id, NOW) is None
    queue.configure({"mp": queue.Road(push_person=True)}, queue.QUIET)
    with desk.db.write() as tx:
        for code, home in (("east", east), ("west", west)):
            boss = tx.add(person, community_id=home, name="周", role="grid_worker", told_version=1, consent_version=1, created_at=NOW)
            speaker = Speaker(f"person:{boss}", Role.GRID_WORKER, home, boss)
            closes = datetime(2026, 3, 4, 22, 45, tzinfo=UTC)  # a quarter to seven
            opened = polls.open_poll(tx, speaker, polls.Draft("装不装", ("装", "不装"), closes), chat_id=None, now=NOW)
            assert (opened.row.closes_at == closes) == (code == "east")
        audit.seal(tx)
    assert notes(desk, "setting.set") == [{"name": "quiet_hours", "before": None, "after": ["22:00", "06:30"]}]


def test_a_holiday_notice_is_pasted_and_taken_back(desk: Desk) -> None:
    """For all communities: who sees one of several may not; a wrong line is named and nothing is entered."""
    assert "对全部社区生效" in press(desk.client("east"), "/console/setup/rules", lines="2027-01-01,休,元旦").text
    with desk.db.write() as tx:
        accounts.create(tx, SYSTEM, username="boss", password="a long password", community_id=None, now=NOW)
        audit.seal(tx)
    client = desk.client("boss")
    wrong = press(client, "/console/setup/rules", lines="2027-01-01,休,元旦\n2027-01-02,放假,元旦")
    assert wrong.status_code == 400 and "第 2 行" in wrong.text
    page = press(client, "/console/setup/rules", lines=f"2026-03-03，休，停工{EVIL}\n2026-03-08,班,调休").text
    assert "2026-03-03" in page and "<script>" not in page
    press(client, "/console/setup/rules", lines="2026-03-03,班,又上班")
    with desk.db.read() as tx:
        assert workcalendar.of(tx)(date(2026, 3, 3)) and workcalendar.of(tx)(date(2026, 3, 8))
    press(client, "/console/setup/rules", forget="2026-03-08")
    with desk.db.read() as tx:
        assert not workcalendar.of(tx)(date(2026, 3, 8))
    assert notes(desk, "calendar.enter")[-1]["before"] == {"2026-03-03": [False, f"停工{EVIL}"[:32]]}
    assert notes(desk, "calendar.forget")[0]["before"] == [True, "调休"]


def test_a_procedure_is_checked_shown_kept_and_used_only_here(desk: Desk) -> None:
    """A wrong one says where; a kept one stands before ours of its name; what could blow up a reader is refused."""
    client, east, west = desk.client("east"), where(desk, "east"), where(desk, "west")
    assert "红茶议事会" in client.get("/console/setup/courses").text
    assert "促动师" in client.get("/console/setup/courses?name=红茶议事会").text
    for bad, said in ((COURSE.replace("2天", "两年"), "时长"), ("名称: [", "不是正确的 YAML"), ("a: &x 1\nb: *x", "引用"), ("[" * 9000, "YAML"),
                      (COURSE.replace("摆一摆", "x" * 20_000), "太长"), ("", "没有程序")):
        answer = press(client, "/console/setup/courses", source=bad, keep="1")
        assert answer.status_code == 400 and said in answer.text, said
    looked = press(client, "/console/setup/courses", source=COURSE).text
    assert "检查通过" in looked and "院坝会：摆一摆" in looked
    with desk.db.read() as tx:
        assert courses.called(tx, east, "院坝会") is None
    press(client, "/console/setup/courses", source=COURSE, keep="1")
    press(client, "/console/setup/courses", source=COURSE.replace("摆一摆", EVIL[:16]), keep="1")
    press(client, "/console/setup/courses", source=COURSE.replace("院坝会", "红茶议事会"), keep="1")
    assert "<script>" not in client.get("/console/setup/courses").text
    with desk.db.read() as tx:
        assert [p.name for p in courses.called(tx, east, "红茶议事会").phases] == ["摆一摆", "定一定"]  # type: ignore[union-attr]
        assert courses.called(tx, west, "院坝会") is None and courses.called(tx, west, "红茶会") is not None
        assert procedures.called("院坝会") is None
    press(client, "/console/setup/courses", remove="红茶议事会")
    assert press(client, "/console/setup/courses", remove="四议两公开").status_code == 400
    with desk.db.read() as tx:
        assert len(courses.called(tx, east, "红茶议事会").phases) == 3  # type: ignore[union-attr]
    changed = notes(desk, "course.set")
    assert (changed[0]["before"], changed[1]["before"]) == (None, COURSE) and notes(desk, "course.remove")[0]["after"] is None


@pytest.fixture
def boss(desk: Desk) -> Any:
    """An account of all communities; afterwards everything is said in our words again."""
    with desk.db.write() as tx:
        accounts.create(tx, SYSTEM, username="boss", password="a long password", community_id=None, now=NOW)
        audit.seal(tx)
    yield desk.client("boss")
    say.reword({})
    wordings.changed()


def test_a_notice_is_said_in_other_words_by_every_process(desk: Desk, boss: Any) -> None:
    """Previewed, kept, said; only with the placeholders it had; taken back, it is ours again."""
    key, facts = "issue.signed.notice", {"party": "绿城", "mine": True, "number": 7, "title": "电梯"}
    ours = say.say(key, **facts)
    assert "I12（3幢电梯停了一周）" in boss.get("/console/setup/wordings").text
    page = boss.get(f"/console/setup/wordings?key={key}").text
    assert "{{ party }}" in page and "{% if mine %}" in page
    own = "【进展】{{ party }} 已接单：I{{ number }}{% if mine %}（您反映的）{% else %}{% endif %}"
    looked = press(boss, "/console/setup/wordings", key=key, source=own).text
    assert "【进展】物业 已接单：I12（您反映的）" in looked and say.say(key, **facts) == ours
    assert press(desk.client("east"), "/console/setup/wordings", key=key, source=own, keep="1").status_code == 400  # holds for the west too
    press(boss, "/console/setup/wordings", key=key, source=own, keep="1")
    boss.get("/console/setup/wordings")
    assert say.say(key, **facts) == "【进展】绿城 已接单：I7（您反映的）"
    say.reword({})  # another process, which has not looked yet
    desk.now += timedelta(seconds=6)
    with desk.db.read() as tx:
        wordings.changed()
        wordings.refresh(tx, now=desk.now)
    assert say.say(key, **facts).startswith("【进展】")
    press(boss, "/console/setup/wordings", key=key, ours="1")
    boss.get("/console/setup/wordings")
    assert say.say(key, **facts) == ours
    assert [(n["before"], n["after"]) for n in notes(desk, "wording.set")] == [(None, own), (own, None)]


@pytest.mark.parametrize(("source", "said"), [
    ("I{{ number }} {{ cycler.__init__.__globals__ }}", "只能用原文里有的占位"), ("I{{ number }}{% for a in range(9) %}{% endfor %}", "只能用原文里有的占位"),
    ("没有编号 {{ party }}", "不能没有编号"), ("I{{ number }}{% if mine %}", "没有配好对"), ("", "不能是空的"), ("I{{ number }}" + "长" * 2000, "不能超过"),
    ("I{{ number }}" * 9, "只能用原文里有的占位")])
def test_words_that_would_be_another_program_are_refused(source: str, said: str) -> None:
    """Whatever an admin pastes, a sentence stays a sentence."""
    found = wording.problem("issue.signed.notice", source)
    assert found is not None and said in say.say(found[0], **found[1])


def test_every_sentence_that_may_be_changed_can_be_shown_and_is_right_as_it_is() -> None:
    """Our own words pass their own check, and each has a preview without a brace."""
    for key in wording.known():
        assert wording.problem(key, say.source_of(key)) is None, key
        shown = wording.preview(say.source_of(key))
        assert "{{" not in shown and "{%" not in shown, key
    assert len(wording.known()) > 40 and not [k for k in wording.known() if k.startswith("terms.")]


def test_an_own_wording_that_breaks_is_said_in_ours() -> None:
    """Nobody gets silence because of a word."""
    say.reword({"issue.signed.notice": "{{ nothing.at.all }}"})
    try:
        assert "已签收" in say.say("issue.signed.notice", party="绿城", mine=True, number=7, title="电梯")
    finally:
        say.reword({})
