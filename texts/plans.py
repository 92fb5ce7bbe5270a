"""How a deliberation, its conclusion, a meeting or a session is written in one line, in whatever order."""

import re
from dataclasses import dataclass
from datetime import datetime

from domain.procedures import Meeting
from texts.normal import plain
from texts.when import clearest_when, find_when

_KEYS = re.compile(r"(?:^|[\s,，;；])(按照?|主持人?|参加人?|促动师)[\s:：]*")
_NAMES = re.compile(r"[、,，;；/\s]+|和(?=\S)")
_COUNT = {"members": r"应到(?:会)?", "present": r"(?:实到|到会)", "agreed": r"(?:同意|赞成)"}
_ADOPTED = {"部分采纳": "partly", "不采纳": "no", "不予采纳": "no", "采纳": "yes"}
_MORE = re.compile(r"(?:^|[\s,，。;；])(理由|落实|由)[\s:：]*")


@dataclass(frozen=True, slots=True)
class PlanWords:
    """What was written of a plan; '' and None where nothing was."""

    course: str = ""
    host: str = ""
    who: tuple[str, ...] = ()
    starts_at: datetime | None = None
    rest: str = ""  # what belongs to nothing


def read_plan(text: str, now: datetime) -> PlanWords:
    """`按 红茶议事会 主持 李叔 参加 物业、3幢 12月5日晚7点开始`."""
    words = re.sub(r"(?<=[点分日\d半])\s*(?:开始|开会|起)(?=\s|$)", " ", plain(text))
    found = clearest_when(words, now)
    if found is not None:
        words = words[: found.start] + " " + words[found.end:]
    parts = _KEYS.split(words)
    said = {"按": "", "主持": "", "参加": ""}
    for key, value in zip(parts[1::2], parts[2::2], strict=True):
        said["主持" if key == "促动师" else key[:2] if key[:2] in said else key[:1]] = value.strip(" ,，。;；")
    return PlanWords(said["按"], said["主持"], tuple(n for n in _NAMES.split(said["参加"]) if n), found.at if found else None,
                     parts[0].strip(" ,，。"))


@dataclass(frozen=True, slots=True)
class ConclusionWords:
    """What was written of a conclusion."""

    text: str
    adopted: str
    why: str
    doer: str
    do_by: datetime | None


def read_conclusion(text: str, now: datetime) -> ConclusionWords:
    """`部分采纳 先修主板 理由 换新超预算 落实 物业 12月20日前`."""
    words = text.strip()
    word = next((w for w in _ADOPTED if words.startswith(w)), "")
    words = words[len(word):].strip(" ,，:：")
    parts = _MORE.split(words)
    more = dict(zip(parts[1::2], parts[2::2], strict=True))
    doing = more.get("落实") or more.get("由") or ""
    due = find_when(doing, now)
    doer = plain(doing)[: due.start] if due else doing
    doer = re.sub(r"(?:在|于|到)?\s*$", "", doer.strip(" ,，;；")).removesuffix("落实").strip()[:64]
    return ConclusionWords(parts[0].strip(" ,，;；"), _ADOPTED.get(word, "yes"), more.get("理由", "").strip(" ,，;；。"), doer,
                           due.at if due else None)


def read_meeting(text: str) -> Meeting | None:
    """`应到 30 实到 21 同意 16`; None when a number is missing."""
    words = plain(text)
    found = {name: re.search(rf"{word}[\s:：]*(\d{{1,5}})", words) for name, word in _COUNT.items()}
    if not all(found.values()):
        return None
    return Meeting(**{name: int(m.group(1)) for name, m in found.items() if m})
