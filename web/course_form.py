"""A procedure of deliberation as a form: the data of its YAML as fields, and fields put back into that data.

Form and YAML are two views of one text: what is sent becomes that text again and is checked by the one check there is.
What no field shows, and what was not changed, stays as it was written. A field is called `2.时长`: the phase (0 is the
procedure), and its item.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import count, takewhile
from typing import Any

import yaml
from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict

from domain.errors import Refusal
from domain.procedures import Course, Part
from models.base import Tx
from services import courses, workcalendar
from texts import procedures
from texts.say import has, say
from web.desk import Desk, line, text
from web.door import written

Data = dict[str, Any]
MOST = 30  # phases that can be added in the form
COURSE = ("名称", "主持")  # one line each
PHASE = ("名称", "开始时说", "结束时说")
LISTS = ("居民可以", "怎么定")
RULE = ("到会", "同意", "按")
BARS = ("过半", "三分之二以上", "四分之三以上", "五分之四以上")
_LONG = re.compile(r"(.*?)\s*个?(工作日|天|小时|分钟)?")
NEW = {"居民可以": ["发言", "表态"], "时长": "7天"}  # a phase that was just added


# --- data and fields ------------------------------------------------------------------------------------------------
def load(source: str) -> Data:
    """The data of a text as far as a form can show it; procedures.Wrong says why not."""
    data = procedures.load(source)
    phases = data.setdefault("环节", [])
    if not isinstance(phases, list) or not all(isinstance(p, dict) for p in phases):
        raise procedures.Wrong("phases", item="环节")
    return data


def dump(data: Data, before: str) -> str:
    """The text of this data; the one before when it says the same, else with the notes at its top."""
    if procedures.load(before) == data:
        return before
    notes = "".join(takewhile(lambda row: row.startswith("#"), before.splitlines(keepends=True)))
    return notes + yaml.safe_dump(data, allow_unicode=True, sort_keys=False, default_flow_style=None, width=1000)


def course_fields(data: Data) -> Data:
    """What the form shows of the procedure itself."""
    return {item: _one(data.get(item)) for item in COURSE} | {
        "别名": "、".join(_many(data.get("别名"))), "另有": [str(k) for k in data if k not in (*COURSE, "别名", "环节")]}


def phase_fields(phase: Data) -> Data:
    """What the form shows of one phase."""
    span, rule = phase.get("时长"), phase.get("会议")
    read = _LONG.fullmatch(_one(span))
    rule = rule if isinstance(rule, dict) else {}
    shown = {item: _one(phase.get(item)) for item in PHASE} | {item: _many(phase.get(item)) for item in LISTS}
    shown |= {"阶段": next(iter(_many(phase.get("阶段"))), "协商")}
    shown |= {"怎么结束": next((k for k in ("时长", "会议") if k in phase), "主持")}
    shown |= {"时长": read[1] if read else "", "单位": read[2] or "天" if read else "天"}
    shown |= {"到会": _one(rule.get("到会")), "同意": _one(rule.get("同意")), "按": _one(rule.get("按", "到会"))}
    other = [k for k in phase if k not in (*PHASE, *LISTS, "阶段", "时长", "会议")]
    return shown | {"另有": [str(k) for k in (*other, *(k for k in rule if k not in RULE))]}


def merged(form: MultiDict[str, str]) -> Data:
    """The data that was sent to be changed, with the fields put into it."""
    data = load(form.get("base", ""))
    shown = course_fields(data)
    for item in COURSE:
        _put(data, item, _sent(form, 0, item), shown)
    _put(data, "别名", "、".join(_many(_sent(form, 0, "别名"))), shown, _many)
    for place, phase in enumerate(data["环节"], 1):
        _phase(phase, form, place)
    return data


def rearranged(data: Data, do: str) -> int:
    """Moves, adds or takes away a phase (`up:2`, `down:2`, `add:2` after it, `drop:2`); returns where to look then, or 0."""
    phases: list[Data] = data["环节"]
    found = re.fullmatch(r"(up|down|add|drop):(\d{1,3})", do)
    place = int(found[2]) if found else -1
    if found is None or place > len(phases):
        return 0
    if found[1] == "add" and len(phases) < MOST:
        phases.insert(place, {"名称": "", **NEW})
        return place + 1
    if found[1] == "drop" and place:
        del phases[place - 1]
        return min(place, len(phases))
    other = place + {"up": -1, "down": 1}.get(found[1], 0)
    if not 1 <= min(place, other) < max(place, other) <= len(phases):
        return 0
    phases[place - 1], phases[other - 1] = phases[other - 1], phases[place - 1]
    return other


def fresh(name: str, taken: set[str]) -> str:
    """A name for a copy that nothing has yet."""
    base = f"我们的{name.removeprefix('我们的')}"
    return next(n for n in (f"{base[:16 - len(str(k))]}{k}" if k > 1 else base[:16] for k in count(1)) if n not in taken)


def _phase(phase: Data, form: MultiDict[str, str], place: int) -> None:
    shown = phase_fields(phase)
    sent = {item: _sent(form, place, item) for item in (*PHASE, "阶段", "怎么结束", "时长", "单位", *RULE)}
    for item in PHASE:
        _put(phase, item, sent[item], shown)
    for item in LISTS:
        chosen = form.getlist(f"{place}.{item}")
        if set(chosen) != set(shown[item]) or not isinstance(phase.get(item, []), list | str):
            phase[item] = [line(w)[:200] for w in chosen]
            if not chosen:
                del phase[item]
    if sent["阶段"] != shown["阶段"]:
        phase["阶段"] = sent["阶段"]
    if sent["怎么结束"] != "时长":
        phase.pop("时长", None)
    elif any(sent[k] != shown[k] for k in ("时长", "单位")) or not procedures.SPAN.fullmatch(str(phase.get("时长")).strip()):
        unit = sent["单位"]
        phase["时长"] = f"{sent['时长']}{'个' if unit == '工作日' else ''}{unit}"
    if sent["怎么结束"] != "会议":
        phase.pop("会议", None)
    else:
        rule = dict(phase["会议"]) if isinstance(phase.get("会议"), dict) else {}
        phase["会议"] = rule | {k: sent[k] for k in RULE if sent[k] and sent[k] != shown[k]}


def _put(data: Data, item: str, sent: str, shown: Mapping[str, Any], made: Any = str) -> None:
    """Writes a line that was changed, or was no line; an empty one is taken away."""
    if sent == shown[item] and isinstance(data.get(item, ""), str | list):
        return
    data[item] = made(sent)
    if not sent:
        del data[item]


def _sent(form: MultiDict[str, str], place: int, item: str) -> str:
    return line(form.get(f"{place}.{item}", ""))[:200]


def _one(said: Any) -> str:
    return "" if said is None else line(str(said))[:200]


def _many(said: Any) -> list[str]:
    said = re.split(r"[、,，\s]+", said) if isinstance(said, str) else said if isinstance(said, list) else []
    return [line(str(word))[:200] for word in said if word]


# --- pages ----------------------------------------------------------------------------------------------------------
class CoursePages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/setup/courses", "setup_courses", self.courses)
        console.add_url_rule("/setup/courses", "setup_course", self.course, methods=["POST"])

    def courses(self, wrong: str = "") -> Any:
        """Every procedure that can be used here, or one to change or to begin a copy from."""
        name, copy = (line(request.args.get(key, ""))[:32] for key in ("name", "copy"))
        with self.db.read() as tx:
            own = {row.name: row.source for row in courses.own(tx, self.where())}
            known = courses.known(tx, self.where())
            if not name and not copy and "new" not in request.args:
                return self.page("console/setup_courses.html", tx, wrong, known=known, own=own)
        of = name or copy or procedures.PLAIN
        source = own.get(of) or procedures.source_of(of)
        if not source:
            return redirect(url_for("console.setup_courses", **self.here()))
        if not name:
            data = load(source)
            data.pop("别名", None)
            data["名称"] = fresh(copy, {c.name for c in known}) if copy else ""
            source = dump(data, "{}")
        return self.writing(source, was=name, table="yaml" not in request.args)

    def writing(self, source: str, *, was: str | None, table: bool, no: Refusal | None = None, checked: Course | None = None,
                moved: int = 0) -> Any:
        """One procedure as a form, or as YAML when it is asked for or no form can show it; with what is wrong at its field."""
        facts = no.facts if no else {}
        wrong = say(no.key, **facts) if no else ""
        data: Data = {}
        if table:
            try:
                data = load(source)
            except procedures.Wrong as broken:
                table, wrong = False, wrong or str(broken)
        short, fault = f"course.form.wrong.{facts.get('kind')}", facts.get("short", wrong)
        if table and has(short):  # in words of the form
            fault, wrong = say(short), wrong.replace(fault, say(short))
        with self.db.read() as tx:
            page = self.page(
                "console/setup_course.html", tx, wrong, source=source, was=was, table=table, checked=checked, moved=moved,
                told_there=self._told(tx, checked) if checked else [],
                at=(facts.get("place", 0), facts.get("item")) if no else None,
                fault=fault, f=course_fields(data),
                phases=list(map(phase_fields, data.get("环节", []))), most=MOST, choices=_CHOICES)
        return page if not wrong else (page, 400)

    def course(self) -> Any:
        """Looks at a procedure, keeps it, moves its phases, shows it the other way, or takes one away."""
        where, actor, now = self.where(), self.actor(), self.clock()
        if "remove" in request.form:
            return self.do(lambda tx: courses.remove(tx, actor, community_id=where, name=text("remove", 32), now=now), self.courses,
                           "console.setup_courses", "removed")
        was, table, source = text("was", 32) if "was" in request.form else None, "base" in request.form, ""
        try:
            if table:
                data = merged(request.form)
                moved = rearranged(data, request.form.get("do", ""))
                source = dump(data, request.form["base"].replace("\r\n", "\n"))
                if "do" in request.form:
                    return self.writing(source, was=was, table=True, moved=moved)
            else:
                source = _yaml()
            if "other" in request.form:
                return self.writing(source, was=was, table=not table)
            checked = courses.check(source, "" if table else "YAML")
            if "keep" not in request.form:
                return self.writing(source, was=was, table=table, checked=checked)
            written(self.db, lambda tx: courses.keep(tx, actor, community_id=where, source=source, now=now, was=was))
        except procedures.Wrong as wrong:
            return self.writing(request.form["base"], was=was, table=False, no=Refusal("setup.course_wrong", why=str(wrong)))
        except Refusal as no:
            return self.writing(source, was=was, table=table, no=no)
        back = self.here() | ({} if table else {"yaml": 1})
        return redirect(url_for("console.setup_courses", name=checked.name, said="saved", **back))

    def _told(self, tx: Tx, course: Course) -> list[str]:
        """What a group would hear at each phase, were a deliberation to begin now."""
        found, before, begins = [], None, self.clock()
        works = workcalendar.of(tx, self.where())
        for phase in (p for p in course.phases if p.part is Part.TALK):
            until: datetime | None = phase.span.after(begins, works) if phase.span else None
            found.append(say("issue.phase.group", number=12, title=say("course.form.example"), before=before, phase=phase,
                             until=until))
            before, begins = phase, until or begins
        return found


_CHOICES = {
    "居民可以": tuple(procedures.DEEDS), "怎么定": tuple(procedures.ENDS), "阶段": tuple(procedures.PARTS), "到会": BARS,
    "同意": BARS, "按": tuple(procedures.OF), "怎么结束": ("主持", "时长", "会议"), "单位": ("天", "工作日", "小时", "分钟")}


def _yaml() -> str:
    """The procedure that was sent, as a file or in the field."""
    sent = request.files.get("file")
    data = sent.read(4 * procedures.LARGEST) if sent is not None and sent.filename else b""
    try:
        return data.decode("utf-8-sig") if data else request.form.get("source", "").replace("\0", "").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Refusal("setup.course_encoding") from None
