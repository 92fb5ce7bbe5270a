"""What a handler gets to work with: the transaction, who speaks, where, and the thread of the talk."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.message import Message
from domain.card import Button, Card
from models.base import Tx
from services.people import Place, Speaker


@dataclass(slots=True)
class Dialog:
    """An unfinished talk with one person in one chat; lives in Redis for ten minutes and may be lost."""

    then: str  # the name of the handler that hears the answer
    by: int = 0  # the message that was answered with the question
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Ctx:
    """One message being handled."""

    tx: Tx
    message: Message
    message_id: int
    speaker: Speaker
    place: Place | None  # the group; None in a private chat
    now: datetime
    text: str  # the words as said, without mention
    heard: str  # the same, in canonical form: what is matched
    dialog: Dialog | None = None  # what was open before this message
    draws: bool = True  # somebody will see a card
    dialogs_up: bool = True  # False: Redis is away and nothing can be asked step by step
    next_dialog: Dialog | None = None  # what stays open after it
    intent: str | None = None  # what the message was understood as
    how: str | None = None  # which step of the route understood it
    sure: float | None = None  # of ordinary words: how sure the reader was, 0 to 1
    asked: bool = False  # the answer is a question that the next message may answer
    card: Card | None = None  # shown beside the words where the channel can

    @property
    def chat_id(self) -> int | None:
        """The group's id in the database."""
        return self.place.id if self.place else None

    @property
    def private(self) -> bool:
        """True when nobody else reads the answer."""
        return self.place is None

    def ask(self, then: str, **data: Any) -> None:
        """Leaves a question open: the next words of this person go to the handler named."""
        self.next_dialog = Dialog(then, self.message_id, data)

    def buttons(self, title: str, *pairs: tuple[str, str], text: str = "") -> None:
        """Puts buttons under a question: (words they stand for, what is on them), the first one being the main one."""
        self.card = Card(f"ask-{self.message_id}", title, text,
                         buttons=tuple(Button(says, label, main=n == 0) for n, (says, label) in enumerate(pairs)))
