"""Everything the bot says: sentences by key from zh.yaml and zh_*.yaml, filled with facts; a missing fact is an error."""

import logging
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, Template

from domain.classes import BY_AREA
from domain.clock import SHANGHAI
from texts.mask import public

FOLDER = Path(__file__).parent
log = logging.getLogger(__name__)
_own: dict[str, Template] = {}  # what an installation says in its own words
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where there is one
WEEKDAYS = "一二三四五六日"


def say(key: str, **facts: Any) -> str:
    """The sentence of this key, with its facts filled in."""
    if key in _own:
        try:
            return _own[key].render(facts).strip("\n")
        except Exception as error:  # ours is always whole: better said in our words than not at all
            log.warning("the own wording of %s cannot be said: %s", key, type(error).__name__)
    return _template(key).render(facts).strip("\n")


def reword(sources: dict[str, str]) -> None:
    """Says these keys in an installation's own words from now on, and every other in ours; texts/wording.py has checked them."""
    env, ours = _catalogue()
    made = {key: env.from_string(source) for key, source in sources.items() if key in ours}
    _own.clear()
    _own.update(made)


def source_of(key: str) -> str:
    """The sentence of this key as it stands in the catalogue, with its placeholders."""
    return _catalogue()[1][key]


def environment() -> Environment:
    """What sentences are made with: filters and words of the catalogue."""
    return _catalogue()[0]


def has(key: str) -> bool:
    """True when the catalogue holds this key."""
    return key in _catalogue()[1]


def keys() -> list[str]:
    """Every key of the catalogue."""
    return sorted(_catalogue()[1])


def clock(at: datetime) -> str:
    """A moment as people read it here: 3 月 2 日（周一）20:00; midnight sharp is 24:00 of the day that ends."""
    local = at.astimezone(SHANGHAI)
    midnight = local.time() == time()
    local -= timedelta(days=midnight)
    return f"{local.month} 月 {local.day} 日（周{WEEKDAYS[local.weekday()]}）{'24:00' if midnight else f'{local:%H:%M}'}"


def dated(at: datetime) -> str:
    """The same with its year, for what is kept in a folder."""
    return f"{(at.astimezone(SHANGHAI) - timedelta(microseconds=1)).year} 年 {clock(at)}"


def day(at: datetime) -> str:
    """A date without the hour: 3 月 2 日."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month} 月 {local.day} 日"


def due(at: datetime) -> str:
    """The last day of a time limit: one that ends at midnight ends with the day before."""
    return day(at - timedelta(microseconds=1))


def yuan(fen: int) -> str:
    """Money as people say it: 3.5 万元, 8000 元."""
    amount, unit = (fen / 1_000_000, "万元") if fen >= 1_000_000 and fen % 10_000 == 0 else (fen / 100, "元")
    return f"{amount:.2f}".rstrip("0").rstrip(".") + f" {unit}"


def sqm(dm2: int) -> str:
    """An area given in 0.01 m²: 89.53 ㎡."""
    return f"{dm2 // 100}.{dm2 % 100:02d} ㎡"


def share(some: int, of: int) -> str:
    """A share in per cent, cut and never rounded up, so that what falls short by little does not look enough: 74.99%."""
    cents = 10_000 * some // of if of else 0
    return f"{cents // 100}.{cents % 100:02d}".rstrip("0").rstrip(".") + "%"


def bar(part: list[str]) -> str:
    """How many are enough, in words: 三分之二以上, 过半数."""
    known = f"bar.{part[1]}.{part[0].replace('/', 'of')}"
    return _template(known).render() if has(known) else say(f"bar.{part[1]}.other", part=part[0])


def unit(poll: Any) -> str:
    """What one vote is of: a person, a household, or a home of an owner."""
    return say("unit.home" if poll.poll_class in BY_AREA else "unit.household" if poll.household else "unit.person")


def price(poll: Any, option: int) -> str:
    """What an option costs, in brackets; nothing where it costs nothing."""
    return f"（{yuan(poll.rules['costs'][option])}）" if "costs" in poll.rules else ""


def listed(things: list[tuple[str, str]], most: int = 5) -> str:
    """Things by number and title, the first few, and how many more there are."""
    shown = "；".join(f"{number} {title}" for number, title in things[:most])
    return shown + (say("more", count=len(things) - most) if len(things) > most else "")


def poll_rules(poll: Any) -> list[str]:
    """What must be known beforehand of how a poll is counted and what is kept secret."""
    method = poll.rules.get("method", poll.kind)
    decides = [say("decision.rule", poll=poll)] if poll.preset else []
    said = [*decides, *([say(f"rule.{method}", poll=poll)] if has(f"rule.{method}") else [])]
    if "lot" in poll.rules:
        said.append(say("rule.lot", names=[poll.options[i] for i in poll.rules["lot"]]))
    if poll.secret:
        said.append(say("secret"))
    else:
        said += [*([say("hides")] if poll.hides else []), say(f"promise.{_seen_by(poll)}")]
    return said


def _seen_by(poll: Any) -> str:
    if poll.anonymous:
        return "anonymous"
    return "owners" if poll.poll_class in ("owner_ordinary", "owner_special", "unanimous") else "named"


@cache
def _template(key: str) -> Template:
    """A sentence ready to be said; made so the first time, as three thousand of them at every start took a second."""
    env, sources = _catalogue()
    return env.from_string(sources[key])


@cache
def _catalogue() -> tuple[Environment, dict[str, str]]:
    """What sentences are made with, and every sentence as it is written."""
    env = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False)
    env.filters.update(clock=clock, dated=dated, day=day, due=due, yuan=yuan, sqm=sqm, bar=bar, public=public)
    env.globals |= {"say": say, "poll_rules": poll_rules, "price": price, "share": share, "unit": unit, "listed": listed}
    env.globals["term"] = lambda group, name: _template(f"terms.{group}.{name}").render()
    sources: dict[str, str] = {}
    for path in sorted(FOLDER.glob("zh*.yaml")):
        _collect(yaml.load(path.read_text("utf-8"), _LOADER), "", sources)
    return env, sources


def _collect(node: Any, prefix: str, into: dict[str, str]) -> None:
    for name, value in node.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, dict):
            _collect(value, key, into)
        else:
            assert key not in into, f"{key} stands in two catalogues"
            into[key] = str(value)
