"""What is known around a sentence: where it was said, by whom, in reply to what, and what is open there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STAFF = frozenset({"grid_worker", "property", "admin"})
_LABELLED = re.compile(r"^([A-Za-z]|\d{1,2})(?:[.、:：)）]\s*|\s+)(?=\S)")


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that this one replies to."""

    kind: str  # poll_card | issue_card | chat
    text: str = ""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class PollSeen:
    """An open poll, as far as a ballot must know it."""

    id: str  # P5
    title: str
    options: tuple[str, ...]  # as shown, perhaps with a letter or number in front
    most: int = 1
    kind: str = "single"

    def names(self) -> tuple[str, ...]:
        """What each option is called in a ballot: its letter or number, or its own word."""
        return tuple(m[1] if (m := _LABELLED.match(o)) else o for o in self.options)


@dataclass(frozen=True, slots=True)
class IssueSeen:
    """An issue, as far as a sentence may point to it."""

    id: str  # I12
    title: str
    status: str = ""


@dataclass(frozen=True)
class Context:
    """Everything around the sentence; each field may be empty."""

    at_bot: bool = False
    private: bool = False
    role: str = "resident"
    quote: Quote | None = None
    open_polls: Sequence[PollSeen] = ()
    my_vote: str | None = None  # the poll of this person's ballot
    my_choice: tuple[str, ...] = ()
    my_issues: Sequence[IssueSeen] = ()
    recent_issue: IssueSeen | None = None
    recent_result: str | None = None  # the poll whose result was last shown
    pending_rating: IssueSeen | None = None
    active_discussion: IssueSeen | None = None
    prev_jielong_count: int = 0
    vocabulary: Mapping[str, str] = field(default_factory=dict)  # the community's own words and their categories

    @property
    def addressed(self) -> bool:
        """True when the words were for the bot in any case."""
        return self.at_bot or self.private

    @property
    def staff(self) -> bool:
        """True for those who may give commands."""
        return self.role in STAFF


def from_json(said: Mapping[str, Any]) -> Context:
    """The context as the tool and the utterances write it; unknown fields are ignored."""
    vote, quote = said.get("my_vote") or {}, said.get("quote")
    return Context(
        at_bot=bool(said.get("at_bot")), private=said.get("chat") == "private", role=said.get("role") or "resident",
        quote=Quote(str(quote.get("kind") or "chat"), str(quote.get("text") or ""), quote.get("id")) if quote else None,
        open_polls=tuple(_poll(p) for p in said.get("open_polls") or ()),
        my_vote=vote.get("poll") or vote.get("poll_id"), my_choice=tuple(map(str, vote.get("choice") or ())),
        my_issues=tuple(_issue(i) for i in said.get("my_issues") or ()),
        recent_issue=_issue(said["recent_issue"]) if said.get("recent_issue") else None,
        recent_result=_id(said["recent_result"]) if said.get("recent_result") else None,
        pending_rating=_issue(said["pending_rating"]) if said.get("pending_rating") else None,
        active_discussion=_issue(said["active_discussion"]) if said.get("active_discussion") else None,
        prev_jielong_count=int(said.get("prev_jielong_count") or 0))


def _poll(said: Mapping[str, Any]) -> PollSeen:
    options = tuple(str(o) for o in said.get("options") or ())
    kind = str(said.get("kind") or "single")
    return PollSeen(str(said.get("id") or ""), str(said.get("title") or ""), options,
                    int(said.get("max") or (len(options) if kind == "multi" else 1)), kind)


def _issue(said: Any) -> IssueSeen:
    if isinstance(said, str):
        return IssueSeen(said, "")
    return IssueSeen(str(said.get("id") or ""), str(said.get("title") or ""), str(said.get("status") or ""))


def _id(said: Any) -> str:
    return said if isinstance(said, str) else str(said.get("id") or said.get("poll") or said.get("poll_id") or "")
