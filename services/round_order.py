"""The order of a round's changes: every vote and every change of a statement has a place, that of its commit."""

from datetime import datetime

from sqlalchemy import BindParameter, bindparam, case, func, select, update

from models.base import Tx
from models.hot import Hot
from models.rounds import opinion, opinion_round, opinion_vote

_AT: BindParameter[int] = bindparam("at_us")
_BUMP = Hot(update(opinion_round).where(opinion_round.c.id == bindparam("round_id")).values(
    seq=case((opinion_round.c.seq >= _AT, opinion_round.c.seq + 1), else_=_AT)).returning(opinion_round.c.seq))


def bump(tx: Tx, round_id: int, now: datetime) -> int:
    """The next place in the order of a round's changes; holds the round, so that the order is that of the commits."""
    return int(tx.scalar(_BUMP, {"round_id": round_id, "at_us": int(now.timestamp() * 1_000_000)}))


def touch(tx: Tx, round_id: int, now: datetime) -> None:
    """Tells every process that votes are gone or somebody else's: what they keep of the round is read anew."""
    first = select(func.min(opinion.c.id)).where(opinion.c.round_id == round_id).scalar_subquery()
    place = bump(tx, round_id, now)
    tx.execute(update(opinion).where(opinion.c.id == first).values(seq=place))


def renamed(tx: Tx, persons: list[int], now: datetime) -> None:
    """Two accounts have become one person, or two again: the open rounds in which they voted are counted anew."""
    for round_id in sorted(set(tx.connection.scalars(select(opinion_vote.c.round_id).join_from(
            opinion_vote, opinion_round).where(opinion_vote.c.person_id.in_(persons), opinion_round.c.state == "open")))):
        touch(tx, round_id, now)
