"""What each small classifier looks at: the letters, and only the marks that bear on its question."""

from collections.abc import Callable, Iterator

from texts.words import hints, sure
from understanding import danger
from understanding.features import Heard
from understanding.linear import Example

RISKS = ("child", "elderly", "safety", "violence", "mass", "petition", "repeat", "dispute", "buck_passing")
ANY = "any"  # the facet that is asked of every sentence: which number, if any, must be called at once
FACETS: dict[str, tuple[str, ...]] = {
    ANY: ("danger",), "register_issue": ("category", "urgency", "kind", *(f"risk:{risk}" for risk in RISKS)),
    "opinion": ("stance",), "vote_unclear": ("reason",), "ask_policy": ("topic",), "rate": ("level", "resolved"),
    "attend": ("status",), "ask_progress": ("urge",),
}
_TALKS = frozenset({"settled", "elsewhere", "trades", "laughs", "chats", "views", "ifs", "complains"})
_MARKS: dict[str, Callable[[Heard], Iterator[str]]] = {}


def example(heard: Heard, facet: str) -> Example:
    """What the classifier of this facet gets."""
    kind = facet.partition(":")[0]
    marks = _MARKS.get(kind, _words)
    return heard.grams, list(marks(heard) if kind != "risk" else _risk(heard, facet.partition(":")[2]))


def _category(heard: Heard) -> Iterator[str]:
    if heard.category:
        yield f"topic:{heard.category}"
    yield from (f"sure:{code}" for code in sure(heard.words))
    yield from (f"hint:{code}" for code in hints(heard.words))


def _urgency(heard: Heard) -> Iterator[str]:
    yield from danger.signs(heard.words)
    if heard.danger is not None:
        yield f"danger now:{heard.danger.hotline}"
    if heard.hazard:
        yield "hazard"
    yield from (f"risk:{name}" for name in heard.risks)


def _danger(heard: Heard) -> Iterator[str]:
    yield from _urgency(heard)
    yield "rule" if heard.danger is not None else "no rule"
    yield from (f"says:{name}" for name in heard.says if name in _TALKS)
    if heard.context.active_discussion is not None:
        yield "discussion"


def _risk(heard: Heard, name: str) -> Iterator[str]:
    yield "yes" if name in heard.risks else "no"
    if heard.danger is not None:
        yield "danger"
    if heard.hazard:
        yield "hazard"


def _words(heard: Heard) -> Iterator[str]:
    yield from (f"says:{name}" for name in heard.says)


def _reason(heard: Heard) -> Iterator[str]:
    yield from _words(heard)
    reading = heard.vote
    if reading is None:
        return
    yield f"read:{reading.reason or ('none' if reading.read is None else 'choice')}"
    yield f"picks:{'none' if reading.choice is None else 'some'}"
    yield f"polls:{min(len(heard.context.open_polls), 2)}:{'named' if reading.named else 'unnamed'}"


_MARKS.update(category=_category, urgency=_urgency, danger=_danger, reason=_reason)
