"""Ballots of every kind in ordinary words, to and from the canonical choice that is stored (see domain/kinds).

Single choices and marks are read by texts/choices.py, points, orders, sign-ups and times by texts/kind_words.py. As there: what
is not certainly a ballot is never counted.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from texts.choices import Choice, Unclear, doubt, read_choice
from texts.kind_words import READERS
from texts.normal import plain
from texts.numbers import in_digits
from texts.say import say

MARKS = frozenset({"single", "multiple", "approval", "stance", "budget"})  # a ballot is a set of options
LONGEST = 200
Rules = Mapping[str, Any]

_CIRCLED = re.compile("[\u2460-\u2469\u2776-\u277f]")
_EVERY = r"(?:我)?(?:这?[几两]个|每个|全部?|统统|所有的?)?都"
_ALL = {"approval": re.compile(rf"{_EVERY}(?:可以|行|要|选|好|同意|能?接受|支持|中|成)[的吧了啊]?|全[选要]"),
        "budget": re.compile(rf"{_EVERY}(?:要|选|想要)[的吧了啊]?|全[选要]")}
_ONLY = re.compile(r"(?:我|俺|咱)?[就只](?:要|选|投)一?个?")


def most_of(kind: str, options: Sequence[str], rules: Rules) -> int:
    """How many options one ballot may mark."""
    if kind in ("single", "stance"):
        return 1
    return int(rules.get("most") or len(options))


def read(words: str, kind: str, options: Sequence[str], rules: Rules) -> str | Unclear | None:
    """The canonical choice in the words; None when they are no ballot of this kind at all."""
    if kind in MARKS:
        if whole := _whole(words, kind, options):
            return whole
        found = read_choice(words, options, most=most_of(kind, options, rules))
        return pack(found) if isinstance(found, Choice) else found
    said = in_digits(plain(_CIRCLED.sub(r" \g<0> ", words)).lower().strip(" ,。.!~;:、"))
    if not said or len(said) > LONGEST:
        return None
    heard = READERS[kind](said, [in_digits(plain(o).lower()) for o in options], rules)
    if isinstance(heard, Unclear):  # what is read to the end holds no word that could mean something else
        return doubt(said, options) or heard
    return heard


def plainly(words: str, kind: str, options: Sequence[str], rules: Rules) -> str | Unclear | None:
    """The same, but of marks only what needs no judging: all of them (都要), or one and no other (只要猜谜)."""
    return (_whole(words, kind, options) or None) if kind in MARKS else read(words, kind, options, rules)


def _whole(words: str, kind: str, options: Sequence[str]) -> str:
    said = plain(words).lower().strip(" ,。.!~;:、")
    if kind in _ALL and _ALL[kind].fullmatch(said):
        return ",".join(str(i) for i in range(len(options)))
    only = _ONLY.match(said)
    named = [str(i) for i, o in enumerate(options) if only and said[only.end():] == plain(o).lower()]
    return named[0] if len(named) == 1 else ""


def pack(choice: Choice) -> str:
    """Marks as they are stored."""
    return ",".join(str(i) for i in sorted(choice.options))


def spoken(choice: str, kind: str, options: Sequence[str]) -> tuple[str, ...]:
    """A stored ballot in words, one piece for each thing it says; nothing for none."""
    if not choice:
        return ()
    if kind in MARKS:
        return tuple(options[int(i)] for i in choice.split(","))
    if kind == "score":
        rated = (part.partition(":") for part in choice.split(","))
        return tuple(say("ballot.score", option=options[int(i)], points=n) for i, _, n in rated)
    if kind == "ranked":
        return (say("ballot.ranked", order=[[options[int(i)] for i in group.split("=")] for group in choice.split(">")]),)
    if kind == "signup":
        return (say("ballot.signup", people=choice),)
    yes, _, maybe = choice.partition("|")
    return (*(options[int(i)] for i in yes.split(",") if i),
            *(say("ballot.maybe", option=options[int(i)]) for i in maybe.split(",") if i))
