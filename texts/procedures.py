"""Reads the procedures of deliberation: one YAML file each, ours in `procedures/`, a community's own in a folder of its own.

A file that is wrong is refused with a sentence that says where, what, and what to write instead; the others can be used.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from domain.classes import AT_LEAST, MORE_THAN, Bar
from domain.procedures import Course, Deed, Ending, MeetingRule, Part, Phase
from domain.timers import Span
from texts.numbers import number
from texts.say import say

FOLDER = Path(__file__).parent.parent / "procedures"
PLAIN = "一般协商"
DEEDS = {"提议": Deed.PROPOSE, "发言": Deed.SPEAK, "表态": Deed.STANCE, "提问": Deed.ASK, "投票": Deed.VOTE, "评价": Deed.RATE,
         "征言": Deed.GATHER}
ENDS = {"表决": Ending.VOTE, "结论": Ending.CONSENSUS, "居民会议": Ending.ASSEMBLY}
PARTS = {"协商": Part.TALK, "办理": Part.WORK, "评价": Part.RATE}
OF = {"应到": True, "到会": False}
_COURSE = {"名称", "别名", "主持", "说明", "环节"}
_PHASE = {"名称", "居民可以", "时长", "会议", "怎么定", "阶段", "开始时说", "结束时说"}
_MEETING = {"到会", "同意", "按"}
UNITS = {"个工作日": "workdays", "工作日": "workdays", "天": "days", "小时": "hours", "分钟": "minutes"}
SPAN = re.compile(r"(\d{1,3})\s*(个工作日|工作日|天|小时|分钟)")
_BAR = re.compile(r"(过)?\s*(\d{1,2})/(\d{1,2})\s*(以上)?")
LARGEST = 20_000  # characters of a file
DEEPEST = 16  # lists in lists; ours have four
_LONGEST = 120  # characters of a sentence of one's own


class Wrong(Exception):
    """A procedure cannot be used: in which phase (from 1; 0 is the procedure itself), which item of it, and why."""

    def __init__(self, kind: str, *, item: str = "", place: int = 0, **facts: Any):
        super().__init__(kind)
        self.kind, self.item, self.place = kind, item, place
        self.file = self.phase = ""
        self.why = say(f"course.wrong.{kind}", item=item, **facts)

    def __str__(self) -> str:
        where = say("course.wrong.where", file=self.file, place=self.place, name=self.phase).strip() if self.place else self.file
        return f"{where}：{self.why}" if where else self.why


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds."""

    courses: dict[str, Course]
    problems: list[str]


_known: dict[str, Course] = {}
_folders = [FOLDER]  # what stands later comes first


def configure(own: str | Path | None = None) -> list[str]:
    """Reads ours and a community's own, which come first; returns what is wrong with its files."""
    ours = read(FOLDER)
    mine = read(Path(own)) if own else Found({}, [])
    _folders[1:] = [Path(own)] if own else []
    _known.clear()
    _known.update(ours.courses | mine.courses)
    return ours.problems + mine.problems


def source_of(name: str) -> str:
    """How a procedure of a file is written, to begin one's own from; '' when it is in none."""
    for path in (path for folder in reversed(_folders) for path in sorted(folder.glob("*.y*ml"))):
        with suppress(Wrong):
            if read_file(path).name == name:
                return path.read_text("utf-8")
    return ""


def known() -> list[Course]:
    """Every procedure that can be used, the plain one first."""
    if not _known:
        configure()
    return sorted(_known.values(), key=lambda c: (c.name != PLAIN, c.name))


def called(words: str) -> Course | None:
    """The procedure of this name; without words the plain one."""
    wanted = words or PLAIN
    return next((c for c in known() if wanted == c.name or wanted in c.words), None)


def read(folder: Path) -> Found:
    """Every file of a folder, with the sentences about those that cannot be used."""
    if not folder.is_dir():
        return Found({}, [say("course.wrong.folder", folder=folder)])
    courses: dict[str, Course] = {}
    problems = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            found = read_file(path)
            if found.name in courses:
                raise _in(Wrong("twice", name=found.name), path.name)
            courses[found.name] = found
        except Wrong as wrong:
            problems.append(str(wrong))
    return Found(courses, problems)


def read_file(path: Path) -> Course:
    """One procedure; Wrong says what is wrong with it."""
    try:
        return read_text(path.read_text("utf-8"), path.name)
    except UnicodeDecodeError:
        raise _in(Wrong("yaml", line=1), path.name) from None


def read_text(text: str, where: str) -> Course:
    """The same of a text that a stranger may have written; `where` names it in the sentences."""
    try:
        return _course(load(text))
    except Wrong as wrong:
        raise _in(wrong, where) from None


def load(text: str) -> dict[str, Any]:
    """The data of such a text, not yet checked any further."""
    try:
        if len(text) > LARGEST or _refers(text):
            raise Wrong("large", most=LARGEST)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise Wrong("yaml", line=mark.line + 1 if mark else 1) from None
    if not isinstance(data, dict):
        raise Wrong("empty")
    return data


def _in(wrong: Wrong, file: str) -> Wrong:
    wrong.file = file
    return wrong


def _course(data: dict[str, Any]) -> Course:
    _unknown(data, _COURSE)
    name = _text(data, "名称", most=16)
    if not name:
        raise Wrong("name", item="名称")
    phases = data.get("环节")
    if not isinstance(phases, list) or not phases:
        raise Wrong("phases", item="环节")
    read_phases = tuple(_placed(p, n) for n, p in enumerate(phases, 1))
    _whole(read_phases)
    return Course(name, read_phases, _text(data, "主持", most=8), tuple(words(data, "别名")))


def _refers(text: str) -> bool:
    """True when something in it stands for another part; deeper than any procedure is, reading would take its time squared."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            return True
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem_mark=mark)
    return False


def _placed(data: Any, place: int) -> Phase:
    try:
        return _phase(data)
    except Wrong as wrong:
        name = data.get("名称") if isinstance(data, dict) else ""
        wrong.place, wrong.phase = place, name.strip() if isinstance(name, str) and wrong.item != "名称" else ""
        raise


def _phase(data: Any) -> Phase:
    if not isinstance(data, dict):
        raise Wrong("phase")
    name = _text(data, "名称", most=16)
    if not name:
        raise Wrong("name", item="名称")
    _unknown(data, _PHASE)
    found = Phase(
        name, tuple(_chosen(data, "居民可以", DEEDS)), _span(data.get("时长")), _meeting(data.get("会议")),
        tuple(_chosen(data, "怎么定", ENDS)), next(iter(_chosen(data, "阶段", PARTS)), Part.TALK),
        _text(data, "开始时说"), _text(data, "结束时说"))
    if found.span and found.meeting:
        raise Wrong("span_and_meeting", item="会议")
    if found.ends and found.meeting:
        raise Wrong("ends_and_meeting", item="怎么定")
    if found.part is not Part.TALK and (found.span or found.meeting or found.ends):
        raise Wrong("after", item="阶段")
    return found


def _whole(phases: tuple[Phase, ...]) -> None:
    """Exactly one phase decides, and it is the last in which people talk; then work, then judging."""
    order = [list(Part).index(p.part) for p in phases]
    if order != sorted(order):
        raise Wrong("order", item="阶段", place=next(n for n, pair in enumerate(pairwise(order), 2) if pair[0] > pair[1]))
    talks = [p for p in phases if p.part is Part.TALK]
    deciding = [n for n, p in enumerate(talks, 1) if p.ends]
    if deciding != [len(talks)] or not talks:
        place = next((n for n in deciding if n < len(talks)), len(talks) or 1)
        raise Wrong("deciding", item="怎么定", place=place, names=[talks[n - 1].name for n in deciding])


def _span(said: Any) -> Span | None:
    if said is None:
        return None
    found = SPAN.fullmatch(str(said).strip())
    if found is None or not int(found[1]):
        raise Wrong("span", item="时长", said=said)
    return Span(**{UNITS[found[2]]: int(found[1])})


def _meeting(said: Any) -> MeetingRule | None:
    if said is None:
        return None
    if not isinstance(said, dict) or not said.keys() >= {"到会", "同意"}:
        raise Wrong("meeting", item="会议")
    _unknown(said, _MEETING)
    of = str(said.get("按", "到会"))
    if of not in OF:
        raise Wrong("choice", item="按", said=of, known=list(OF))
    return MeetingRule(_bar(said, "到会"), _bar(said, "同意"), OF[of])


def _bar(rule: dict[str, Any], item: str) -> Bar:
    said = rule[item]
    words = str(said).strip()
    if words in ("过半", "过半数"):
        return Bar(Fraction(1, 2), MORE_THAN)
    parts = re.fullmatch(r"(过)?([一二三四五六七八九十]+)分之([一二三四五六七八九十]+)(以上)?", words)
    if parts:
        words = f"{parts[1] or ''}{number(parts[3])}/{number(parts[2])}{parts[4] or ''}"
    found = _BAR.fullmatch(words)
    if found is None or bool(found[1]) == bool(found[4]) or not 0 < int(found[2]) <= int(found[3]):
        raise Wrong("bar", item=item, said=said)
    return Bar(Fraction(int(found[2]), int(found[3])), MORE_THAN if found[1] else AT_LEAST)


def _chosen(data: dict[str, Any], key: str, known: dict[str, Any]) -> list[Any]:
    found = words(data, key)
    for word in found:
        if word not in known:
            raise Wrong("choice", item=key, said=word, known=list(known))
    return [known[w] for w in found]


def words(data: dict[str, Any], key: str) -> list[str]:
    """A list, or one line with its words side by side."""
    said = data.get(key) or []
    said = re.split(r"[、,，\s]+", said.strip()) if isinstance(said, str) else said
    if not isinstance(said, list) or not all(isinstance(w, str) and w for w in said):
        raise Wrong("list", item=key)
    return said


def _text(data: dict[str, Any], key: str, most: int = _LONGEST) -> str:
    said = data.get(key)
    if said is None:
        return ""
    if not isinstance(said, str) or len(said.strip()) > most:
        raise Wrong("text", item=key, most=most)
    return said.strip()


def _unknown(data: dict[str, Any], known: set[str]) -> None:
    for key in data:
        if key not in known:
            raise Wrong("key", item=str(key), known=sorted(known))
