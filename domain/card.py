"""A card as every channel may draw it: buttons or options to touch, each standing for words one could also type.

A tap becomes exactly those words, so a card can never do what a sentence cannot.
"""

from dataclasses import dataclass
from typing import Any, Self

OPTIONS_MOST = 20  # of one vote card; buttons: 6; selects: 3 with 10 options each (the platform's limits)
BUTTONS_MOST = 6


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose; `id` is what is said when it is chosen."""

    id: str
    text: str
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """A button and the words it stands for."""

    says: str
    text: str
    main: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """One of up to three drop-down lists; `key` names it."""

    key: str
    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown and can be touched.

    Options: `says` followed by the chosen ids is what was said (`P5` and `1`, `3`: "P5 1、3"). Selects: `says` followed
    by the chosen id of each. Buttons speak for themselves. Without any of them the card is a notice with a link.
    """

    about: str  # poll-12 | issue-7 | ask-991: what it belongs to; [0-9A-Za-z-], an ask is answered only while it is open
    title: str
    text: str = ""
    says: str = ""
    options: tuple[Option, ...] = ()
    most: int = 1  # options that may be chosen together
    selects: tuple[Select, ...] = ()
    buttons: tuple[Button, ...] = ()
    submit: str = "提交"
    closed: str = ""  # why nothing can be touched any more; shown where the button was
    url: str = ""  # the page of the same thing

    def pack(self) -> dict[str, Any]:
        """The card as JSON."""
        return {name: getattr(self, name) for name in _PLAIN} | {
            "options": [_pairs(o) for o in self.options], "buttons": [_pairs(b) for b in self.buttons],
            "selects": [_pairs(s) | {"options": [_pairs(o) for o in s.options]} for s in self.selects]}

    @classmethod
    def unpack(cls, facts: dict[str, Any]) -> Self:
        """The card again."""
        return cls(**facts | {
            "options": tuple(Option(**o) for o in facts["options"]), "buttons": tuple(Button(**b) for b in facts["buttons"]),
            "selects": tuple(Select(s["key"], s["title"], tuple(Option(**o) for o in s["options"])) for s in facts["selects"])})


_PLAIN = [name for name in Card.__dataclass_fields__ if name not in ("options", "buttons", "selects")]


def _pairs(part: Option | Button | Select) -> dict[str, Any]:
    """The fields by name; dataclasses.asdict copies deeply, which costs more than a ballot's arithmetic."""
    return {name: getattr(part, name) for name in part.__slots__}


def words_of(key: str, chosen: list[str] | tuple[str, ...] = ()) -> str:
    """What a tap says: the key of the button, and whatever was chosen."""
    return f"{key} {'、'.join(chosen)}" if chosen else key
