"""The numbers of the loop that an installation may choose: how many ring, how often one may reopen or send back."""

from dataclasses import dataclass
from datetime import timedelta

from domain.timers import Span


@dataclass(frozen=True, slots=True)
class Limits:
    """What config.yaml says under `loop`, beside the lengths of the clocks."""

    ring_people: int = 10
    ring_hours: int = 24
    returns: int = 1  # sent back more often: an admin decides who does it
    return_within: Span = Span(workdays=1)
    supervise_after: Span = Span(workdays=2)  # overdue for so long: the level above is told
    reopen_people: int = 3  # of those who stand behind an issue
    reopens: int = 1  # reopened more often: it goes to the street

    @property
    def ring_window(self) -> timedelta:
        """How far back those who ring are counted."""
        return timedelta(hours=self.ring_hours)


_now = Limits()


def configure(chosen: Limits) -> None:
    """What config.yaml says; called once at start."""
    global _now
    _now = chosen


def of() -> Limits:
    """The numbers that hold here."""
    return _now
