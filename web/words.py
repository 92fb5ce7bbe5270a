"""The words of the admins' pages: texts/console*.yaml by key, and terms that the chat uses too."""

import re
import unicodedata
from functools import cache
from typing import Any

import yaml

from texts.say import FOLDER, has, say
from texts.say import term as called

_ERRCODE = re.compile(r"errcode (-?\d+)(?: from [\w./-]+)?")
KEEP = "\n\u200d"  # line ends, and the joiner that emoji are made with


def word(key: str, **facts: Any) -> str:
    """The sentence of this key, with its facts filled in; a missing key or fact is an error."""
    return _words()[key].format(**facts)


def has_word(key: str) -> bool:
    """True when the pages have words for this key."""
    return key in _words()


def term(group: str, name: str) -> str:
    """A term as the chat says it, or the name itself when there is none."""
    return called(group, name) if group == "category" or has(f"terms.{group}.{name}") else name


def reason(text: str) -> str:
    """Why something was not sent: the platform's number with what it means, as far as we know."""
    return _ERRCODE.sub(lambda found: say(key, code=found[1]) if has(key := f"terms.errcode.{found[1]}") else found[0], text)


def visible(text: str) -> str:
    """The text with control and direction characters shown instead of obeyed."""
    if text.isprintable():
        return text
    return "".join(c if c in KEEP or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else
                   word("hidden_character", code=f"U+{ord(c):04X}") for c in text)


@cache
def _words() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("console*.yaml")):
        _collect(yaml.safe_load(path.read_text("utf-8")), "", found)
    return found


def _collect(node: dict[Any, Any], prefix: str, into: dict[str, str]) -> None:
    for name, value in node.items():
        if isinstance(value, dict):
            _collect(value, f"{prefix}{name}.", into)
        else:
            into[f"{prefix}{name}"] = str(value)
