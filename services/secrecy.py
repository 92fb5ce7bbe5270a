"""The choices of a secret poll: kept apart from the persons, and after closing joined to nobody by anything we hold.

While the poll is open somebody may change their mind, so each ballot holds a sealed way to its choice (`link`) with a
blinding number; the audit chain holds a commitment that means nothing without that number. At closing every choice is
checked against its commitment, the links are burnt, the choices are written anew in the order of their random receipts, and
the words in which they were cast are struck out. What somebody copied before that is beyond us, and the notice says so.
"""

import secrets
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from domain.receipts import commitment
from models.base import Tx
from models.tables import ballot, ballot_log, message, outbox, secret_choice

CAST = "*"  # stands in the ballot for a choice that is elsewhere


def keep(tx: Tx, poll_id: int, link: str | None, receipt: str, choice: str, *, blind: str = "") -> tuple[str, str]:
    """Puts a choice away; gives the new way to it and the commitment for the log."""
    blind = blind or secrets.token_hex(16)
    if link is None:
        tx.execute(insert(secret_choice).values(poll_id=poll_id, receipt=receipt, choice=choice, salt=""))
    else:
        receipt = link.split()[0]
        tx.execute(update(secret_choice).where(secret_choice.c.poll_id == poll_id, secret_choice.c.receipt == receipt)
                   .values(choice=choice))
    return f"{receipt} {blind}", commitment(receipt, choice, blind)


def look(tx: Tx, poll_id: int, link: str | None) -> str:
    """What was chosen, while the way to it exists; '' otherwise."""
    if not link:
        return ""
    return str(tx.scalar(select(secret_choice.c.choice).where(
        secret_choice.c.poll_id == poll_id, secret_choice.c.receipt == link.split()[0])) or "")


def burn(tx: Tx, row: Row[Any]) -> list[str]:
    """Ends the way from persons to choices for good; gives the receipts whose choice is not what was committed to."""
    kept = {r.receipt: r.choice for r in tx.all(select(secret_choice).where(secret_choice.c.poll_id == row.id))}
    last: dict[str, str] = {r.voter: r.seal for r in tx.all(
        select(ballot_log.c.voter, ballot_log.c.seal).where(ballot_log.c.poll_id == row.id).order_by(ballot_log.c.id))}
    wrong = []
    for each in tx.all(select(ballot.c.voter, ballot.c.link).where(ballot.c.poll_id == row.id)):
        receipt, _, blind = (each.link or " ").partition(" ")
        if receipt not in kept or commitment(receipt, kept[receipt], blind) != last.get(each.voter):
            wrong.append(receipt)
    tx.execute(update(ballot).where(ballot.c.poll_id == row.id).values(link=None, receipt=None, salt=None, cast_at=row.opens_at,
                                                                        sent_at=row.opens_at))
    tx.execute(delete(secret_choice).where(secret_choice.c.poll_id == row.id))
    if kept:
        tx.execute(insert(secret_choice), [{"poll_id": row.id, "receipt": receipt, "choice": kept[receipt], "salt": ""}
                                           for receipt in sorted(kept)])
    _strike(tx, row)
    return wrong


def destroy(tx: Tx, row: Row[Any]) -> None:
    """Of a poll that is called off nothing is counted: the ways and the choices are gone at once."""
    burn(tx, row)
    tx.execute(delete(secret_choice).where(secret_choice.c.poll_id == row.id))


def _strike(tx: Tx, row: Row[Any]) -> None:
    """Takes away every answer that may repeat a choice or a receipt: to ballots, and to whatever else was sealed meanwhile.

    Answers that still wait to be sent are struck when they have gone (bot/delivery.py).
    """
    cast = select(ballot_log.c.message_id).where(ballot_log.c.poll_id == row.id, ballot_log.c.message_id.is_not(None))
    mine = [message.c.community_id == row.community_id, message.c.received_at >= row.opens_at, message.c.state != "parked",
            or_(message.c.id.in_(cast), message.c.payload.is_not(None))]
    heard = set(tx.connection.scalars(select(message.c.id).where(*mine)))
    tx.execute(update(message).where(*mine).values(reply=None, card=None, text=None, payload=None))
    answers = tx.all(select(outbox.c.id, outbox.c.key).where(
        outbox.c.key.like("message:%"), outbox.c.created_at >= row.opens_at, outbox.c.state.in_(("sent", "dead"))))
    for each in answers:
        if int(each.key.split(":")[1]) in heard:
            tx.execute(delete(outbox).where(outbox.c.id == each.id))
