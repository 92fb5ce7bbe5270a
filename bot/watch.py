"""What is counted of messages and posts, and which message a log line is about; nobody counts unless ops/metrics.py does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Heard = Callable[[str, float], None]  # answered | failed | repeat | parked | refused | lost; seconds
Posted = Callable[[str, str], None]  # the account; sent | again | dead

message_id: ContextVar[int | None] = ContextVar("message_id", default=None)
_heard: list[Heard] = []
_posted: list[Posted] = []


def count(heard: Heard, posted: Posted) -> None:
    """From now on these are told, instead of any told before."""
    _heard[:], _posted[:] = [heard], [posted]


def heard(outcome: str, seconds: float) -> None:
    """A message has been dealt with."""
    for tell in _heard:
        tell(outcome, seconds)


def posted(account: str, result: str) -> None:
    """A post has been tried, and what came of it is on record."""
    for tell in _posted:
        tell(account, result)


@contextmanager
def about(number: int) -> Iterator[None]:
    """Log lines in this block are about this row of the message log."""
    before = message_id.set(number)
    try:
        yield
    finally:
        message_id.reset(before)
