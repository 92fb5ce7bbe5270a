"""The picture of a result: right size, small, the same bytes each time, and no trouble with odd input."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from services import chart

LONG = "把三幢东侧那块空地整理出来做成电动自行车充电棚并且加装消防喷淋和烟感报警装置还有遮雨棚和监控以及夜间照明"


def bars(*rows: tuple[str, int], **more: Any) -> dict[str, Any]:
    """Facts with these bars, in thousandths."""
    return {"title": "要不要装电梯", "subtitle": "意向征集", "footer": "不替代业主大会法定表决",
            "rows": [{"label": label, "said": f"{part} 票", "part": part} | more for label, part in rows]}


@pytest.mark.parametrize("facts", [
    bars(("同意", 715), ("反对", 285)), bars(("同意", 0), ("反对", 0)), bars(*[(LONG, 61)] * 20), bars(("<b>x</b>\n\x00😀", 1), ("A" * 200, 0)),
    bars(("同意", 1000), more=1000, mark=1000, mark_said=LONG), bars(("同意", 5000)), bars() | {"rows": [{"head": LONG}]}])
def test_the_picture_fits_a_phone(facts: dict[str, Any]) -> None:
    data = chart.draw(facts)
    picture = Image.open(BytesIO(data))
    assert picture.format == "PNG" and picture.width == 1080 and len(data) < 400_000
    assert data == chart.draw(facts)


@pytest.mark.parametrize(("one", "other"), [
    (bars(("甲", 400)), bars(("甲", 600))), (bars(("甲", 400)), bars(("乙", 400))), (bars(("甲", 400)), bars(("甲", 400), strong=True)),
    (bars(("甲", 400)), bars(("甲", 400), more=700)), (bars(("甲", 400), mark=500, mark_said="x"), bars(("甲", 400), mark=600, mark_said="x"))])
def test_whatever_differs_is_seen(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert chart.draw(one) != chart.draw(other)


def test_bars_differ_in_grey_too() -> None:
    """Who won is darker, not only of another colour."""
    def lightness(strong: bool) -> int:
        picture = Image.open(BytesIO(chart.draw(bars(("甲", 900), strong=strong)))).convert("L")
        return min(picture.getpixel((400, y)) for y in range(picture.height - 260, picture.height - 120))
    assert lightness(False) - lightness(True) > 50
