"""Polls as grid workers type them."""

from datetime import UTC, datetime

import pytest

from texts.draft import PollDraft, parse_draft, split_options

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STANCES = ("同意", "反对", "弃权")


def read(text: str) -> PollDraft:
    return parse_draft(text, now=NOW)


@pytest.mark.parametrize("text", [
    "发起投票 要不要装电梯 选项 同意 反对 弃权 截止 明晚8点",
    "发起投票：要不要装电梯，选项：同意、反对、弃权，截止：明晚８点", "要不要装电梯 同意|反对|弃权 截止 明晚8点",
    "要不要装电梯 | 同意 | 反对 | 弃权 | 截止明晚8点", "要不要装电梯｜同意｜反对｜弃权｜截止明晚8点",
    "要不要装电梯\n选项\n同意\n反对\n弃权\n截止 明晚8点",
    "要不要装电梯\n1. 同意\n2. 反对\n3. 弃权\n截止：明晚8点", "要不要装电梯 A.同意 B.反对 C.弃权 截止明晚8点",
    "要不要装电梯 ①同意②反对③弃权 截止明晚8点",
    "截止 明晚8点 选项 同意 反对 弃权 标题 要不要装电梯", "要不要装电梯 同意 反对 弃权 明晚8点截止",
    "要不要装电梯 截止 明晚8点 同意 反对 弃权", "“要不要装电梯” 选项 同意/反对/弃权 截止 明晚8点",
    "發起投票 要不要裝電梯 選項 同意 反對 棄權 截止 明晚8點",
    "/发起投票 要不要装电梯 选项 A、同意 B、反对 C、弃权 截止时间 明天晚上八点"])
def test_one_poll_in_many_spellings(text: str) -> None:
    assert read(text) == PollDraft("要不要装电梯", STANCES, TOMORROW, read(text).deadline_text)
    assert read(text).missing is None and read(text).problems == ()


@pytest.mark.parametrize(("text", "missing"), [
    ("发起投票", "title"), ("发起投票 要不要装电梯", "options"), ("要不要装电梯 截止 明晚8点",
        "options"), ("要不要装电梯 选项 同意 反对", "deadline"),
    ("要不要装电梯 3幢", "options")])
def test_what_is_missing_is_named(text: str, missing: str) -> None:
    assert read(text).missing == missing


@pytest.mark.parametrize(("text", "problems"), [
    ("装 选项 同意 同 意 反对 截止 明天", ()), ("装 选项 同意、同 意、反对 截止 明天",
        ("duplicate_option",)), ("装 选项 同意 ＯＫ OK 截止 明天", ("duplicate_option",)),
    ("装 选项 АВ、AB 截止 明天", ("duplicate_option",)), ("装 选项 同意 截止 明天",
        ("too_few_options",)), ("装 选项 1甲 2乙 3丙 4丁 5戊 6己 7庚 8辛 9壬 10癸 11子 截止 明天", ("too_many_options",)),
    ("装 选项 " + "长" * 31 + " 反对 截止 明天", ("option_too_long",)), ("装" * 61 + " 选项 同意 反对 截止 明天",
        ("title_too_long",)),
    ("装 选项 同意 反对 截止 今天上午9点", ("deadline_past",)), ("装 选项 同意 反对 截止 回头再说",
        ("deadline_unreadable",))])
def test_problems_are_named(text: str, problems: tuple[str, ...]) -> None:
    assert read(text).problems == problems


def test_how_it_is_counted_may_stand_anywhere() -> None:
    draft = read("每户一票 匿名 公共收益用途 选项 修监控 换器材 补绿化 最多选2项 截止 月底 范围 三号楼")
    assert (draft.title, draft.multiple, draft.household, draft.anonymous, draft.scope) == ("公共收益用途",
        2, True, True, "3幢")
    draft = read("公共收益用途 多选 选项 修监控 换器材 补绿化 截止 月底 本群 实名")
    assert (draft.multiple, draft.household, draft.anonymous, draft.scope) == (3, False, False, "本群")
    assert read("装电梯 选项 同意 反对 截止 明天，全小区，每人一票").scope == "全小区"


def test_words_of_the_form_inside_a_title_stay_there() -> None:
    assert read("投票选项怎么定 选项 照旧 重来 截止 明天").title == "投票选项怎么定"
    assert read("要不要匿名投票表决 选项 要 不要 截止 明天").anonymous is False
    assert read("“选项 截止 怎么定” 选项 照旧 重来 截止 明天").title == "选项 截止 怎么定"
    assert read("要不要装电梯？选项 同意 反对 截止 2分钟后").title == "要不要装电梯？"


@pytest.mark.parametrize(("text", "options"), [
    ("同意 反对", ("同意", "反对")), ("A、B、C", ("A", "B", "C")), ("3.5万 4万", ("3.5万", "4万")), ("1.3幢东侧 2.车库",
        ("3幢东侧", "车库")), ("1、修灯 2、修路", ("修灯", "修路")),
    ("A.3幢 东侧 B.车库", ("3幢 东侧", "车库")), ("修灯；修路", ("修灯", "修路")), ("同意，反对", ("同意",
        "反对")), ("①装②不装", ("装", "不装")), ("", ())])
def test_options_are_parted_by_the_sign_that_is_used(text: str, options: tuple[str, ...]) -> None:
    assert split_options(text) == options
