"""Reads a #接龙 list: who wrote what, which entries are new, and what the list is for."""

import re
from typing import Any

from texts.normal import plain
from understanding.context import Context, PollSeen

MOST = 20_000  # characters that are read
_HEAD = re.compile(r"^\s*(?:@\s?小议\s*)?(?:[#＃]\s?接龙|#\s?group\s?note|接龙[:\s])", re.I)
_ENTRY = re.compile(r"^\s*(?P<number>\d{1,3})\s?[.、)．]\s*(?P<rest>.*)$")
_EXAMPLE = re.compile(r"^\s*(?:例|示例|格式|example)", re.I)
_BUYS = re.compile(r"团购|拼团|[元块]|团长|自提|斤|箱|下单|秒杀|优惠|水果|鸡蛋|蔬菜|牛奶|预订|预定|买")
_SURVEYS = re.compile(r"调查|统计|摸底|意见|意向|征求|需求|收集|登记|情况|几口|是否|有没有|要不要|问卷|建议|信息")
_SIGNS = re.compile(r"报名|参加|活动|志愿|志愿者|打扫|值班|巡逻|聚餐|出游|会议|开会|议事会|恳谈|讲座|培训|义诊|清扫|集合|"
    r"跳蚤|比赛|体检|学|看房|植树|跑步")
_VOTES = re.compile(r"[Pp]\s?\d+|投票|表决|选址|选哪|同意|反对|赞成")


def is_list(text: str) -> bool:
    """Whether the message is such a list."""
    return bool(_HEAD.match(text[:200]))


def read(text: str, context: Context) -> dict[str, Any]:
    """The list as slots."""
    lines = [line for line in text[:MOST].replace("\r\n", "\n").split("\n") if line.strip()]
    head, entries = [], list[list[str]]()
    for line in lines:
        found = _ENTRY.match(line)
        if found is not None:
            name, _, said = found["rest"].strip().partition(" ")
            entries.append([name.strip(), said.strip()])
        elif _EXAMPLE.match(line):
            continue
        elif entries:
            entries[-1][1] = f"{entries[-1][1]} {line.strip()}".strip()
        else:
            head.append(_HEAD.sub("", line).strip())
    subject = plain(" ".join(head))
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
    return bool(entries) and all(said.strip().lower() in names for _, said in entries) and not _SIGNS.search(subject)


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
