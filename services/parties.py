"""Who has to do it: parties, their members, who stands in for whom, and who gets which kind of matter where."""

from datetime import datetime

from sqlalchemy import select

from domain.roles import Actor, Role
from models.base import Tx
from models.tables import party_member, person, stand_in


def members(tx: Tx, party_id: int, *, now: datetime) -> list[int]:
    """Everybody who acts for a party now: its members, who lead first, and who stands in for them."""
    own = list(tx.connection.scalars(
        select(party_member.c.person_id).join_from(party_member, person).where(
            party_member.c.party_id == party_id, person.c.left_at.is_(None), person.c.joined_into.is_(None))
        .order_by(party_member.c.leads.desc(), party_member.c.id)))
    others = tx.connection.scalars(
        select(stand_in.c.person_id).join_from(stand_in, party_member, party_member.c.person_id == stand_in.c.for_id).where(
            party_member.c.party_id == party_id, stand_in.c.starts_at <= now, stand_in.c.ends_at > now).order_by(stand_in.c.id))
    return list(dict.fromkeys([*own, *others]))


def acts_for(tx: Tx, actor: Actor, party_id: int, *, now: datetime) -> bool:
    """True when somebody acts for the party; for one that nobody here belongs to, the staff do."""
    found = members(tx, party_id, now=now)
    return actor.person_id in found if found else actor.role.covers(Role.GRID_WORKER)
