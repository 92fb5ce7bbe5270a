"""How a poll and a resolution on common ground are asked for: statements by number, a deadline that is no number, options that fit."""

import pytest

from handlers.round_result import _which
from services import round_next


@pytest.mark.parametrize(("rest", "which", "left"), [
    ("", [], ""), ("3", [3], ""), ("3、7", [3, 7], ""), ("第3条 第7条 截止 明晚8点", [3, 7], "截止 明晚8点"), ("3 和 7 落实 物业", [3, 7], "落实 物业"),
    ("3月20日晚8点", [], "3月20日晚8点"), ("8点", [], "8点"), ("12:30", [], "12:30"), ("截止 3月20日", [], "截止 3月20日"), ("3 明晚8点", [3], "明晚8点")])
def test_a_date_is_no_number(rest: str, which: list[int], left: str) -> None:
    assert _which(rest) == (which, left)


def test_an_option_is_the_statement_or_its_beginning() -> None:
    """Cut at a comma when that leaves more than half, else anywhere, always with the sign that there is more."""
    short, comma, none = "先修排水", "装之前先请设计院看一楼采光并且把结果贴在公告栏里给大家看一个星期，" + "没有人反对再往下走" * 6, "修" * 100
    assert round_next.option(short) == short
    assert round_next.option(comma) == "装之前先请设计院看一楼采光并且把结果贴在公告栏里给大家看一个星期…"
    assert len(round_next.option(none)) == round_next.OPTION and none.startswith(round_next.option(none)[:-1])
