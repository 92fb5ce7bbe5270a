"""Groups of messages that say the same: by words and names, on made-up neighbours and on the development data."""

import csv
from pathlib import Path
from statistics import mean

import pytest

from texts import named, themes
from texts.places import place
from texts.themes import Said
from texts.words import title

DATA = Path("../shared/data/tipdm2020c").resolve()


def said(*texts: str) -> list[Said]:
    return [Said(title(t), t, place(t)) for t in texts]


def test_the_same_matter_in_other_words_is_one_group() -> None:
    assert themes.groups(said("3幢2单元电梯停了一周没人修", "北门路灯不亮", "三幢二单元电梯坏了好几天了", "5幢电梯坏了",
        "北门那个路灯又不亮了")) \
        == [[0, 2], [1, 4]]


def test_another_place_is_another_matter() -> None:
    assert themes.groups(said("3幢2单元电梯停运", "3幢1单元电梯停运", "5幢电梯停运")) == []


def test_the_same_complaint_about_two_firms_is_two_matters() -> None:
    told = ["丽湾新城旁边的搅拌站噪音扰民", "丽湾新城小区搅拌站夜里噪音太大", "金鹿花园楼下麻将馆噪音扰民",
        "金鹿花园小区麻将馆吵到半夜"]
    assert themes.groups(said(*told)) == [[0, 1], [2, 3]]


def test_nothing_and_one_are_no_group() -> None:
    assert themes.groups([]) == [] and themes.groups(said("电梯坏了")) == [] and themes.groups(said("", "", "！")) == []


def test_too_many_at_once_are_refused() -> None:
    with pytest.raises(ValueError):
        themes.groups([Said("a", "a")] * (themes.MOST + 1))


@pytest.mark.parametrize(("text", "found"), [
    ("A市丽发新城小区旁建搅拌站", "丽发新城"), ("反映麓泉社区的问题", "麓泉社区"), ("黄兴路步行街大排档扰民",
        "黄兴路"), ("电梯坏了没人修", None)])
def test_names_are_found_by_their_shape(text: str, found: str | None) -> None:
    assert (found in named.names(text)) if found else named.names(text) == []


@pytest.mark.skipif(not DATA.exists(), reason="the development data are not on this machine")
def test_hot_themes_of_a_city_s_mailbox_are_found() -> None:
    """F1 of the themes is 0.90 on average, and no group swallows more than a tenth of all messages."""
    rows = list(csv.DictReader((DATA / "annex3_hot.csv").open(encoding="utf-8")))
    theme = {r["msg_id"]: r["theme"] for r in csv.DictReader((DATA / "annex3_themes.csv").open(encoding="utf-8"))}
    found = [{rows[n]["msg_id"] for n in g} for g in themes.groups([Said(r["title"], r["detail"], place(r["title"])) for r in rows])]
    alone = [{r["msg_id"]} for r in rows if not any(r["msg_id"] in g for g in found)]
    f1 = []
    for name in sorted(set(theme.values())):
        wanted = {i for i, t in theme.items() if t == name}
        f1.append(max(2 * len(wanted & g) / (len(wanted) + len(g)) for g in [*found, *alone]))
    assert mean(f1) >= 0.90 and max(map(len, found)) <= len(rows) / 10
