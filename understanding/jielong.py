"""Reads a #接龙 list: who wrote what, which entries are new, and what the list is for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from texts.normal import plain
from understanding.context import Context, PollSeen

MOST = 20_000  # characters that are read
_HEAD = re.compile(r"^\s*(?:@\s?小议\s*)?(?:[#＃]\s?接龙|#\s?group\s?note|接龙[:\s])", re.I)
_ENTRY = re.compile(r"^\s*(?P<number>\d{1,3})\s?[.、)．]\s*(?P<rest>.*)$")
_EXAMPLE = re.compile(r"^\s*(?:例|示例|格式|example)", re.I)
_ME = re.compile(r"我(?:就)?是(?:第)?\s?(\d{1,3})\s?号?[。.!！]?")
_BUYS = re.compile(r"团购|拼团|[元块]|团长|自提|斤|箱|下单|秒杀|优惠|水果|鸡蛋|蔬菜|牛奶|预订|预定|买")
_SURVEYS = re.compile(r"调查|统计|摸底|意见|意向|征求|需求|收集|登记|情况|几口|是否|有没有|要不要|问卷|建议|信息")
_SIGNS = re.compile(r"报名|参加|活动|志愿|志愿者|打扫|值班|巡逻|聚餐|出游|会议|开会|议事会|恳谈|讲座|培训|义诊|清扫|集合|"
    r"跳蚤|比赛|体检|学|看房|植树|跑步")
_VOTES = re.compile(r"[Pp]\s?\d+|投票|表决|选址|选哪|同意|反对|赞成")


def is_list(text: str) -> bool:
    """Whether the message is such a list."""
    return bool(_HEAD.match(text[:200]))


@dataclass(frozen=True, slots=True)
class Entry:
    """One numbered line: the first word is whose it is, as far as anybody can tell."""

    index: int
    name: str
    said: str = ""

    @property
    def text(self) -> str:
        """The line without its number."""
        return f"{self.name} {self.said}".strip()


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as it was pasted."""

    topic: str  # as written, lines joined
    entries: tuple[Entry, ...] = ()
    me: int | None = None  # 我是3号: which line is that of who pasted it


def parse(text: str) -> Listed:
    """Topic and entries; an entry may go on over several lines, a number may come twice, the example is nobody's."""
    head, found, me = list[str](), list[tuple[int, str]](), None
    for line in text[:MOST].replace("\r\n", "\n").split("\n"):
        line = line.strip()
        entry = _ENTRY.match(line)
        if not line or _EXAMPLE.match(line):
            continue
        if said := _ME.fullmatch(line):
            me = int(said[1])
        elif entry is not None:
            found.append((int(entry["number"]), entry["rest"].strip()))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line}".strip())
        else:
            head.append(_HEAD.sub("", line).strip())
    parts = ((n, *rest.partition(" ")) for n, rest in found)
    return Listed(" ".join(filter(None, head)), tuple(Entry(n, name.strip(), said.strip()) for n, name, _, said in parts), me)


def write(topic: str, example: str, entries: Sequence[Entry] = ()) -> str:
    """The list as people go on with it in a group."""
    lines = [f"{e.index}. {e.text}" for e in entries]
    return "\n".join(["#接龙", topic, f"例 {example}", "", *lines]).rstrip()


def read(text: str, context: Context) -> dict[str, Any]:
    """The list as slots."""
    listed = parse(text)
    entries = [[e.name, e.said] for e in listed.entries]
    subject = plain(listed.topic)
    poll = _poll(subject, entries, context)
    slots: dict[str, Any] = {"kind": _kind(subject, entries, poll)}
    if slots["kind"] == "vote" and poll is not None:
        slots["poll_id"] = poll
    slots["entries"] = entries
    if slots["kind"] != "vote":  # a ballot's number is counted by the poll
        slots["count"] = len(entries)
    if context.prev_jielong_count:
        slots["new_entries"] = entries[context.prev_jielong_count:]
    return slots


def _poll(subject: str, entries: list[list[str]], context: Context) -> str | None:
    if named := re.search(r"(?<![A-Za-z\d])[Pp]\s?(\d{1,6})(?!\d)", subject):
        return f"P{int(named[1])}"
    return next((p.id for p in context.open_polls if p.title and _meant(p, subject, entries)), None)


def _meant(poll: PollSeen, subject: str, entries: list[list[str]]) -> bool:
    if poll.title[:8] in subject or (len(subject) >= 4 and subject in poll.title):
        return True
    names = {n.lower() for n in poll.names()}
    return bool(entries) and all(said.strip().lower() in names for _, said in entries) and not (
        _SIGNS.search(subject) or _BUYS.search(subject))


def _kind(subject: str, entries: list[list[str]], poll: str | None) -> str:
    said = " ".join(s for _, s in entries)
    if poll is not None or re.search(r"投票|表决", subject):
        return "vote"
    if _BUYS.search(subject):
        return "group_buy"
    if _SIGNS.search(subject):
        return "signup"
    if _VOTES.search(subject):
        return "vote"
    if _SURVEYS.search(subject):
        return "survey"
    return "group_buy" if _BUYS.search(said) else "signup"
