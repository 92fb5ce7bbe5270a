"""The picture of a round: the same bytes each time, readable whatever was said, small enough to be sent."""

from io import BytesIO
from random import Random
from typing import Any

import pytest
from PIL import Image

from services import chart, round_chart

LONG = "电梯装好以后的电费、维保费和将来大修的钱，应当按楼层高低和每家面积一起算清楚，每个季度贴在一楼公告栏，谁有疑问谁都可以去查原始单据，查的人要登记；" * 2


def _facts(groups: int, people: int = 40, text: str = LONG) -> dict[str, Any]:
    chance = Random(2)
    of = [n % max(groups, 1) for n in range(people)]
    points = sorted([round(chance.gauss(3 * g, 0.6), 2), round(chance.gauss(g ** 2 % 5, 0.6), 2), g] for g in of)
    rung = {"text": f"第 3 条“{text[:47]}…”", "said": "同意 19 · 不同意 2 · 跳过 1", "across": "各幢、业主和租户都认可", "counts": [19, 1, 2]}
    return {"title": f"征言结果 I12 {text[:64]}", "subtitle": f"{people} 人 · 60 条观点 · 1490 次表态", "footer": "发“征言结果 I12”看文字版。",
            "key": ["同意", "跳过", "不同意"],
            "map": {"head": "意见地图", "points": points, "groups": [
                {"name": f"{'甲乙丙丁戊'[n]}组", "letter": "甲乙丙丁戊"[n], "size": 8, "said": f"8 人，最认同“{text[:38]}…”"} for n in range(groups)]}
            if groups else None,
            "ladder": [{"head": "大家都认可", "rungs": [rung] * (3 if groups else 4), "none": ""},
                       {"head": "看法不一", "rungs": [rung | {"counts": counts, "across": ""} for counts in ([[5, 0, 5]] if groups else [[5, 0, 5], [0, 3, 0]])], "none": ""}]}


@pytest.mark.parametrize("groups", [0, 2, 5])
def test_whatever_was_said_fits_and_is_small(groups: int) -> None:
    """Long titles and statements are wrapped and cut; the picture is for a phone, and the same each time."""
    data = chart.draw(_facts(groups))
    image = Image.open(BytesIO(data))
    assert image.width == 1080 and image.height < 2900 and len(data) < 300_000
    assert chart.draw(_facts(groups)) == data
    grey = image.convert("L").crop((1080 - 60, 0, 1080, image.height)).point(lambda value: 255 if value > 240 else 0)
    margin = grey.crop((4, 20, 60, image.height))
    assert margin.getextrema() == (255, 255)  # nothing runs into the margin


def test_a_bar_shows_each_side_at_its_end_and_in_its_own_texture() -> None:
    """Agrees left and solid, disagrees right and hatched, so that neither colour nor words are needed."""
    image = Image.new("RGB", (1080, 60), "#ffffff")
    round_chart._bar(image, [6, 1, 3], 10)
    row = [image.convert("L").getpixel((x, 23)) for x in range(64, 1016)]
    left, middle, right = row[20:550], row[590:650], row[700:930]
    assert max(left) - min(left) < 6 and max(middle) - min(middle) < 6  # type: ignore[operator]
    assert max(right) - min(right) > 40 and sum(middle) / len(middle) > sum(left) / len(left) + 60  # type: ignore[arg-type, operator]


@pytest.mark.parametrize("points", [[[0.0, 0.0, 0], [0.0, 0.0, 0], [0.0, 0.0, 0], [1.0, 0.0, 1], [1.0, 0.0, 1], [1.0, 0.0, 1]],
                                    [[0.5, 1.0, 0]] * 20 + [[0.5, 1.0, 1]] * 20])
def test_people_at_one_place_stand_side_by_side(points: list[list[float]]) -> None:
    """All on one spot or on one line: every mark is there, none covers another, none leaves the sheet."""
    size = (952 * 2, 560 * 2)
    placed = [at for at, _ in round_chart._placed(points, size)]
    assert len(placed) == len(points)
    assert all(abs(a[0] - b[0]) >= 26 or abs(a[1] - b[1]) >= 26 for n, a in enumerate(placed) for b in placed[:n])
    assert all(0 < x < size[0] and 0 < y < size[1] for x, y in placed)
