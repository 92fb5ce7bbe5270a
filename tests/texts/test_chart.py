"""The picture of a result: right size, small, the same bytes each time, and no trouble with odd input."""

import random
from collections import Counter
from io import BytesIO
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from domain.kinds import KINDS
from services import chart, pictures

LONG = "把三幢东侧那块空地整理出来做成电动自行车充电棚并且加装消防喷淋和烟感报警装置还有遮雨棚和监控以及夜间照明"


def bars(*rows: tuple[str, int], **more: Any) -> dict[str, Any]:
    """Facts with these bars, in thousandths."""
    return {"title": "要不要装电梯", "subtitle": "意向征集", "footer": "不替代业主大会法定表决",
            "rows": [{"label": label, "said": f"{part} 票", "part": part} | more for label, part in rows]}


def flow(moves: list[list[int]], strong: int = 0) -> dict[str, Any]:
    """Two rounds of three candidates; the third goes out."""
    return bars() | {"rows": [{"flow": {"steps": [[400, 350, 250, 0], [550, 350, 0, 100]], "moves": [moves], "strong": [strong]}}]}


FLOW = flow([[0, 0, 400], [1, 1, 350], [2, 0, 150], [2, 3, 100]])


@pytest.mark.parametrize("facts", [
    bars(("同意", 715), ("反对", 285)), bars(("同意", 0), ("反对", 0)), bars(*[(LONG, 61)] * 20), bars(("<b>x</b>\n\x00😀", 1), ("A" * 200, 0)),
    FLOW, bars(("同意", 1000), more=1000, mark=1000, mark_said=LONG), bars(("同意", 5000)), bars() | {"rows": [{"head": LONG}]}])
def test_the_picture_fits_a_phone(facts: dict[str, Any]) -> None:
    data = chart.draw(facts)
    picture = Image.open(BytesIO(data))
    assert picture.format == "PNG" and picture.width == 1080 and len(data) < 400_000
    assert data == chart.draw(facts)


@pytest.mark.parametrize(("one", "other"), [
    (FLOW, flow([[0, 0, 400], [1, 1, 350], [2, 0, 250]])), (FLOW, flow(FLOW["rows"][0]["flow"]["moves"][0], strong=1)),
    (bars(("甲", 400)), bars(("甲", 600))), (bars(("甲", 400)), bars(("乙", 400))), (bars(("甲", 400)), bars(("甲", 400), strong=True)),
    (bars(("甲", 400)), bars(("甲", 400), more=700)), (bars(("甲", 400), mark=500, mark_said="x"), bars(("甲", 400), mark=600, mark_said="x"))])
def test_whatever_differs_is_seen(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert chart.draw(one) != chart.draw(other)


@pytest.mark.parametrize("seed", range(8))
def test_no_vote_is_lost_between_two_rounds_of_the_picture(seed: int) -> None:
    """What a bar gives and what it keeps fill it; what it gets and what it kept fill the one below; words name what moved."""
    dice = random.Random(seed)
    ballots = Counter(">".join(map(str, dice.sample(range(5), dice.randint(1, 5)))) for _ in range(97))
    found = KINDS["ranked"].tally(ballots, 5, {"method": dice.choice(["irv", "stv"]), "seats": 2, "lot": list(range(5))})
    row = SimpleNamespace(options=["甲", "乙", "丙", "丁", "戊"], kind="ranked")
    drawn = pictures.rows(row, SimpleNamespace(result=found))
    steps, moves = drawn[0]["flow"]["steps"], drawn[0]["flow"]["moves"]
    assert len(steps) == len(found["rounds"]) == len(moves) + 1 and all(980 <= sum(each) <= 1000 for each in steps)
    for (above, below), bands in zip(pairwise(steps), moves, strict=True):
        for i in range(6):
            assert abs(sum(n for source, _, n in bands if source == i) - above[i]) <= 6
            assert abs(sum(n for _, target, n in bands if target == i) - below[i]) <= 6
    assert "+" in "".join(each.get("also", "") for each in drawn)


def test_a_single_vote_that_moves_is_in_the_picture() -> None:
    """One to another candidate, one to nobody: each has its band, however thin."""
    found = {"rounds": [{"votes": [40, 35, 2], "exhausted": 0, "out": [2]}, {"votes": [40, 36, None], "exhausted": 1, "out": []}],
             "winners": [0]}
    row = SimpleNamespace(options=["甲", "乙", "丙"], kind="ranked")
    drawn = pictures.rows(row, SimpleNamespace(result=found))
    bands = [band for band in drawn[0]["flow"]["moves"][0] if band[0] != band[1]]
    assert sorted(bands) == [[2, 1, 1000 // 77], [2, 3, 1000 // 77]]
    assert drawn[-3]["also"] == "，乙 +1，不再计 +1"


def test_bars_differ_in_grey_too() -> None:
    """Who won is darker, not only of another colour."""
    def lightness(strong: bool) -> int:
        picture = Image.open(BytesIO(chart.draw(bars(("甲", 900), strong=strong)))).convert("L")
        return min(picture.getpixel((400, y)) for y in range(picture.height - 260, picture.height - 120))
    assert lightness(False) - lightness(True) > 50
