"""How far statements part people, computed beside the round's course, so that routing and the next picture build on it."""

import json
from datetime import datetime

from sqlalchemy import select, update

from models.base import Database
from models.rounds import opinion, opinion_round
from services import audit, round_voice, round_votes

FEWEST = 5  # voters, below which there is no map to draw


def draw_due(db: Database, *, now: datetime) -> int:
    """Takes each open round with new votes through the mathematics; the computing holds no lock. Returns how many were drawn."""
    with db.read() as tx:
        changed = list(tx.connection.scalars(select(opinion_round.c.id).where(
            opinion_round.c.state == "open", opinion_round.c.seq > opinion_round.c.mapped_seq).order_by(opinion_round.c.id)))
    for round_id in changed:
        _draw(db, round_id, now)
    return len(changed)


def _draw(db: Database, round_id: int, now: datetime) -> None:
    from opinions import matrix  # SciPy is loaded by the scheduler alone, and only when there is something to draw
    from opinions.rounds import State, analyse

    with db.read() as tx:
        row = tx.execute(select(opinion_round).where(opinion_round.c.id == round_id)).one()
        votes = round_votes.counted(tx, round_id)
    far, warm = {}, row.warm
    if len({person for person, _, _ in votes}) >= FEWEST:
        found = analyse(matrix.from_events(votes), State.from_json(json.loads(row.warm)) if row.warm else None)
        far = dict(zip(found.votes.statements, found.axes.extremity.tolist(), strict=True))
        warm = json.dumps(found.state.as_json())
    with db.write() as tx:
        for opinion_id, value in far.items():
            tx.execute(update(opinion).where(opinion.c.id == opinion_id).values(extremity=value))
        tx.execute(update(opinion_round).where(opinion_round.c.id == round_id).values(warm=warm, mapped_seq=row.seq))
        round_voice.watch(tx, row, now)
        audit.seal(tx)
