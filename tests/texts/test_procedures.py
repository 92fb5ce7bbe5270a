"""Procedure files: ours can be used, and a wrong one is refused with where, what, and what to write instead."""

from pathlib import Path

import pytest

from texts import procedures
from texts.procedures import Wrong, read, read_file

GOOD = "名称: 试\n环节:\n  - {名称: 谈, 居民可以: [发言], 时长: 3天}\n  - {名称: 定, 怎么定: [结论]}\n"


def test_ours_can_all_be_used() -> None:
    """The six of the towns and the plain one."""
    found = read(procedures.FOLDER)
    assert not found.problems
    assert set(found.courses) == {"一般协商", "六步议事", "村民说事", "四议两公开", "红茶议事会", "请你来协商", "码上商"}


@pytest.mark.parametrize(("before", "after", "says"), [
    ("时长: 3天", "时长: 三天左右", "第 1 个环节（谈）：“时长”里的“三天左右”看不懂"),
    ("时长: 3天", "时长: 0天", "请写成 7天"),
    ("[发言]", "[发言, 喊话]", "“居民可以”里的“喊话”不认识。能写的有：提议、发言、表态、提问、投票、评价、征言"),
    ("时长: 3天", "期限: 3天", "不认识“期限”"),
    ("怎么定: [结论]", "居民可以: [投票]", "协商的最后一个环节要写“怎么定”"),
    ("怎么定: [结论]", "怎么定: [抓阄]", "“抓阄”不认识"),
    ("名称: 谈", "名字: 谈", "第 1 个环节：没有写“名称”"),
    ("名称: 试", "别名: [试试]", "没有写“名称”"),
    ("时长: 3天", "会议: {到会: 三分之二以上, 同意: 大多数}", "“大多数”看不懂。请写成 过半、三分之二以上"),
    ("时长: 3天", "会议: {到会: 过半}", "“会议”要写明到会和同意"),
    ("时长: 3天", "时长: 3天, 会议: {到会: 过半, 同意: 过半}", "同时写了“时长”和“会议”"),
    ("时长: 3天", "怎么定: [表决]", "现在写了的是：谈、定"),
    ("时长: 3天", "阶段: 办理", "环节的先后应当是协商、办理、评价"),
    ("怎么定: [结论]", "怎么定: [结论], 会议: {到会: 过半, 同意: 过半}", "最后由居民会议决定的"),
    ("[发言], 时长: 3天}", "[发言], 时长: 3天", "行不是正确的 YAML")])
def test_what_is_wrong_is_named_with_its_place_and_a_cure(before: str, after: str, says: str, tmp_path: Path) -> None:
    """A sentence that somebody from the 居委会 can act on."""
    assert before in GOOD
    path = tmp_path / "试.yaml"
    path.write_text(GOOD.replace("名称: 谈" if before == "名称: 谈" else before, after, 1), "utf-8")
    with pytest.raises(Wrong) as wrong:
        read_file(path)
    assert says in str(wrong.value) and "试.yaml" in str(wrong.value)


def test_a_wrong_file_leaves_the_others_usable_and_ones_own_come_first(tmp_path: Path) -> None:
    """One bad file is one sentence; a community may have its own 红茶议事会."""
    (tmp_path / "一.yaml").write_text(GOOD.replace("名称: 试", "名称: 红茶议事会"), "utf-8")
    (tmp_path / "二.yaml").write_text("环节: 3", "utf-8")
    try:
        problems = procedures.configure(tmp_path)
        assert len(problems) == 1 and problems[0].startswith("二.yaml")
        own = procedures.called("红茶议事会")
        assert own is not None and [p.name for p in own.phases] == ["谈", "定"]
        assert procedures.called("") is not None
        assert procedures.source_of("红茶议事会") == (tmp_path / "一.yaml").read_text("utf-8")
    finally:
        procedures.configure()


def test_a_folder_that_is_missing_is_said() -> None:
    """The setting is named."""
    try:
        assert "procedures" in procedures.configure("/nowhere")[0]
    finally:
        procedures.configure()


def test_what_is_nested_deeper_than_any_procedure_is_refused_where_it_begins() -> None:
    """Nine thousand brackets took a reader a quarter of a minute; seventeen are too many already."""
    with pytest.raises(procedures.Wrong, match="第 2 行不是正确的 YAML"):
        procedures.read_text(f"名称: 院坝会\n环节: {'[' * 17}{']' * 17}", "x.yaml")
