"""What must be known of an account before something is queued for it; the channels tell at start, see ops/house.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

TEXT_BYTES = 2048  # the smallest limit among the channels that push


@dataclass(frozen=True, slots=True)
class Road:
    """One account, as services see it."""

    push_person: bool = False
    push_group: bool = False
    cards: bool = False
    group_cards: bool = True  # and in groups
    links: bool = False
    text_bytes: int = TEXT_BYTES
    window: timedelta | None = None  # a person can be written to only so long after they were heard
    heard_once: bool = False  # and only if they ever said something there in private
    window_posts: int = 0  # and only so often after each time they were heard; 0: as often as one likes
    touch_window: timedelta | None = None  # after a touch without words only so long, and so often
    touch_posts: int = 0
    link_beside: bool = False  # a page's link stands beside the words, not in them
    by_hand: bool = False  # each post is a task that somebody confirms
    images: bool = True  # shows a result's picture
    templates: Mapping[str, bool] = field(default_factory=dict)  # notices by name: True needs a one-time permission

    @property
    def asks(self) -> tuple[str, ...]:
        """The notices that somebody must allow before each one."""
        return tuple(name for name, needed in self.templates.items() if needed)
