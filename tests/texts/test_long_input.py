"""Repeated characters, the food of slow patterns, get an answer from everything that reads residents' words."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from texts import words
from texts.choices import Choice, poll_number, read_choice
from texts.draft import parse_draft
from texts.mask import mask
from texts.normal import addressed, plain
from texts.when import find_when, when
from understanding import danger, lexicon

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PUMPS = ["中", "一", "1", "１", " ", "\n", ",", "我家", "改", "1,", "1 ", "a", "A.", "3幢", "-1", "1-", "电梯", "两", "选项 ",
    "截止 ", "明晚", "1:", "月1", "138", "浙B", "同意", "\u200b", "|", "①", "(", "第1个", "周", "三个工作日", "国庆",
    "国庆后第一个", "节", "节后", "12月1日到", "8点到", "周五(", "每", "月底", "11:30 p", "一百"]
READERS: list[Callable[[str], object]] = [
    plain, addressed, mask, poll_number, words.category, words.place, words.home, words.is_complaint, danger.find, danger.signs, lexicon.families, words.hints, words.title,
    lambda t: words.similar(t, t), lambda t: words.same_matter(words.Matter(t, "other", None), words.Matter(t, "other",
        None)),
    lambda t: when(t, NOW), lambda t: find_when(t, NOW), lambda t: parse_draft(t, now=NOW).problems]


@pytest.mark.parametrize("pump", PUMPS)
def test_everything_answers(pump: str) -> None:
    text = (pump * 2000)[:2000]
    for read in READERS:
        read(text)
        read(text + "完")
    assert not isinstance(read_choice(text, ["同意", "反对"]), Choice)
    read_choice(text[:78], ["同意", "反对"])
    read_choice(text[:78] + "完", ["同意", "反对"])
