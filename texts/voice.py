"""Whose words are spoken and heard just now: a community's own sentences, and what it calls kinds of matters.

Every unit of work belongs to one community: a message, a request of the console, a clock that is due. `with speaking(voice)`
around it makes `say`, `term`, `categories()` and `category(text)` that community's; outside of one, ours hold. Voices are made
by services/voices.py.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field

from jinja2 import Template

from texts.categories import Categories, built_in


@dataclass(frozen=True)
class Voice:
    """What is said in other words than ours, by key, and the kinds of matters as they are here."""

    sentences: Mapping[str, Template] = field(default_factory=dict)
    kinds: Categories = field(default_factory=built_in)


_now: ContextVar[Voice | None] = ContextVar("voice", default=None)
_ours: list[Voice] = []


def current() -> Voice:
    """The voice of this unit of work; ours when it has none."""
    voice = _now.get()
    if voice is None:
        if not _ours:
            _ours.append(Voice())
        voice = _ours[0]
    return voice


def use(voice: Voice | None) -> Token[Voice | None]:
    """Speaks with this voice from now on, until `back`; for what cannot stand in one block."""
    return _now.set(voice)


def back(to: Token[Voice | None]) -> None:
    """Speaks again as before `use`."""
    _now.reset(to)


@contextmanager
def speaking(voice: Voice | None) -> Iterator[None]:
    """Speaks with this voice inside the block."""
    was = use(voice)
    try:
        yield
    finally:
        back(was)
