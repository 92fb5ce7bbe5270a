"""Which days words of looking back mean."""

from datetime import UTC, datetime

import pytest

from domain.clock import SHANGHAI
from texts.past import past

NOW = datetime(2026, 11, 28, 23, 30, tzinfo=SHANGHAI).astimezone(UTC)  # a Saturday


@pytest.mark.parametrize(("text", "first", "last", "left"), [
    ("昨天", "2026-11-27", "2026-11-27", ""),
    ("昨天电梯", "2026-11-27", "2026-11-27", "电梯"),
    ("3幢今天 漏水", "2026-11-28", "2026-11-28", "3幢 漏水"),
    ("大前天", "2026-11-25", "2026-11-25", ""),
    ("上周", "2026-11-16", "2026-11-22", ""),
    ("上上周", "2026-11-09", "2026-11-15", ""),
    ("本周", "2026-11-23", "2026-11-29", ""),
    ("上周五", "2026-11-20", "2026-11-20", ""),
    ("上个星期天", "2026-11-22", "2026-11-22", ""),
    ("本月", "2026-11-01", "2026-11-30", ""),
    ("上个月", "2026-10-01", "2026-10-31", ""),
    ("11月", "2026-11-01", "2026-11-30", ""),
    ("12月", "2025-12-01", "2025-12-31", ""),
    ("十二月", "2025-12-01", "2025-12-31", ""),
    ("2024年2月份", "2024-02-01", "2024-02-29", ""),
    ("2025年", "2025-01-01", "2025-12-31", ""),
    ("去年", "2025-01-01", "2025-12-31", ""),
    ("11月3日", "2026-11-03", "2026-11-03", ""),
    ("11月3号投票", "2026-11-03", "2026-11-03", "投票"),
    ("12月3日", "2025-12-03", "2025-12-03", ""),
    ("11月3日到5日", "2026-11-03", "2026-11-05", ""),
    ("10月30日-11月2日", "2026-10-30", "2026-11-02", ""),
    ("2025年12月30日到1月2日", "2025-12-30", "2026-01-02", ""),
    ("2026-11-03", "2026-11-03", "2026-11-03", ""),
    ("2026-11-03到2026-11-05", "2026-11-03", "2026-11-05", ""),
    ("最近7天", "2026-11-22", "2026-11-28", ""),
    ("近一周", "2026-11-22", "2026-11-28", ""),
    ("过去半个月", "2026-11-14", "2026-11-28", ""),
])
def test_a_stretch_of_the_past(text: str, first: str, last: str, left: str) -> None:
    """Whole days of Shanghai, the last one included; what else was said stays."""
    found = past(text, NOW)
    assert found is not None
    days = [m.astimezone(SHANGHAI) for m in (found.since, found.until)]
    assert all(d.hour == d.minute == 0 for d in days)
    assert (f"{days[0]:%F}", f"{datetime.fromtimestamp(found.until.timestamp() - 1, SHANGHAI):%F}") == (first, last)
    assert text[: found.start] + text[found.end:] == left


@pytest.mark.parametrize("text", ["电梯", "2月30日", "13月", "三个月", "3-2-501", "I12", "明天", "2026-13-40", "0天", "天天向上", "月底"])
def test_what_is_no_stretch_of_the_past(text: str) -> None:
    """Words without a time, days that do not exist, and what is still to come."""
    assert past(text, NOW) is None
