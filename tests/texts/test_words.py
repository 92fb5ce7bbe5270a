"""Category, place, home, title, and whether two sentences speak of the same matter."""

import json
from pathlib import Path

import pytest

from texts.words import Home, Matter, building, categories, category, home, load, place, same_matter, similar, title

DATA = Path("../shared/data").resolve()


@pytest.mark.parametrize(("text", "code"), [
    ("3幢2单元电梯停了一周没人修", "elevator"), ("要不要加装电梯", "elevator_install"), ("楼道灯不亮了",
        "facility_light"), ("地下车库漏水", "leak"),
    ("车位又被占了", "parking"), ("广场舞太吵", "noise"), ("垃圾桶满了", "sanitation"), ("下水道返水",
        "sewage"), ("楼下烧烤油烟大", "fume"),
    ("楼上往下扔花盆", "falling_object"), ("遛狗不牵绳", "pet"), ("消防通道堵了", "fire_lane"), ("着火了电瓶车",
        "fire"), ("有煤气味", "gas"),
    ("飞线充电", "ebike"), ("一楼搭建阳光房", "illegal_build"), ("砸了承重墙", "renovation"), ("群租房",
        "group_rent"), ("绿化带种菜", "greening"),
    ("停电了", "utility"), ("健身器材坏了", "facility_public"), ("井盖没了", "road"), ("有小偷",
        "security"), ("公共收益不公示", "public_revenue"),
    ("老年食堂什么时候办", "elderly_child"), ("物业费太贵", "property"), ("電梯壞了", "elevator"), ("电弟坏了",
        "elevator"), ("门口那棵树快倒了", "greening"),
    ("今天天气真好", None), ("", None)])
def test_category(text: str, code: str | None) -> None:
    assert category(text) == code


def test_every_category_has_a_name_and_a_track() -> None:
    load()
    assert {c.track for c in categories().values()} == {"self", "shared", "public"}
    assert all(c.name for c in categories().values()) and {"elevator", "parking", "noise", "other"} <= set(categories())


@pytest.mark.parametrize(("text", "spelled"), [
    ("3栋2单元电梯坏", "3幢2单元"), ("六幢三零二漏水", "6幢302"), ("13-2-601 漏水", "13幢2单元601"), ("7-1202",
        "7幢1202"), ("5号楼502", "5幢502"),
    ("3单元门禁", "3单元"), ("地下车库漏水", "地下车库"), ("地库漏水", "地下车库"), ("北门路灯", "北门"), ("楼道灯",
        "楼道"), ("9幢2单元楼梯口", "9幢2单元"),
    ("幼儿园门口早高峰", "幼儿园门口"), ("A座1201", "A幢1201"), ("十二幢1单元", "12幢1单元"), ("３幢２单元",
        "3幢2单元"), ("11-30截止", None), ("2026-1202", None),
    ("停了3天", None), ("138-1234-5678", None), ("今天天气", None), ("1号门坏了", "1号门")])
def test_place(text: str, spelled: str | None) -> None:
    assert place(text) == spelled


@pytest.mark.parametrize(("text", "read"), [
    ("绑定 3幢2单元501", Home("3", "2", "501")), ("3栋2单元501室", Home("3", "2", "501")), ("三幢二单元五〇一", Home("3", "2",
        "501")),
    ("3 - 2 - 501", None), ("3-2-501", Home("3", "2", "501")), ("7幢1202", Home("7", None, "1202")), ("3幢",
        None), ("2单元501", None), ("3幢2单元电梯", None), ("", None)])
def test_home(text: str, read: Home | None) -> None:
    assert home(text) == read


def test_a_home_has_one_spelling() -> None:
    assert Home("3", "2", "501").label == "3幢2单元501" and Home("7", None, "1202").label == "7幢1202"
    assert building("三号楼") == "3幢" and building("3幢2单元") is None


@pytest.mark.parametrize(("text", "short"), [
    ("反映一下：3幢2单元电梯停了一周没人修", "3幢2单元电梯停了一周没人修"), ("你好，我想反映楼道灯不亮",
        "楼道灯不亮"), ("电梯坏了", "电梯坏了"),
    ("电梯坏了，老人上不去楼", "电梯坏了，老人上不去楼"), ("地下车库漏水漏得跟水帘洞一样，我车都长毛了，快来人看看",
        "地下车库漏水漏得跟水帘洞一样"), ("@小议 投诉 垃圾没人清", "垃圾没人清")])
def test_title(text: str, short: str) -> None:
    assert title(text) == short


def test_a_title_is_never_longer_than_thirty_characters() -> None:
    assert len(title("电梯" * 500)) <= 30 and title("电梯" * 500).endswith("…")


SAME = [
    ("3幢2单元电梯停了一周没人修", "三幢二单元电梯坏了好几天了"), ("北门路灯坏了", "北门那个路灯不亮了"), ("地下车库漏水",
        "地库漏水漏得厉害"), ("3幢垃圾桶满了没人清", "3栋垃圾桶满了臭死了"),
    ("广场舞天天跳到十点太吵", "广场舞太吵了天天跳到半夜"), ("楼道灯不亮", "楼道灯又不亮了"), ("消防通道被车堵了",
        "消防通道又被车堵死了"), ("绿化带被人种菜", "绿化带有人种菜浇粪")]
OTHER = [
    ("3幢2单元电梯停了", "3幢1单元电梯停了"), ("3幢2单元电梯停了", "5幢电梯停了"), ("北门路灯坏了",
        "南门路灯坏了"), ("3幢2单元501装修太吵", "3幢2单元302打麻将太吵"),
    ("3幢2单元电梯停了", "3幢2单元楼道灯不亮"), ("停水了", "停电了"), ("广场舞太吵", "装修从早敲到晚"), ("地下车库漏水",
        "我家楼上漏水"), ("希望加个篮球场", "希望办个图书角"),
    ("狗叫得睡不着", "有人遛狗不牵绳"), ("3幢电梯坏了", "3幢2单元电梯坏了")]


def matter(text: str) -> Matter:
    return Matter(text, category(text) or "other", place(text))


@pytest.mark.parametrize(("a", "b"), SAME)
def test_the_same_matter_in_other_words(a: str, b: str) -> None:
    assert same_matter(matter(a), matter(b)) and same_matter(matter(b), matter(a))


@pytest.mark.parametrize(("a", "b"), OTHER)
def test_another_matter_is_not_taken_for_the_same(a: str, b: str) -> None:
    assert not same_matter(matter(a), matter(b)) and not same_matter(matter(b), matter(a))


def test_similarity_goes_from_nothing_to_all() -> None:
    assert similar("电梯坏了", "电梯坏了") == 1.0 and similar("电梯坏了", "楼道垃圾") == 0.0 and similar("", "") == 0.0


@pytest.mark.skipif(not DATA.exists(), reason="the development data are not on this machine")
def test_labelled_examples_have_their_category_and_place() -> None:
    rows = [json.loads(line) for line in (DATA / "intents/examples.jsonl").read_text("utf-8").splitlines()]
    told = [r for r in rows if r["intent"] == "register_issue"]
    assert [r["text"] for r in told if category(r["text"]) != r["slots"]["category"]] == []
    assert [r["text"] for r in told if place(r["text"]) != r["slots"].get("location")] == []
