"""One line of what the doctor reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is right, and what to do when it is not."""

    good: bool
    text: str
