"""Co-owners of a home have one vote: while they say different things it is held back and counts nowhere (DOMAIN 3.2).

Whoever speaks for a home is a hand: each co-owner, the paper that staff entered, and staff who settled it on a written
statement. What a hand said last stands; a settlement ends everything that was said before it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select

from models.base import Tx
from models.hot import Hot
from models.tables import ballot_log, person
from services import outbox
from services.people import Speaker
from texts.say import say

PAPER, SETTLE = "enter", "settle"  # acts of staff
HOLD, STAND = "hold", "stand"  # lines that only say what became of the vote after the act before them
COUNTED, HELD = "counted", "held"
_SAID = Hot(select(ballot_log.c.act, ballot_log.c.choice, func.coalesce(person.c.joined_into, person.c.id).label("hand"))
            .join_from(ballot_log, person, person.c.id == ballot_log.c.person_id, isouter=True)
            .where(ballot_log.c.poll_id == bindparam("poll_id"), ballot_log.c.voter == bindparam("voter"))
            .order_by(ballot_log.c.id))
_HANDS = select(func.coalesce(person.c.joined_into, person.c.id)).join_from(
    ballot_log, person, person.c.id == ballot_log.c.person_id)


@dataclass(frozen=True, slots=True)
class Word:
    """What a home says as a whole."""

    choice: str  # canonical; "" nothing, and while held what was said last
    state: str  # counted | held


def word(tx: Tx, poll_id: int, voter: str) -> Word:
    """What all hands together say, by the log as it is now."""
    hands: dict[object, str] = {}
    last = ""
    for act, choice, hand in map(tuple, tx.all(_SAID, {"poll_id": poll_id, "voter": voter})):
        if act in (HOLD, STAND):
            continue
        if act == SETTLE:
            hands.clear()
        hands.pop(key := act if act in (PAPER, SETTLE) else hand, None)
        if choice:
            hands[key] = last = choice
    said = set(hands.values())
    if len(said) > 1:
        return Word(last, HELD)
    return Word(said.pop() if said else "", COUNTED)


def tell(tx: Tx, row: Row[Any], voters: list[str], speaker: Speaker | None, key: str, *, mark: str, now: datetime) -> int:
    """Tells the other co-owners who have voted that the vote of their home is held, or counts again."""
    others = tx.connection.scalars(_HANDS.where(
        ballot_log.c.poll_id == row.id, ballot_log.c.voter.in_(voters), ballot_log.c.act.not_in((PAPER, SETTLE)),
        func.coalesce(person.c.joined_into, person.c.id) != (speaker.id if speaker else 0)).distinct()).all()
    return sum(outbox.to_person(tx, person_id=other, key=f"poll:{row.id}:{key}:{mark}:person:{other}",
                                text=say(f"vote.{key}", poll=row), now=now, weight=outbox.RESULT) for other in sorted(others))
