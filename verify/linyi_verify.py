#!/usr/bin/env python3
"""Checks the public export of a 邻议 poll from the files alone: every hash, the tree's root, the log, and the count.

    python linyi_verify.py export.zip [--root HEX] [--log-head HEX] [--receipt CODE] [--against OLDER.zip]

One file, Python 3.8 or later, nothing but the standard library, nothing of the software that ran the poll: the counts
are written a second time here, from the rules (docs/verify.md), so that an error there is not repeated here.
Exit code: 0 all is right, 1 something is wrong (it says what), 2 the export cannot be read.
Without --root or --log-head, an export that was replaced as a whole cannot be told from the true one.
"""
from __future__ import annotations

import argparse
import json
import os
import re
import sys
import zipfile
import zlib
from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from typing import Any, Callable, Dict, Iterator, List, Tuple

Json = Dict[str, Any]
Files = Dict[str, bytes]
Line = Tuple[int, bytes, Json]  # its number, itself, what it says
Place = Tuple[int, Json]  # the number of a line, what it says
Votes = List[Tuple[Any, int]]  # what ballots say, how many say it
Key = Callable[[int], Any]  # how options are compared

FORMAT = "linyi-poll-1"
NEEDED = ("poll.json", "ballots.jsonl", "result.json", "log.jsonl", "manifest.json")
KNOWN = (*NEEDED, "voters.jsonl")  # voters.jsonl only in the internal variant
BYTES, LINES, LINE = 1 << 28, 2000000, 1 << 16  # no honest export has more: bytes in all, lines of a file, bytes of a line
SHOWN = 20  # of many wrong lines the first are named
RECEIPT = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\Z")
HEX, NUMBER = re.compile(r"[0-9a-f]{64}\Z"), re.compile(r"(0|[1-9][0-9]{0,8})\Z")
TIME = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z\Z")
FRACTION = re.compile(r"[0-9]{1,6}/[1-9][0-9]{0,5}\Z")
SLACK = timedelta(seconds=60)  # two ballots at once may reach the log in the other order
STATES = {"counted": "计票", "held": "搁置，没有计票", "withdrawn": "已撤回，没有计票"}
ACTS = ("opened", "cast", "change", "withdraw", "enter", "hold", "settle", "extend", "closed", "void")
VOTING = ("cast", "change", "withdraw")  # what voters do themselves; staff may enter paper ballots until the closing row
HEADS_ONLY, BY_AREA = ("household", "resident_adult"), ("owner_ordinary", "owner_special", "unanimous")
MARKED = ("single", "stance", "multiple", "approval", "budget")  # kinds whose ballots mark options
KINDS = (*MARKED, "score", "ranked", "signup", "times")
UNIT = 100000  # a transferable vote is counted in steps of 0.00001
WORDS = {"ballots": "计票的张数", "winners": "当选项", "tied": "并列项", "marks": "票数", "points": "总分", "raters": "打分人数",
         "rounds": "各轮票数", "votes": "票数", "pairs": "两两比较", "order": "名次", "quota": "当选票数", "chosen": "选中的项目",
         "spent": "用去的钱", "left": "剩下的钱", "bought": "按份额选中的项目", "added": "用余钱补选的项目", "placed": "有名额的回执",
         "waiting": "候补的回执", "taken": "占去的名额", "yes": "能来的人数", "maybe": "必要时能来的人数", "class": "法定计票",
         "took_part": "参与表决", "all": "全体", "heads": "人数", "area": "面积", "options": "各选项", "passed": "是否通过"}


class Unreadable(Exception):
    """The export cannot be checked at all."""


class Bad(Exception):
    """A ballot is not valid for its kind of poll."""


class Findings:
    """What was found, section by section."""

    def __init__(self) -> None:
        self.bad, self.found, self.rows, self.notes = 0, [], [], []

    def wrong(self, text: str) -> None:
        self.found.append(text)

    def row(self, text: str) -> None:
        """Something wrong with one line of many; of these only the first are shown."""
        self.rows.append(text)

    def section(self, right: str) -> None:
        """Ends a section: says what is right, or everything that is wrong."""
        shown = [f"  ✗ {text}" for text in self.found + self.rows[:SHOWN]] or [f"  ✓ {right}"]
        if len(self.rows) > SHOWN:
            shown.append(f"  ✗ ……还有 {len(self.rows) - SHOWN} 处，没有一一列出")
        print("\n".join(shown + [f"  · {text}" for text in self.notes]))
        self.bad += len(self.found) + len(self.rows)
        self.found, self.rows, self.notes = [], [], []


def clean(text: object, most: int = 80) -> str:
    """Somebody else's words, made harmless for a terminal."""
    shown = "".join(c if c.isprintable() else "�" for c in str(text)[:most + 1])
    return shown if len(shown) <= most else shown[:most] + "…"


def digest(*parts: bytes) -> str:
    """SHA-256 over these bytes, as hexadecimal."""
    return sha256(b"".join(parts)).hexdigest()


# -- reading ------------------------------------------------------------------------------------------------------------

def unpack(path: str, found: Findings) -> Files:
    """The files of the archive; nothing is written to disk, so a file's name can do no harm."""
    try:
        if os.path.getsize(path) > BYTES:
            raise Unreadable("文件太大，不会是一次投票的导出")
        with zipfile.ZipFile(path) as archive:
            names = Counter(entry.filename for entry in archive.infolist())
            for name, times in names.items():
                if times > 1:
                    raise Unreadable(f"压缩包里有 {times} 个同名文件 {clean(name)}，不知道哪一个是真的")
                if name not in KNOWN:
                    found.row(f"压缩包里有不认识的文件 {clean(name)}")
            files, room = {}, BYTES
            for name in [name for name in KNOWN if name in NEEDED or name in names]:
                if name not in names:
                    raise Unreadable(f"压缩包里缺少 {name}")
                with archive.open(name) as stream:
                    files[name] = stream.read(room + 1)  # what the archive says of the size is not believed
                room -= len(files[name])
                if room < 0:
                    raise Unreadable(f"解开后太大（超过 {BYTES >> 20} MB），可能是压缩炸弹")
            return files
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, MemoryError, OverflowError) as error:
        raise Unreadable(f"打不开 {clean(path)}，不是完整的 zip 文件（{type(error).__name__}）") from None


def _whole(digits: str) -> int:
    if len(digits) > 18:
        raise ValueError
    return int(digits)


def _refused(text: str) -> None:
    raise ValueError(text)


ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_refused, parse_constant=_refused)


def canonical(thing: Any) -> bytes:
    """The one way in which a thing is written."""
    return ENCODER.encode(thing).encode()


def same(one: Any, other: Any) -> bool:
    """Equal and of equal types (for Python, True is 1)."""
    return ENCODER.encode(one) == ENCODER.encode(other)


def parsed(data: bytes, most: int) -> Json | None:
    """The JSON object in these bytes; None when it is written otherwise than canonically: double keys, spaces, order, decimals."""
    try:
        thing = DECODER.decode(data.decode()) if len(data) <= most else None
        return thing if isinstance(thing, dict) and canonical(thing) == data else None
    except (ValueError, RecursionError):
        return None


def whole_file(files: Files, name: str) -> Json:
    thing = parsed(files[name], 1 << 26)
    if thing is None:
        raise Unreadable(f"{name} 不是规范的 JSON（例如键重复、有小数、NaN 或多余的空格）")
    return thing


def lines_of(files: Files, name: str, found: Findings) -> list[Line]:
    """[(line number, line, object)] of a file; a line that cannot be read is named and left out."""
    data, read = files.get(name, b""), []
    if data.count(b"\n") > LINES:
        raise Unreadable(f"{name} 的行数太多")
    *lines, rest = data.split(b"\n")
    if rest:
        found.wrong(f"{name} 的最后一行没有写完，可能被截断")
    for number, line in enumerate(lines, 1):
        thing = parsed(line, LINE)
        if thing is None:
            found.row(f"{name} 第 {number} 行不是规范的 JSON（可能被改过、键重复或有多余的空格）")
        else:
            read.append((number, line, thing))
    return read


def whole(thing: Any, least: int = 0, most: int = 10 ** 15) -> bool:
    return type(thing) is int and least <= thing <= most


def texts(thing: Any) -> bool:
    return isinstance(thing, list) and all(isinstance(each, str) for each in thing)


def fits(thing: Any, pattern: re.Pattern[str]) -> bool:
    return isinstance(thing, str) and bool(pattern.match(thing))


def demands(poll: Json) -> Iterator[tuple[str, bool]]:
    """(part of poll.json, whether it is sound), one after the other: a later line relies on the earlier ones."""
    yield "format", poll.get("format") == FORMAT
    for name in ("community", "title", "text", "secrecy", "kind"):
        yield name, isinstance(poll.get(name), str)
    for name in ("opens_at", "closes_at", "closed_at"):
        yield name, fits(poll.get(name), TIME)
    yield "options", texts(poll.get("options")) and 1 <= len(poll["options"]) <= 60
    yield "kind", poll["kind"] in KINDS
    yield "secrecy", poll["secrecy"] in ("named", "staff", "secret")
    for name in ("rules", "class", "electorate"):
        yield name, isinstance(poll.get(name), dict)
    about, rule, rules, kind, n = poll["electorate"], poll["class"], poll["rules"], poll["kind"], len(poll["options"])
    yield "electorate", set(about) == {"size", "heads", "area"} and whole(about["size"]) and whole(about["heads"])
    yield "electorate", about["area"] is None or whole(about["area"])
    yield "class", rule.get("name") in ["straw", *HEADS_ONLY, *BY_AREA]
    for name in ("quorum", "pass") if rule["name"] != "straw" else ():
        part = rule.get(name)
        yield "class", texts(part) and len(part) == 2 and fits(part[0], FRACTION) and part[1] in ("at_least", "more_than")
    lot = rules.get("lot", None if kind in ("ranked", "budget") else list(range(n)))
    yield "rules.lot（抽签次序）", isinstance(lot, list) and all(whole(i) for i in lot) and sorted(lot) == list(range(n))
    if kind == "multiple":
        yield "rules.least/most", whole(rules.get("least"), 1, n) and whole(rules.get("most"), rules["least"], n)
    elif kind == "score":
        yield "rules.low/high", whole(rules.get("low")) and whole(rules.get("high"), rules["low"])
    elif kind == "ranked":
        yield "rules.method", rules.get("method") in ["irv", "schulze", "ranked_pairs", "stv"]
        yield "rules.seats", whole(rules.get("seats", 1), 1, n)
    elif kind == "budget":
        costs = rules.get("costs")
        yield "rules.method", rules.get("method") in ["greedy", "equal_shares"]
        yield "rules.limit/costs", whole(rules.get("limit")) and isinstance(costs, list) and len(costs) == n and all(map(whole, costs))
    elif kind == "signup":
        yield "rules.places/each", whole(rules.get("places")) and whole(rules.get("each"), 1)


# -- the tree (RFC 6962, section 2.1) -----------------------------------------------------------------------------------

def levels_of(lines: list[bytes]) -> list[list[bytes]]:
    """All levels of the tree, leaves first; an odd last node rises as it is."""
    level = [sha256(b"\0" + line).digest() for line in lines] or [sha256(b"").digest()]
    levels = [level]
    while len(level) > 1:
        above = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2])]
        level = above + level[len(above) * 2:]
        levels.append(level)
    return levels


# -- one ballot ---------------------------------------------------------------------------------------------------------

def index_of(text: str, n: int) -> int:
    if not NUMBER.match(text) or int(text) >= n:
        raise Bad(f"没有这个选项：{clean(text, 20)}")
    return int(text)


def ascending(text: str, n: int, between: str = ",") -> tuple[int, ...]:
    marks = tuple(index_of(each, n) for each in text.split(between))
    if list(marks) != sorted(set(marks)):
        raise Bad("选项重复或没有从小到大写")
    return marks


def read_choice(choice: str, poll: Json) -> Any:
    """What a ballot says; Bad when such a ballot is not possible in this poll."""
    kind, rules, n = poll["kind"], poll["rules"], len(poll["options"])
    if kind in ("single", "stance"):
        return (index_of(choice, n),)
    if kind in MARKED:
        marks = ascending(choice, n)
        if kind == "multiple" and not rules["least"] <= len(marks) <= rules["most"]:
            raise Bad(f"选了 {len(marks)} 项，应选 {rules['least']} 到 {rules['most']} 项")
        return marks
    if kind == "score":
        rated, _, points = zip(*(each.partition(":") for each in choice.split(",")))
        if not all(NUMBER.match(each) and rules["low"] <= int(each) <= rules["high"] for each in points):
            raise Bad(f"分数不在 {rules['low']} 到 {rules['high']} 之间")
        return tuple(zip(ascending(",".join(rated), n), map(int, points)))
    if kind == "ranked":
        groups = tuple(ascending(group, n, "=") if "=" in group else (index_of(group, n),) for group in choice.split(">"))
        if len(set(sum(groups, ()))) != len(sum(groups, ())):
            raise Bad("同一项排了两次")
        if rules["method"] in ("irv", "stv") and len(groups) != len(sum(groups, ())):
            raise Bad("这种投票不能并列")
        return groups
    if kind == "signup":
        if not NUMBER.match(choice) or not 1 <= int(choice) <= rules["each"]:
            raise Bad(f"人数应是 1 到 {rules['each']}")
        return int(choice)
    yes, bar, maybe = choice.partition("|")
    times = (ascending(yes, n) if yes or not bar else (), ascending(maybe, n) if bar else ())
    if set(times[0]) & set(times[1]):
        raise Bad("同一个时间写了两次")
    return times


def in_words(choice: str, poll: Json) -> str:
    """A ballot as a person would say it."""
    def name(i: int) -> str:
        return f"“{clean(poll['options'][i], 30)}”"
    says = read_choice(choice, poll)
    if poll["kind"] in MARKED:
        return "、".join(map(name, says))
    if poll["kind"] == "score":
        return "、".join(f"{name(i)} {points} 分" for i, points in says)
    if poll["kind"] == "ranked":
        return " > ".join(" = ".join(map(name, group)) for group in says)
    if poll["kind"] == "signup":
        return f"{says} 人"
    yes, maybe = ("、".join(map(name, part)) or "无" for part in says)
    return f"能来：{yes}；必要时能来：{maybe}"


def faults(ballot: Json, poll: Json) -> tuple[list[str], bool]:
    """What is wrong with a ballot's line by itself: (reasons, whether it can still be counted)."""
    wanted = {"receipt", "choice", "state", "voter", "head", "area"} | ({"seq"} if poll["kind"] == "signup" else set())
    if not fits(ballot.get("receipt"), RECEIPT) or not isinstance(ballot.get("choice"), str) or ballot.get("state") not in list(STATES):
        return ["的回执号、选择或状态写得不对"], False
    shape = whole(ballot.get("area", 0)) and isinstance(ballot.get("head", ""), str) and fits(ballot.get("voter", "0" * 64), HEX)
    if set(ballot) - wanted or not shape or not whole(ballot.get("seq", 0)):
        return ["有不该有的或写得不对的内容：" + clean("、".join(sorted(set(ballot) - wanted)) or "voter、head、area 或 seq")], False
    found = ["写有投票人，但这是不记名投票"] if "voter" in ballot and poll["secrecy"] == "secret" else []
    if ballot["state"] == "withdrawn":
        return found + (["已撤回，却还写着选择"] if ballot["choice"] else []), True
    if poll["kind"] == "signup" and "seq" not in ballot:
        return [*found, "没有先后号"], False
    if poll["class"]["name"] in BY_AREA and ("head" not in ballot or "area" not in ballot and poll["electorate"]["area"] is not None):
        found.append("没有写明业主或面积，不能按面积和人数计")
    try:
        read_choice(ballot["choice"], poll)
    except Bad as bad:
        return [*found, f"不是有效的票：{bad}"], False
    return found, True


def check_ballots(read: list[Line], poll: Json, found: Findings) -> list[Place]:
    """[(line number, ballot)] that can be counted; everything wrong is named."""
    sound, places, before, heads, order = [], {}, "", {}, {}
    for number, _line, ballot in read:
        receipt: Any = ballot.get("receipt")
        reasons, countable = faults(ballot, poll)
        if fits(receipt, RECEIPT):
            if receipt in places:
                reasons, countable = [*reasons, f"的回执号与第 {places[receipt]} 张票相同，同一张票出现了两次"], False
            elif receipt < before:
                reasons.append("没有按回执号的次序排列，次序被动过")
            places.setdefault(receipt, number)
            before = max(receipt, before)
        if countable and ballot["state"] == "counted":
            head = ballot.get("head", receipt)
            first = heads.setdefault(head, (number, ballot["choice"]))
            if first[1] != ballot["choice"]:
                reasons.append(f"与第 {first[0]} 张票同属一位业主（{clean(head, 20)}），选择却不同")
            if "seq" in ballot and order.setdefault(ballot["seq"], number) != number:
                reasons.append(f"的先后号与第 {order[ballot['seq']]} 张票相同")
        for reason in reasons:
            found.row(f"第 {number} 张票（{clean(receipt, 12)}）{reason}")
        if countable:
            sound.append((number, ballot))
    if sum(ballot["state"] != "withdrawn" for _, ballot in sound) > poll["electorate"]["size"]:
        found.wrong(f"票比应投票人（{poll['electorate']['size']}）还多")
    return sound


# -- counting -----------------------------------------------------------------------------------------------------------

def leaders(values: list[Any], any_at_all: object) -> tuple[list[int], list[int]]:
    """(winners, tied) by the largest value."""
    best = [i for i, value in enumerate(values) if any_at_all and value == max(values)]
    return (best, []) if len(best) == 1 else ([], best)


def marks_of(votes: Votes, n: int) -> list[int]:
    marks = [0] * n
    for says, weight in votes:
        for i in says:
            marks[i] += weight
    return marks


def count_marked(votes: Votes, poll: Json) -> Json:
    marks = marks_of(votes, len(poll["options"]))
    winners, tied = leaders(marks, any(marks))
    return {"marks": marks, "winners": winners, "tied": tied}


def count_score(votes: Votes, poll: Json) -> Json:
    n, low, ballots = len(poll["options"]), poll["rules"]["low"], sum(weight for _, weight in votes)
    points, raters = [low * ballots] * n, [0] * n  # who did not rate an option gave it the lowest
    for says, weight in votes:
        for i, given in says:
            points[i] += (given - low) * weight
            raters[i] += weight
    winners, tied = leaders(points, ballots)
    return {"points": points, "raters": raters, "winners": winners, "tied": tied}


def standing(history: list[list[int]], place: dict[int, int]) -> Key:
    """How candidates compare: by the latest round, then the one before, and so on; then the lot drawn beforehand."""
    return lambda c: ([votes[c] for votes in reversed(history)], -place[c])


def count_irv(votes: Votes, poll: Json) -> Json:
    n, place = len(poll["options"]), {c: p for p, c in enumerate(poll["rules"]["lot"])}
    stay, history, rounds, winners, tied = set(range(n)), [], [], [], []
    while votes and not winners and not tied:
        now, spent = [0] * n, 0
        for groups, weight in votes:
            top = next((group[0] for group in groups if group[0] in stay), None)
            if top is None:
                spent += weight
            else:
                now[top] += weight
        history.append(now)
        rounds.append({"votes": [now[c] if c in stay else None for c in range(n)], "exhausted": spent, "out": []})
        best = max(stay, key=lambda c: now[c])
        if now[best] * 2 > sum(now):
            winners = [best]
        elif len(stay) == 2:
            tied = sorted(stay)  # neither has more than half: the final two are equal
        else:
            out = min(stay, key=standing(history, place))
            stay.remove(out)
            rounds[-1]["out"] = [out]
    return {"rounds": rounds, "winners": winners, "tied": tied}


def _decimal(value: int) -> str:
    return f"{value // UNIT}.{value % UNIT:05d}"


def count_stv(votes: Votes, poll: Json) -> Json:
    """Scottish Local Government Elections Order, rules 46 to 53: weighted inclusive Gregory, no transfer after the last seat."""
    n, seats, place = len(poll["options"]), poll["rules"].get("seats", 1), {c: p for p, c in enumerate(poll["rules"]["lot"])}
    total = sum(weight for _, weight in votes)
    quota = (total // (seats + 1) + 1) * UNIT
    piles = [[] for _ in range(n)]  # of each candidate: (ranking, number of papers, value of each)
    for groups, weight in votes:
        piles[groups[0][0]].append((groups, weight, UNIT))
    held = [sum(weight * value for _, weight, value in pile) for pile in piles]
    stay, out, surplus, history, rounds, winners = set(range(n)), set(), [], [], [], []
    while total and len(winners) < seats and stay:
        history.append(list(held))
        better = standing(history, place)
        elected = sorted((c for c in stay if held[c] >= quota), key=better, reverse=True)
        row = {"votes": [None if c in out else _decimal(held[c]) for c in range(n)], "elected": elected, "out": [],
               "exhausted": _decimal(total * UNIT - sum(held))}
        rounds.append(row)
        winners += elected
        stay -= set(elected)
        surplus += [c for c in elected if held[c] > quota]
        source = None
        if len(stay) > seats - len(winners) > 0:
            source = max(surplus, key=better) if surplus else min(stay, key=better)
            if not surplus:
                stay.remove(source)
                out.add(source)
                row["out"] = [source]
        if len(stay) <= seats - len(winners):  # the last seats are filled without a further transfer
            last = sorted(stay, key=better, reverse=True)
            row["elected"] = elected + last
            winners += last
            break
        if source is None:
            break
        extra, before, pile = (held[source] - quota, held[source], piles[source]) if surplus else (1, 1, piles[source])
        held[source], piles[source] = (quota if surplus else 0), []
        surplus = [c for c in surplus if c != source]
        for groups, weight, value in pile:
            value = value * extra // before  # five decimals, the rest is cut off
            top = next((group[0] for group in groups if group[0] in stay), None)
            if top is not None and value:
                piles[top].append((groups, weight, value))
                held[top] += weight * value
    return {"quota": _decimal(quota), "rounds": rounds, "winners": winners, "tied": []}


def layers(beats: list[list[bool]], n: int) -> list[list[int]]:
    """Groups from best to worst: each time all that nobody still there beats."""
    left, order = set(range(n)), []
    while left:
        top = [i for i in sorted(left) if not any(beats[j][i] for j in left)]
        order.append(top)
        left -= set(top)
    return order


def count_condorcet(votes: Votes, poll: Json) -> Json:
    """Schulze by margins, or ranked pairs."""
    n, place = len(poll["options"]), {c: p for p, c in enumerate(poll["rules"]["lot"])}
    pairs = [[0] * n for _ in range(n)]
    for groups, weight in votes:
        rest = set(range(n))
        for group in groups:
            rest.difference_update(group)
            for i in group:
                row = pairs[i]
                for j in rest:
                    row[j] += weight
    margin = [[pairs[i][j] - pairs[j][i] for j in range(n)] for i in range(n)]
    if poll["rules"]["method"] == "schulze":
        path = [[max(margin[i][j], 0) for j in range(n)] for i in range(n)]
        for k in range(n):
            for i in range(n):
                for j in range(n):
                    path[i][j] = max(path[i][j], min(path[i][k], path[k][j]))
        beats = [[path[i][j] > path[j][i] for j in range(n)] for i in range(n)]
    else:
        beats = [[False] * n for _ in range(n)]  # always kept transitive
        wins = [(i, j) for i in range(n) for j in range(n) if margin[i][j] > 0]
        for i, j in sorted(wins, key=lambda w: (-margin[w[0]][w[1]], pairs[w[1]][w[0]], place[w[0]], place[w[1]])):
            if not beats[j][i]:
                for a in [a for a in range(n) if a == i or beats[a][i]]:
                    for b in [b for b in range(n) if b == j or beats[j][b]]:
                        beats[a][b] = True
    order = layers(beats, n)
    return {"pairs": pairs, "order": order, "winners": order[0] if votes and len(order[0]) == 1 else [],
            "tied": order[0] if votes and len(order[0]) > 1 else []}


def shares(votes: Votes, costs: list[int], limit: int, better: Key) -> list[int]:
    """The method of equal shares: everyone has an equal part of the money, and supporters pay a project together.

    Money is counted in parts of 1/unit fen, all whole numbers; `unit` grows when a payment would be a fraction.
    """
    unit = sum(weight for _, weight in votes)
    purses = [limit] * len(votes)  # limit/n fen each, in parts of 1/n
    backers = [[] for _ in costs]
    for v, (says, _) in enumerate(votes):
        for c in says:
            backers[c].append(v)
    bought, least = [], {c: Fraction(0) for c in range(len(costs)) if backers[c]}  # a project never gets cheaper for its backers
    while least:
        best = None
        for c in sorted(least, key=lambda c: (least[c], better(c))):
            if best and (least[c], better(c)) > best[0]:
                break
            payers, owed = [v for v in backers[c] if purses[v]], costs[c] * unit
            if owed > sum(purses[v] * votes[v][1] for v in payers):
                del least[c]
                continue
            while True:  # who cannot pay the equal share pays all they have
                heads = sum(votes[v][1] for v in payers)
                able = [v for v in payers if purses[v] * heads >= owed]
                if len(able) == len(payers):
                    break
                owed -= sum(purses[v] * votes[v][1] for v in payers if purses[v] * heads < owed)
                payers = able
            least[c] = Fraction(owed, heads * unit * costs[c]) if costs[c] else Fraction(0)
            if best is None or (least[c], better(c)) < best[0]:
                best = ((least[c], better(c)), c, owed, max(heads, 1))
        if best is None:
            break
        _, c, owed, heads = best
        unit, purses = unit * heads, [purse * heads for purse in purses]
        for v in backers[c]:
            purses[v] -= min(purses[v], owed)
        bought.append(c)
        del least[c]
    return bought


def count_budget(votes: Votes, poll: Json) -> Json:
    rules, n = poll["rules"], len(poll["options"])
    costs, place, marks = rules["costs"], {c: p for p, c in enumerate(rules["lot"])}, marks_of(votes, n)
    better = lambda c: (-marks[c], place[c])  # noqa: E731
    bought = shares(votes, costs, rules["limit"], better) if rules["method"] == "equal_shares" else []
    left, added = rules["limit"] - sum(costs[c] for c in bought), []
    for c in sorted(set(range(n)) - set(bought), key=better):
        if marks[c] and costs[c] <= left:
            added.append(c)
            left -= costs[c]
    facts = {"marks": marks, "chosen": bought + added, "spent": rules["limit"] - left, "left": left,
             "winners": sorted(bought + added), "tied": []}
    if rules["method"] == "equal_shares":
        facts.update(bought=bought, added=added)
    return facts


def count_signup(counted: list[Json], poll: Json) -> Json:
    placed, waiting, left = [], [], poll["rules"]["places"]
    for ballot in sorted(counted, key=lambda ballot: ballot["seq"]):
        party = int(ballot["choice"])
        if waiting or party > left:  # first come, first served: nobody passes one who waits
            waiting.append(ballot["receipt"])
        else:
            placed.append(ballot["receipt"])
            left -= party
    return {"placed": placed, "waiting": waiting, "taken": poll["rules"]["places"] - left, "winners": [], "tied": []}


def count_times(votes: Votes, poll: Json) -> Json:
    n = len(poll["options"])
    yes, maybe = (marks_of([(says[part], weight) for says, weight in votes], n) for part in (0, 1))
    winners, tied = leaders([(yes[i] + maybe[i], yes[i]) for i in range(n)], any(yes) or any(maybe))
    return {"yes": yes, "maybe": maybe, "winners": winners, "tied": tied}


def recount(counted: list[Json], poll: Json) -> Json:
    """The result facts, from the ballots and the rules alone."""
    kind = poll["kind"]
    if kind == "signup":
        facts = count_signup(counted, poll)
    else:
        votes = [(read_choice(choice, poll), weight) for choice, weight in Counter(b["choice"] for b in counted).items()]
        facts = {"score": count_score, "budget": count_budget, "times": count_times, "ranked": {
            "irv": count_irv, "stv": count_stv}.get(poll["rules"].get("method"), count_condorcet)}.get(kind, count_marked)(votes, poll)
    facts["ballots"] = len(counted)
    return facts


def reaches(part: int, everything: int | None, rule: list[str]) -> bool:
    """True when the part is at least, or more than, this fraction of the whole; whole numbers only."""
    above, below = (int(x) for x in rule[0].split("/"))
    more, enough = part * below > (everything or 0) * above, part * below >= (everything or 0) * above
    return bool(everything) and (enough if rule[1] == "at_least" else more)


def recount_class(ballots: list[Json], poll: Json, published: Json, found: Findings) -> Json:
    """Heads and areas against quorum and majority. What else blocks a certificate only the operator knows: it is taken as said."""
    rule, about, kind = poll["class"], poll["electorate"], poll["kind"]
    if rule["name"] == "straw":
        return {"name": "straw"}
    sides = ("heads",) if rule["name"] in HEADS_ONLY else ("heads", "area")

    def measure(some: list[Json]) -> Json:
        sums = {"heads": len({b.get("head", b["receipt"]) for b in some}), "area": sum(b.get("area", 0) for b in some)}
        return {side: sums[side] for side in sides}
    counted, behind = [b for b in ballots if b["state"] == "counted"], [[] for _ in poll["options"] if kind in MARKED]
    for ballot in counted if behind else ():
        for i in read_choice(ballot["choice"], poll):
            behind[i].append(ballot)
    took, everyone, options = measure(counted), {side: about[side] for side in sides}, [measure(some) for some in behind]
    for side in sides:
        if everyone[side] is not None and took[side] > everyone[side]:
            found.wrong(f"参与表决的{WORDS[side]}（{took[side]}）比全体（{everyone[side]}）还多")
    quorum = {side: reaches(took[side], everyone[side], rule["quorum"]) for side in sides}
    carried = [all(reaches(option[side], took[side], rule["pass"]) for side in sides) for option in options]
    said = published.get("class")
    blocked = said["blocked"] if isinstance(said, dict) and texts(said.get("blocked")) else []
    if "area" in sides and (about["area"] is None or any("area" not in b for b in counted)) and "missing_area" not in blocked:
        found.wrong("有业主的面积不明，结果却没有写 missing_area")
    passed = None if blocked or not carried or kind == "budget" else all(quorum.values()) and any(carried[:1] if kind == "stance" else carried)
    return {"name": rule["name"], "preset": rule.get("preset"), "all": everyone, "took_part": took, "options": options, "quorum": quorum,
            "passed": passed, "certified": not blocked, "blocked": blocked, "held": sum(b["state"] == "held" for b in ballots)}


def compare(path: list[Any], mine: Any, said: Any, poll: Json, found: Findings) -> None:
    """Names each place where the published result differs from the recount."""
    if isinstance(mine, dict) and isinstance(said, dict) and set(mine) == set(said):
        for name in mine:
            compare([*path, name], mine[name], said[name], poll, found)
    elif isinstance(mine, list) and isinstance(said, list) and len(mine) == len(said) and path[-1] in (
            "marks", "points", "raters", "yes", "maybe", "options", "rounds"):
        for i, (here, there) in enumerate(zip(mine, said)):
            compare([*path, i], here, there, poll, found)
    elif not same(mine, said):
        name, at = "·".join(WORDS.get(each, each) for each in path if isinstance(each, str)), [i for i in path if isinstance(i, int)]
        if at:
            name += f"，第 {at[0] + 1} 轮" if "rounds" in path else f"，第 {at[0] + 1} 项“{clean(poll['options'][at[0]], 30)}”"
        there, here = (clean(ENCODER.encode(value), 160) for value in (said, mine))
        found.wrong(f"公布的{clean(name)}是 {there}，重新数是 {here}")


def check_result(facts: Json, result: Json, poll: Json, found: Findings) -> None:
    for name in sorted(set(facts) ^ set(result)):
        found.wrong(f"结果里{'缺少' if name in facts else '多出'} {clean(WORDS.get(name, name))}")
    for name in sorted(set(facts) & set(result)):
        compare([name], facts[name], result[name], poll, found)


# -- the log, the voters, older copies ----------------------------------------------------------------------------------

def check_chain(read: list[Line], found: Findings) -> tuple[list[Place], str]:
    """Follows the log's hashes row by row: [(line number, row)] that are sound, and the last hash."""
    prev, seq, rows = "0" * 64, 0, []
    for number, _line, row in read:
        reasons, sound = [], set(row) == {"seq", "at", "act", "ballot", "prev", "hash"} and row["act"] in list(ACTS) and whole(
            row["seq"]) and fits(row["at"], TIME) and texts([row["ballot"], row["prev"], row["hash"]])
        if not sound:
            reasons.append("写得不对")
        else:
            if row["seq"] != seq + 1:
                reasons.append(f"的序号是 {row['seq']}，应是 {seq + 1}：有行被删、被加或换了次序")
            if row["prev"] != prev:
                reasons.append("接不上前一行：前面有行被删、被加、被改或换了次序")
            if digest(row["prev"].encode(), canonical({name: row[name] for name in row if name != "hash"})) != row["hash"]:
                reasons.append("的内容与它自己的哈希不符：这一行被改过")
            seq, prev = row["seq"], row["hash"]
            rows.append((number, row))
        for reason in reasons:
            found.row(f"日志第 {number} 行（{clean(row.get('act'), 12)}）{reason}")
    return rows, prev


def moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return datetime.max


def check_course(rows: list[Place], poll: Json, root: str, found: Findings) -> Counter[str]:
    """What happened when: opened once with the text that stands, ballots within the time, closed on this root. Counts the acts."""
    frozen = digest(canonical({name: poll[name] for name in poll if name not in ("closes_at", "closed_at")}))
    acts, latest, closing, end = Counter(), "", None, min(poll["closes_at"], poll["closed_at"])
    for number, row in rows:
        act, at = row["act"], row["at"]
        where = f"日志第 {number} 行（{act}）"
        if at < latest and moment(latest) - moment(at) > SLACK:
            found.row(f"{where}的时间 {at} 比前面的行早")
        if act in VOTING and not poll["opens_at"] <= at <= end:
            found.row(f"{where}的时间 {at} 不在投票时间 {poll['opens_at']} 到 {end} 之内")
        if act in (*VOTING, "enter") and (closing or not acts["opened"]):
            found.row(where + ("在投票结束之后" if closing else "在投票开始之前"))
        if act == "opened" and row["ballot"] != frozen:
            found.wrong(f"标题、说明、选项、规则或应投票人与日志第 {number} 行（opened）记下的不同：开始之后被改过")
        latest, closing = max(at, latest), row if act == "closed" else closing
        acts[act] += 1
    if acts["opened"] != 1 or not closing:
        found.wrong(f"日志里应有一行 opened、至少一行 closed，现有 {acts['opened']} 行和 {acts['closed']} 行：开头或末尾被删")
    elif closing["ballot"] != digest(root.encode(), digest(canonical(poll)).encode()):
        found.wrong("选票的根或投票的内容、时间与日志 closed 那一行记下的不同：结束之后选票或 poll.json 被改过")
    elif closing["at"] != poll["closed_at"]:
        found.wrong(f"结束时间是 {poll['closed_at']}，日志里是 {closing['at']}")
    found.notes += ["日志里写明：这次投票已经作废"] if acts["void"] else []
    return acts


def check_log_of_ballots(rows: list[Place], acts: Counter[str], ballots: list[Place], salts: dict[str, str], poll: Json,
                         found: Findings) -> None:
    """The log and the ballots must tell the same: as many, and each as it was cast where that can be looked up."""
    if acts["cast"] + acts["enter"] != len(ballots):
        found.wrong(f"日志里投出、录入了 {acts['cast'] + acts['enter']} 张票，选票却有 {len(ballots)} 张：有票被删或被加")
    states, said = Counter(ballot["state"] for _, ballot in ballots), {row["ballot"] for _, row in rows}
    for state, act, name in (("withdrawn", "withdraw", "撤回"), ("held", "hold", "搁置")):
        if states[state] > acts[act]:
            found.wrong(f"{name}的票有 {states[state]} 张，日志里只有 {acts[act]} 次{name}")
    for number, ballot in ballots:
        receipt = ballot["receipt"]
        salt = "" if poll["secrecy"] == "named" else salts.get(receipt)  # unsalted only where every name is public anyway
        words = canonical({"receipt": receipt, "choice": ballot["choice"]})
        if salt is not None and digest(salt.encode(), words) not in said:
            found.row(f"第 {number} 张票（{receipt}）的选择在日志里没有：这张票被改过")


def check_voters(files: Files, ballots: list[Place], poll: Json, found: Findings) -> dict[str, str]:
    """The internal list: each voter fits the hash on the ballot, and nobody has two. Returns the salts."""
    of, seen = {ballot["receipt"]: (number, ballot) for number, ballot in ballots}, {}
    salts: dict[str, str] = {}
    if "voters.jsonl" not in files:
        return salts
    if poll["secrecy"] == "secret":
        found.wrong("不记名投票的导出里有 voters.jsonl：这份文件泄露了谁投了什么")
    for number, _line, row in lines_of(files, "voters.jsonl", found):
        receipt, voter, salt = (row.get(name, 0) for name in ("receipt", "voter", "salt"))
        if not texts([receipt, voter, salt]) or len(row) != 3 or receipt not in of or receipt in salts:
            found.row(f"voters.jsonl 第 {number} 行写得不对，或没有这张票")
            continue
        salts[receipt], (place, ballot) = salt, of[receipt]
        if digest((salt + voter).encode()) != ballot.get("voter"):
            found.row(f"第 {place} 张票（{receipt}）的投票人与 voters.jsonl 不符")
        if ballot["state"] == "counted" and seen.setdefault(voter, receipt) != receipt:
            found.row(f"同一个人有两张计票的票：{seen[voter]} 和 {receipt}")
    for receipt in sorted(set(of) - set(salts)):
        found.row(f"voters.jsonl 里没有第 {of[receipt][0]} 张票（{receipt}）")
    return salts


def check_against(older: str, lines: list[Line], found: Findings) -> None:
    """Names every ballot that differs from an older copy of the same export."""
    theirs = {str(ballot.get("receipt")): line for _, line, ballot in lines_of(unpack(older, found), "ballots.jsonl", found)}
    for number, line, ballot in lines:
        receipt = str(ballot.get("receipt"))
        there = theirs.pop(receipt, None)
        if there != line:
            what = "那里没有这张票" if there is None else f"那里是 {clean(there.decode(), 300)}"
            found.row(f"第 {number} 张票（{clean(receipt, 12)}）与早先的导出不同：{what}")
    for receipt in sorted(theirs):
        found.row(f"早先的导出里有 {clean(receipt, 12)} 这张票，这里没有")
    found.section("与早先保存的导出相比：每张票都相同")


# -- the whole ----------------------------------------------------------------------------------------------------------

def posted(given: str, true: str) -> bool:
    """True when the hash that was posted is this one: any case, spaces; its first half is enough."""
    text = re.sub(r"[\s.…]", "", given).lower()
    return len(text) >= 32 and true.startswith(text)


def check_files(files: Files, manifest: Json, found: Findings) -> None:
    sums: Any = manifest.get("files") if isinstance(manifest.get("files"), dict) else {}
    for name in sorted((set(files) | set(sums)) - {"manifest.json"}):
        if name not in files or sums.get(name) != digest(files[name]):
            found.wrong(f"{clean(name)} 与清单 manifest.json 里的哈希不符：清单写成之后被改过")
    if set(manifest) != {"format", "files", "tree_size", "root", "log_head", "audit_head"} or manifest["format"] != FORMAT or (
            manifest["audit_head"] != "" and not fits(manifest["audit_head"], HEX)):
        found.wrong("manifest.json 的内容不全、有多余或写得不对")
    found.section(f"文件：{len(files)} 个，都与清单相符")


def check_root(files: Files, manifest: Json, asked: str, found: Findings) -> list[list[bytes]]:
    """The tree over the ballots' lines; returns its levels."""
    leaves = files["ballots.jsonl"].split(b"\n")[:-1]
    levels = levels_of(leaves)
    root = levels[-1][0].hex()
    if manifest.get("root") != root or not same(manifest.get("tree_size"), len(leaves)):
        found.wrong(f"选票的根是 {root}（{len(leaves)} 张），清单里写的是 {clean(manifest.get('root'))}（{clean(manifest.get('tree_size'))} 张）："
                    "选票被改、被删、被加或换了次序")
    if asked and not posted(asked, root):
        found.wrong(f"选票与公布的根不符：群里公布的是 {clean(asked)}，这份导出是 {root}。这不是当时公布的那一份；从根看不出是哪一张，"
                    "请用 --against 与早先保存的导出比，或用 --receipt 查自己的票")
    found.section(f"根：{root}" + ("，与群里公布的相同" if asked else ""))
    return levels


def show_receipt(said: str, lines: list[Line], poll: Json, levels: list[list[bytes]]) -> bool:
    """Prints one ballot and its way up to the root; False when there is none."""
    code = "".join(c for c in said.upper().translate(str.maketrans("OIL", "011")) if c.isalnum())
    none = (0, b"", dict.fromkeys(("choice", "state"), ""))
    number, line, ballot = next((each for each in lines if each[2].get("receipt") == f"{code[:4]}-{code[4:]}"), none)
    print(f"回执 {clean(code[:4], 4)}-{clean(code[4:], 20)}")
    if not number:
        print("  ✗ 这份导出里没有这张票")
        return False
    try:
        says = in_words(ballot["choice"], poll) if ballot.get("choice") else "没有选择"
    except (Bad, AttributeError) as bad:
        says = f"无效（{bad}）"
    print(f"  第 {number} 张票：{says}（{STATES.get(str(ballot.get('state')), '？')}）\n  原文：{clean(line.decode(), 400)}")
    node, index = sha256(b"\0" + line).digest(), number - 1
    print(f"  叶：{node.hex()}")
    for level in levels[:-1]:
        if index ^ 1 < len(level):
            other = level[index ^ 1]
            node = sha256(b"\1" + (other + node if index & 1 else node + other)).digest()
            print(f"  与{'左' if index & 1 else '右'}边 {other.hex()} 合成 {node.hex()}")
        index >>= 1
    print("  ✓ 一路合成到根，这张票在里面" if node == levels[-1][0] else "  ✗ 合不到根")
    return node == levels[-1][0]


def in_short(facts: Json, poll: Json) -> str:
    """The result in a sentence."""
    names, parts = [f"“{clean(option, 30)}”" for option in poll["options"]], [f"计票 {facts['ballots']} 张"]
    for key, word in (("marks", "票"), ("points", "分"), ("yes", "人能来")):
        parts += [f"{name} {value} {word}" for name, value in zip(names, facts.get(key, ()))]
    for key, word in (("winners", "胜出"), ("tied", "并列，没有胜出")):
        if facts[key]:
            parts.append(f"{word}：" + "、".join(names[i] for i in facts[key]))
    if facts["class"]["name"] != "straw":
        parts.append({True: "达到法定比例，通过", False: "没有达到法定比例，不通过", None: "不能据此认定是否通过"}[facts["class"]["passed"]])
    return "，".join(parts) + "。"


def verify(asked: Any) -> int:
    """The whole check, section by section; how many things are wrong."""
    found = Findings()
    files = unpack(asked.export, found)
    poll, result, manifest = (whole_file(files, name) for name in ("poll.json", "result.json", "manifest.json"))
    for what, good in demands(poll):
        if not good:
            raise Unreadable(f"poll.json 里的 {what} 不对")
    print(f"投票 P{clean(poll.get('number'))}：{clean(poll['title'])}")
    check_files(files, manifest, found)
    lines = lines_of(files, "ballots.jsonl", found)
    sound = check_ballots(lines, poll, found)
    ballots = [ballot for _, ballot in sound]
    counted = [ballot for ballot in ballots if ballot["state"] == "counted"]
    found.section(f"选票：{len(ballots)} 张，都有效，没有重复；计票 {len(counted)} 张")
    levels = check_root(files, manifest, asked.root, found)

    rows, head = check_chain(lines_of(files, "log.jsonl", found), found)
    acts = check_course(rows, poll, levels[-1][0].hex(), found)
    check_log_of_ballots(rows, acts, sound, check_voters(files, sound, poll, found), poll, found)
    if manifest.get("log_head") != head:
        found.wrong(f"日志的末尾是 {clean(head)}，清单里写的是 {clean(manifest.get('log_head'))}：末尾有行被删或被加")
    if asked.log_head and not posted(asked.log_head, head):
        found.wrong(f"日志与公布的不符：公布的末尾是 {clean(asked.log_head)}，这份导出是 {clean(head)}。日志被改过或被截短")
    found.section(f"日志：{len(rows)} 行，环环相接，末尾 {clean(head)}" + ("，与公布的相同" if asked.log_head else ""))

    facts = recount(counted, poll)
    facts["class"] = recount_class(ballots, poll, result, found)
    check_result(facts, result, poll, found)
    found.section("重新计票：与公布的结果完全相同。" + in_short(facts, poll))
    if asked.against:
        check_against(asked.against, lines, found)
    if asked.receipt and not show_receipt(asked.receipt, lines, poll, levels):
        found.bad += 1
    return found.bad


def main(argv: list[str] | None = None) -> int:
    """Reads the command line, checks, says what came of it."""
    words = argparse.ArgumentParser(description="核对一次投票的公开导出：重算每个哈希，重新计票，说出哪里不对。")
    words.add_argument("export", help="导出的 zip 文件")
    words.add_argument("--root", default="", metavar="HEX", help="群里公布的根（前 32 位就够）")
    words.add_argument("--log-head", default="", metavar="HEX", help="公布的日志末尾（前 32 位就够）")
    words.add_argument("--receipt", default="", metavar="CODE", help="查一张票，如 7K3M-Q9XD")
    words.add_argument("--against", default="", metavar="ZIP", help="早先保存的同一次投票的导出，逐张比较")
    asked = words.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        bad = verify(asked)
    except Unreadable as why:
        print(f"不能核对：{why}")
        return 2
    print(f"结论：这份导出有 {bad} 处不对。" if bad else "结论：这份导出前后一致，结果是对的。")
    if not asked.root and not asked.log_head:
        print("注意：没有与群里公布的根或日志末尾比较。如果整份导出都被换掉，单看导出看不出来；请加 --root 或 --log-head。")
    elif not asked.log_head:
        print("注意：根只管选票。题目、选项和经过由日志末尾管，请再加 --log-head。")
    print("核对不能发现的：有人替别人投票、应投票人名单不对、投票人受了压力。自己的票请用 --receipt 查。")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
