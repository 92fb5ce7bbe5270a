"""What a person's wish to be forgotten does to opinion rounds."""

from datetime import datetime

from sqlalchemy import delete, select, update

from models.base import Tx
from models.rounds import opinion, opinion_nudge, opinion_round, opinion_served, opinion_vote, person_trait
from services import quoted, round_order
from texts.say import say


def forget(tx: Tx, mine: list[int], *, now: datetime) -> None:
    """Strikes their statements and what they told of themselves, and takes back their votes in rounds that are open.

    Votes of others on what they said stay on record, but nobody is asked about it any more; closed rounds keep their counts.
    """
    touched = set(tx.connection.scalars(select(opinion_vote.c.round_id).join_from(opinion_vote, opinion_round).where(
        opinion_vote.c.person_id.in_(mine), opinion_round.c.state == "open")))
    touched |= set(tx.connection.scalars(select(opinion.c.round_id).where(opinion.c.person_id.in_(mine))))
    for said in tx.all(select(opinion.c.text, opinion.c.at, opinion_round.c.community_id).join_from(opinion, opinion_round).where(
            opinion.c.person_id.in_(mine))):
        quoted.take_out(tx, said.text, community_id=said.community_id, since=said.at, answers="round.")
    tx.execute(update(opinion).where(opinion.c.person_id.in_(mine)).values(
        person_id=None, text=say("issue.struck"), state="hidden", joined_to=None, message_id=None))
    tx.execute(delete(opinion_vote).where(opinion_vote.c.person_id.in_(mine), opinion_vote.c.round_id.in_(
        select(opinion_round.c.id).where(opinion_round.c.state == "open"))))
    for table in (opinion_served, opinion_nudge, person_trait):
        tx.execute(delete(table).where(table.c.person_id.in_(mine)))
    for round_id in sorted(touched):
        round_order.touch(tx, round_id, now)
