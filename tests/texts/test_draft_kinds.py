"""Kinds and classes of polls as grid workers ask for them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from texts.draft import PollDraft, parse_draft

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PEOPLE = ("张三", "李四", "王五")


def read(text: str) -> PollDraft:
    return parse_draft(f"发起投票 {text} 截止 明晚8点", now=NOW)


@pytest.mark.parametrize(("text", "title", "options", "kind", "rules"), [
    ("选楼长 选项 张三 李四 王五 排序", "选楼长", PEOPLE, "ranked", {"method": "irv", "seats": 1}),
    ("选议事会 选项 张三、李四、王五 选举2人", "选议事会", PEOPLE, "ranked", {"method": "stv", "seats": 2}),
    ("选楼长 两两比较 选项 张三 李四 王五", "选楼长", PEOPLE, "ranked", {"method": "schulze", "seats": 1}),
    ("小广场装什么 打分 选项 长椅 路灯", "小广场装什么", ("长椅", "路灯"), "score", {"low": 0, "high": 5}),
    ("物业服务 打分1-10 选项 保洁 保安", "物业服务", ("保洁", "保安"), "score", {"low": 1, "high": 10}),
    ("小广场装什么 选项 长椅 2万 路灯 3.5万 健身器材 8000元 预算5万", "小广场装什么", ("长椅", "路灯", "健身器材"), "budget",
     {"limit": 5_000_000, "method": "greedy", "costs": [2_000_000, 3_500_000, 800_000]}),
    ("小广场 预算 5万元 平分预算 选项 长椅2万、路灯3万", "小广场", ("长椅", "路灯"), "budget",
     {"limit": 5_000_000, "method": "equal_shares", "costs": [2_000_000, 3_000_000]}),
    ("包粽子 报名20人 每户2人", "包粽子", (), "signup", {"places": 20, "each": 2}),
    ("义诊 名额 三十", "义诊", (), "signup", {"places": 30, "each": 5}),
    ("恳谈会哪天开 约时间 选项 周六上午 周六下午 周日上午", "恳谈会哪天开", ("周六上午", "周六下午", "周日上午"), "times", {}),
    ("装什么 能接受的都选 选项 长椅 路灯", "装什么", ("长椅", "路灯"), "approval", {}),
    ("要不要装电梯 表决", "要不要装电梯", ("同意", "反对", "弃权"), "stance", {}),
    ("要不要装电梯 选项 同意 反对 弃权", "要不要装电梯", ("同意", "反对", "弃权"), "single", {}),
    ("装什么 选项 长椅 路灯 门禁 可选2项", "装什么", ("长椅", "路灯", "门禁"), "multiple", {"least": 1, "most": 2})])
def test_kinds(text: str, title: str, options: tuple[str, ...], kind: str, rules: dict[str, Any]) -> None:
    draft = read(text)
    assert (draft.title, draft.options, draft.kind, draft.rules, draft.missing, draft.problems) == (
        title, options, kind, rules, None, ())


@pytest.mark.parametrize(("text", "poll_class", "kind"), [
    ("要不要动用维修资金 业主表决", "owner_ordinary", "stance"), ("加装电梯 业主特别表决", "owner_special", "stance"),
    ("业委会选谁 业主投票 选项 张三 李四 王五 可选2项", "owner_ordinary", "multiple"), ("楼道堆物公约 户代表表决", "household", "stance"),
    ("居民公约 居民会议", "resident_adult", "stance"), ("一楼开店 一致同意", "unanimous", "stance"), ("装不装 选项 装 不装", "straw", "single")])
def test_classes(text: str, poll_class: str, kind: str) -> None:
    assert (read(text).poll_class, read(text).kind) == (poll_class, kind)


def test_secrecy_and_hidden_counts_are_said_in_words() -> None:
    draft = read("选楼长 选项 张三 李四 秘密投票")
    assert draft.secret and read("选楼长 选项 张三 李四 截止前不公布结果").hides and draft.title == "选楼长"


def test_words_of_a_title_stay_in_the_title() -> None:
    """Only words that stand alone say how a poll is counted."""
    for title in ("要不要给物业打分公布", "报名费由谁出", "排序规则怎么定", "一致同意后怎么办"):
        assert read(f"{title} 选项 甲 乙").title == title and read(f"{title} 选项 甲 乙").kind == "single"
