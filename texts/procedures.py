"""Reads the procedures of deliberation: one YAML file each, ours in `procedures/`, a community's own in a folder of its own.

A file that is wrong is refused with a sentence that says where, what, and what to write instead; the others can be used.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
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
_DEEDS = {"提议": Deed.PROPOSE, "发言": Deed.SPEAK, "表态": Deed.STANCE, "提问": Deed.ASK, "投票": Deed.VOTE, "评价": Deed.RATE,
          "征言": Deed.GATHER}
_ENDS = {"表决": Ending.VOTE, "结论": Ending.CONSENSUS, "居民会议": Ending.ASSEMBLY}
_PARTS = {"协商": Part.TALK, "办理": Part.WORK, "评价": Part.RATE}
_OF = {"应到": True, "到会": False}
_COURSE = {"名称", "别名", "主持", "说明", "环节"}
_PHASE = {"名称", "居民可以", "时长", "会议", "怎么定", "阶段", "开始时说", "结束时说"}
_MEETING = {"到会", "同意", "按"}
_UNITS = {"个工作日": "workdays", "工作日": "workdays", "天": "days", "小时": "hours", "分钟": "minutes"}
_SPAN = re.compile(r"(\d{1,3})\s*(个工作日|工作日|天|小时|分钟)")
_BAR = re.compile(r"(过)?\s*(\d{1,2})/(\d{1,2})\s*(以上)?")
LARGEST = 20_000  # characters of a file
DEEPEST = 16  # lists in lists; ours have four
_LONGEST = 120  # characters of a sentence of one's own


class Wrong(Exception):
    """A procedure cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds."""

    courses: dict[str, Course]
    problems: list[str]


_known: dict[str, Course] = {}


def configure(own: str | Path | None = None) -> list[str]:
    """Reads ours and a community's own, which come first; returns what is wrong with its files."""
    ours = read(FOLDER)
    mine = read(Path(own)) if own else Found({}, [])
    _known.clear()
    _known.update(ours.courses | mine.courses)
    return ours.problems + mine.problems


def source_of(name: str) -> str:
    """How one of ours is written, to begin one's own from; '' when it is none of ours."""
    for path in sorted(FOLDER.glob("*.yaml")):
        text = path.read_text("utf-8")
        if read_text(text, path.name).name == name:
            return text
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
                raise Wrong(say("course.wrong.twice", file=path.name, name=found.name))
            courses[found.name] = found
        except Wrong as wrong:
            problems.append(str(wrong))
    return Found(courses, problems)


def read_file(path: Path) -> Course:
    """One procedure; Wrong says what is wrong with it."""
    try:
        return read_text(path.read_text("utf-8"), path.name)
    except UnicodeDecodeError:
        raise Wrong(say("course.wrong.yaml", file=path.name, line=1)) from None


def read_text(text: str, where: str) -> Course:
    """The same of a text that a stranger may have written; `where` names it in the sentences."""
    try:
        if len(text) > LARGEST or _refers(text):
            raise Wrong(say("course.wrong.large", file=where, most=LARGEST))
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise Wrong(say("course.wrong.yaml", file=where, line=mark.line + 1 if mark else 1)) from None
    if not isinstance(data, dict):
        raise Wrong(say("course.wrong.empty", file=where))
    _unknown(data, _COURSE, where)
    name = _text(data, "名称", where, most=16)
    if not name:
        raise Wrong(say("course.wrong.name", where=where))
    phases = data.get("环节")
    if not isinstance(phases, list) or not phases:
        raise Wrong(say("course.wrong.phases", file=where))
    read_phases = tuple(_phase(p, where, n) for n, p in enumerate(phases, 1))
    _whole(read_phases, where)
    return Course(name, read_phases, _text(data, "主持", where, most=8), tuple(_words(data, "别名", where)))


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


def _phase(data: Any, file: str, place: int) -> Phase:
    where = say("course.wrong.where", file=file, place=place, name="")
    if not isinstance(data, dict):
        raise Wrong(say("course.wrong.phase", where=where))
    name = _text(data, "名称", where, most=16)
    if not name:
        raise Wrong(say("course.wrong.name", where=where))
    where = say("course.wrong.where", file=file, place=place, name=name)
    _unknown(data, _PHASE, where)
    found = Phase(
        name, tuple(_chosen(data, "居民可以", _DEEDS, where)), _span(data.get("时长"), where), _meeting(data.get("会议"), where),
        tuple(_chosen(data, "怎么定", _ENDS, where)), next(iter(_chosen(data, "阶段", _PARTS, where)), Part.TALK),
        _text(data, "开始时说", where), _text(data, "结束时说", where))
    if found.span and found.meeting:
        raise Wrong(say("course.wrong.span_and_meeting", where=where))
    if found.ends and found.meeting:
        raise Wrong(say("course.wrong.ends_and_meeting", where=where))
    if found.part is not Part.TALK and (found.span or found.meeting or found.ends):
        raise Wrong(say("course.wrong.after", where=where))
    return found


def _whole(phases: tuple[Phase, ...], file: str) -> None:
    """Exactly one phase decides, and it is the last in which people talk; then work, then judging."""
    order = [list(Part).index(p.part) for p in phases]
    if order != sorted(order):
        raise Wrong(say("course.wrong.order", file=file))
    talks = [p for p in phases if p.part is Part.TALK]
    deciding = [p for p in talks if p.ends]
    if len(deciding) != 1 or talks[-1] is not deciding[0]:
        raise Wrong(say("course.wrong.deciding", file=file, names=[p.name for p in deciding]))


def _span(said: Any, where: str) -> Span | None:
    if said is None:
        return None
    found = _SPAN.fullmatch(str(said).strip())
    if found is None or not int(found[1]):
        raise Wrong(say("course.wrong.span", where=where, said=said))
    return Span(**{_UNITS[found[2]]: int(found[1])})


def _meeting(said: Any, where: str) -> MeetingRule | None:
    if said is None:
        return None
    if not isinstance(said, dict) or not said.keys() >= {"到会", "同意"}:
        raise Wrong(say("course.wrong.meeting", where=where))
    _unknown(said, _MEETING, where)
    of = str(said.get("按", "到会"))
    if of not in _OF:
        raise Wrong(say("course.wrong.choice", where=where, item="按", said=of, known=list(_OF)))
    return MeetingRule(_bar(said["到会"], where), _bar(said["同意"], where), _OF[of])


def _bar(said: Any, where: str) -> Bar:
    words = str(said).strip()
    if words in ("过半", "过半数"):
        return Bar(Fraction(1, 2), MORE_THAN)
    parts = re.fullmatch(r"(过)?([一二三四五六七八九十]+)分之([一二三四五六七八九十]+)(以上)?", words)
    if parts:
        words = f"{parts[1] or ''}{number(parts[3])}/{number(parts[2])}{parts[4] or ''}"
    found = _BAR.fullmatch(words)
    if found is None or bool(found[1]) == bool(found[4]) or not 0 < int(found[2]) <= int(found[3]):
        raise Wrong(say("course.wrong.bar", where=where, said=said))
    return Bar(Fraction(int(found[2]), int(found[3])), MORE_THAN if found[1] else AT_LEAST)


def _chosen(data: dict[str, Any], key: str, known: dict[str, Any], where: str) -> list[Any]:
    words = _words(data, key, where)
    for word in words:
        if word not in known:
            raise Wrong(say("course.wrong.choice", where=where, item=key, said=word, known=list(known)))
    return [known[w] for w in words]


def _words(data: dict[str, Any], key: str, where: str) -> list[str]:
    said = data.get(key) or []
    said = re.split(r"[、,，\s]+", said.strip()) if isinstance(said, str) else said
    if not isinstance(said, list) or not all(isinstance(w, str) and w for w in said):
        raise Wrong(say("course.wrong.list", where=where, item=key))
    return said


def _text(data: dict[str, Any], key: str, where: str, most: int = _LONGEST) -> str:
    said = data.get(key)
    if said is None:
        return ""
    if not isinstance(said, str) or len(said.strip()) > most:
        raise Wrong(say("course.wrong.text", where=where, item=key, most=most))
    return said.strip()


def _unknown(data: dict[str, Any], known: set[str], where: str) -> None:
    for key in data:
        if key not in known:
            raise Wrong(say("course.wrong.key", where=where, item=key, known=sorted(known)))
