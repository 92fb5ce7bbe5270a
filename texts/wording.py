"""Sentences in a community's own words: which may be said otherwise, what must stay in them, and how they would look.

A sentence is a small program. So that nobody can make it another one, its own words may only hold placeholders and conditions that
stand in ours, none of them more often than there, and no name that ours does not know.
"""

import re
from collections import Counter
from typing import Any

from jinja2 import TemplateError, meta

from texts import say as catalogue

_BLOCK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SUFFIXES = (".notice", ".group", ".party")
_ALONE = ("poll.card", "poll.card_page", "poll.result", "poll.reminder", "agenda.morning")
_NEEDED = "{{number}}"  # who cannot name it cannot answer
_TWICE = 3  # so often more than in ours a placeholder may be said
LONGEST = 1500
GAP = "〔…〕"  # where something will stand of which there is no example


def known() -> list[str]:
    """The sentences that may be said otherwise: what is told unasked, to persons and to groups."""
    every = catalogue.keys()
    return [key for key in every if key in _ALONE or (
        key.startswith(("issue.", "poll.")) and key.endswith(_SUFFIXES))]


def blocks(source: str) -> list[str]:
    """The placeholders and conditions of a sentence, as they are written, in order."""
    return list(dict.fromkeys(_BLOCK.findall(source)))


def problem(key: str, source: str) -> tuple[str, dict[str, Any]] | None:
    """What keeps these words from being said, as a key of the catalogue with its facts; None when nothing does."""
    ours = catalogue.source_of(key)
    if not source.strip() or len(source) > max(LONGEST, 2 * len(ours)):
        return "wording.length", {"most": max(LONGEST, 2 * len(ours))}
    have, may = (Counter(map(_plain, _BLOCK.findall(text))) for text in (source, ours))
    more = [block for block, count in have.items() if block not in may or count > may[block] + _TWICE * block.startswith("{{")]
    if more:
        return "wording.unknown", {"blocks": more, "known": blocks(ours)}
    if _NEEDED in may and _NEEDED not in have:
        return "wording.number", {}
    env = catalogue.environment()
    try:
        names = [meta.find_undeclared_variables(env.parse(text)) for text in (source, ours)]
    except TemplateError as error:
        return "wording.broken", {"why": str(error)[:80]}
    return ("wording.outside", {"names": sorted(names[0] - names[1])}) if names[0] - names[1] else None


def preview(source: str) -> str:
    """How a sentence would look, with examples where facts will stand; its conditions are taken to hold."""
    env = catalogue.environment().overlay()
    env.filters = {name: lambda value, *_args: str(value) for name in env.filters} | {
        name: catalogue.environment().filters[name] for name in ("join", "length", "string")}
    facts = {name: _Example(name) for name in meta.find_undeclared_variables(env.parse(source))}
    words: dict[str, Any] = {name: _Example(name) for name in ("say", "term", "share", "unit", "price", "listed")}
    words["poll_rules"] = lambda *_: []
    try:
        return env.from_string(source, globals=words).render(facts).strip("\n")
    except Exception:  # an example fits no sum or comparison; the sentence itself is what was checked
        return _BLOCK.sub(lambda found: "" if found[0].startswith(("{%", "{#")) else GAP, source).strip("\n")


def _plain(block: str) -> str:
    return re.sub(r"\s+", "", block)


class _Example:
    """Something that stands for any fact: it has every field, can be counted through once, and is true."""

    def __init__(self, name: str):
        self._known_as = name

    def __getattr__(self, name: str) -> "_Example":
        return self if name == "name" and catalogue.has(f"wording.example.{self._known_as}") else _Example(name)

    def __call__(self, *_args: Any, **_facts: Any) -> str:
        return GAP

    def __getitem__(self, key: Any) -> "_Example":
        return _Example(str(key))

    def __iter__(self) -> Any:
        return iter((_Example(self._known_as.removesuffix("s")),))

    def __len__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash(self._known_as)

    def __str__(self) -> str:
        key = f"wording.example.{self._known_as}"
        return catalogue.say(key) if catalogue.has(key) else f"〔{self._known_as}〕"

    __html__ = __str__
