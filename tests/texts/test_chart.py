"""The picture of a result: right size, small, the same bytes each time, and no trouble with odd input."""

from io import BytesIO

import pytest
from PIL import Image

from services.chart import bar_chart

LONG = "把三幢东侧那块空地整理出来做成电动自行车充电棚并且加装消防喷淋和烟感报警装置还有遮雨棚和监控以及夜间照明"


@pytest.mark.parametrize("bars", [
    [("同意", 15), ("反对", 6)], [("同意", 0), ("反对", 0)], [(LONG, 61)] * 10, [("<b>x</b>\n\x00😀", 1), ("A" * 200, 0)]])
def test_the_picture_fits_a_phone(bars: list[tuple[str, int]]) -> None:
    data = bar_chart("要不要装电梯", "意向征集", bars, "不替代业主大会法定表决")
    picture = Image.open(BytesIO(data))
    assert picture.format == "PNG" and picture.width == 1080 and len(data) < 200_000
    assert data == bar_chart("要不要装电梯", "意向征集", bars, "不替代业主大会法定表决")


def test_the_counts_are_drawn() -> None:
    assert bar_chart("题", "", [("甲", 1), ("乙", 2)], "") != bar_chart("题", "", [("甲", 2), ("乙", 1)], "")


def test_more_marks_than_voters_stay_inside_the_bar() -> None:
    assert bar_chart("题", "", [("甲", 3), ("乙", 2)], "", voters=3) != bar_chart("题", "", [("甲", 3), ("乙", 2)], "")
