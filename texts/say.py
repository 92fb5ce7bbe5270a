"""Everything the bot says: sentences by key from zh.yaml and zh_*.yaml, filled with facts; a missing fact is an error."""

from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, Template

from domain.clock import SHANGHAI

FOLDER = Path(__file__).parent
WEEKDAYS = "一二三四五六日"


def say(key: str, **facts: Any) -> str:
    """The sentence of this key, with its facts filled in."""
    return _templates()[key].render(facts).strip("\n")


def has(key: str) -> bool:
    """True when the catalogue holds this key."""
    return key in _templates()


def keys() -> list[str]:
    """Every key of the catalogue."""
    return sorted(_templates())


def clock(at: datetime) -> str:
    """A moment as people read it here: 3 月 2 日（周一）20:00; midnight sharp is 24:00 of the day that ends."""
    local = at.astimezone(SHANGHAI)
    midnight = local.time() == time()
    local -= timedelta(days=midnight)
    return f"{local.month} 月 {local.day} 日（周{WEEKDAYS[local.weekday()]}）{'24:00' if midnight else f'{local:%H:%M}'}"


def day(at: datetime) -> str:
    """A date without the hour: 3 月 2 日."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month} 月 {local.day} 日"


def yuan(fen: int) -> str:
    """Money as people say it: 3.5 万元, 8000 元."""
    amount, unit = (fen / 1_000_000, "万元") if fen >= 1_000_000 and fen % 10_000 == 0 else (fen / 100, "元")
    return f"{amount:.2f}".rstrip("0").rstrip(".") + f" {unit}"


def price(poll: Any, option: int) -> str:
    """What an option costs, in brackets; nothing where it costs nothing."""
    return f"（{yuan(poll.rules['costs'][option])}）" if "costs" in poll.rules else ""


def poll_rules(poll: Any) -> list[str]:
    """What must be known beforehand of how a poll is counted and what is kept secret; nothing for the plain ones."""
    method = poll.rules.get("method", poll.kind)
    decides = [say("decision.rule", household=poll.household, check_law="2026" in poll.preset["preset"])] if poll.preset else []
    said = [*decides, *([say(f"rule.{method}", poll=poll)] if has(f"rule.{method}") else [])]
    if "lot" in poll.rules:
        said.append(say("rule.lot", names=[poll.options[i] for i in poll.rules["lot"]]))
    if poll.secret:
        said.append(say("secret"))
    elif poll.hides:
        said.append(say("hides"))
    return said


@cache
def _templates() -> dict[str, Template]:
    env = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False)
    env.filters.update(clock=clock, day=day, yuan=yuan)
    found: dict[str, Template] = {}
    for path in sorted(FOLDER.glob("zh*.yaml")):
        _collect(yaml.safe_load(path.read_text("utf-8")), "", env, found)
    env.globals |= {"say": say, "poll_rules": poll_rules, "price": price}
    env.globals["term"] = lambda group, name: found[f"terms.{group}.{name}"].render()
    return found


def _collect(node: Any, prefix: str, env: Environment, into: dict[str, Template]) -> None:
    for name, value in node.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, dict):
            _collect(value, key, env, into)
        else:
            assert key not in into, f"{key} stands in two catalogues"
            into[key] = env.from_string(str(value))
