"""Plans, conclusions and meetings in one line, in whatever order."""

from datetime import UTC, datetime

import pytest

from domain.procedures import Meeting
from texts.plans import read_conclusion, read_meeting, read_plan

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize("words", [
    "按 红茶议事会 主持 李叔 参加 物业、3幢 3月6日晚7点开始", "3月6日晚7点 按红茶议事会 参加 物业,3幢 主持:李叔",
    "参加 物业 3幢 促动师 李叔 按照 红茶议事会 3月6日晚7点开始"])
def test_a_plan(words: str) -> None:
    """Order and signs do not matter."""
    found = read_plan(words, NOW)
    assert (found.course, found.host, found.who, found.rest) == ("红茶议事会", "李叔", ("物业", "3幢"), "")
    assert found.starts_at == datetime(2026, 3, 6, 11, tzinfo=UTC)


def test_an_evening_in_the_title_is_no_date() -> None:
    """The moment with most words is meant."""
    found = read_plan("东门晚上关不关 主持 李叔 3月8日下午2点", NOW)
    assert (found.rest, found.host, found.starts_at) == ("东门晚上关不关", "李叔", datetime(2026, 3, 8, 6, tzinfo=UTC))


@pytest.mark.parametrize(("words", "facts"), [
    ("部分采纳 先修主板 理由 换新超预算 落实 物业 3月20日前", ("先修主板", "partly", "换新超预算", "物业")),
    ("先修主板", ("先修主板", "yes", "", "")), ("不采纳 先不装，理由：没有地方", ("先不装", "no", "没有地方", "")),
    ("采纳 先修主板 由 物业 3月20日前 落实", ("先修主板", "yes", "", "物业"))])
def test_a_conclusion(words: str, facts: tuple[str, ...]) -> None:
    """What is not said is 采纳, without a reason and a doer."""
    found = read_conclusion(words, NOW)
    assert (found.text, found.adopted, found.why, found.doer) == facts


def test_a_meeting_needs_its_three_numbers() -> None:
    """In whatever order."""
    assert read_meeting("应到30 实到 21 同意:16") == Meeting(30, 21, 16)
    assert read_meeting("同意16 到会21 应到会30") == Meeting(30, 21, 16)
    assert read_meeting("应到 30 同意 16") is None
