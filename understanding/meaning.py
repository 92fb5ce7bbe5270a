"""What was understood, with every step that led there."""

from dataclasses import dataclass, field
from typing import Any

from texts.say import say

Step = tuple[str, dict[str, Any]]  # the name of a rule and its facts; said by why.* of the catalogue


@dataclass(frozen=True, slots=True)
class Meaning:
    """The intent of a sentence, its facts, and why."""

    intent: str
    slots: dict[str, Any] = field(default_factory=dict)
    confidence: float = 1.0  # how often a sentence judged like this one is judged rightly, 0 to 1
    steps: tuple[Step, ...] = ()  # in order
    choice: frozenset[int] | None = None  # of a vote: the options by index from 0

    @property
    def authorized(self) -> bool:
        """False when a resident said what only staff may order."""
        return self.slots.get("authorized") is not False

    def why(self) -> list[str]:
        """The steps in words."""
        return [say(f"why.{name}", **facts) for name, facts in self.steps]

    def as_json(self) -> dict[str, Any]:
        """The line that the tool writes."""
        return {"intent": self.intent, "slots": self.slots, "confidence": round(self.confidence, 3), "why": self.why()}
