"""Homes and who lives in them: one-time codes from the grid worker, and the binding they allow."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.secret import fingerprint
from models.tables import bind_code, home, message, residence
from services import audit, owners
from services.people import Speaker

CODE_LIFE = timedelta(days=3)
WRONG_PER_HOUR = 5
WRONG_PER_CODE = 10
WRONG_CODE = "bind.wrong"  # the intent under which a wrong code stands in the message log


def find(tx: Tx, community_id: int, label: str) -> int:
    """The home with this label in the community."""
    found = tx.scalar(select(home.c.id).where(home.c.community_id == community_id, home.c.label == label))
    if found is None:
        raise Refusal("bind.no_home", label=label)
    return int(found)


def make_code(tx: Tx, actor: Actor, *, home_id: int, owner_id: int | None = None, now: datetime) -> str:
    """Makes a one-time code for who lives in a home, or for one of its owners; an unused earlier one of the same kind ends."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    where = tx.first(select(home.c.community_id).where(home.c.id == home_id))
    if where is None or (actor.community_id is not None and where.community_id != actor.community_id):
        raise Refusal("bind.no_home", label="")
    tx.execute(update(bind_code).where(bind_code.c.home_id == home_id, bind_code.c.owner_id.is_not_distinct_from(owner_id),
                                       bind_code.c.used_at.is_(None), bind_code.c.expires_at > now).values(expires_at=now))
    code = f"{secrets.randbelow(10**6):06d}"
    tx.add(bind_code, home_id=home_id, owner_id=owner_id, code_hash=fingerprint(str(home_id), code), made_by=actor.person_id,
           expires_at=now + CODE_LIFE, created_at=now)
    audit.note(tx, actor, "home.code" if owner_id is None else "owner.code", f"home:{home_id}", now=now,
               community_id=where.community_id)
    return code


def make_codes(tx: Tx, actor: Actor, *, building_id: int, now: datetime) -> list[tuple[str, str]]:
    """A code for every home of a building in which nobody is bound, with the home's label: to be handed out on paper."""
    lived_in = select(residence.c.id).where(residence.c.home_id == home.c.id, residence.c.until.is_(None)).exists()
    rows = tx.all(select(home.c.id, home.c.label).where(home.c.building_id == building_id, home.c.counts, ~lived_in)
                  .order_by(home.c.id))
    return [(row.label, make_code(tx, actor, home_id=row.id, now=now)) for row in rows]


def bind(tx: Tx, speaker: Speaker, *, label: str, code: str, now: datetime) -> str:
    """Binds the speaker to the home (home) or proves them its owner (owner); '' when the code is not right, unused and in time.

    Guessing is limited twice: by person and hour, and by code, which ends after ten wrong tries whoever makes them.
    """
    wrong = tx.scalar(select(func.count()).select_from(message).where(
        message.c.person_id == speaker.id, message.c.intent == WRONG_CODE,
        message.c.received_at > now - timedelta(hours=1)))
    if wrong >= WRONG_PER_HOUR:
        raise Refusal("bind.too_often")
    home_id = find(tx, speaker.home_community, label)
    used = tx.execute(update(bind_code).where(
        bind_code.c.home_id == home_id, bind_code.c.code_hash == fingerprint(str(home_id), code),
        bind_code.c.used_at.is_(None), bind_code.c.expires_at > now).values(used_at=now, used_by=speaker.id)
        .returning(bind_code.c.owner_id)).first()
    if used is None:
        live = update(bind_code).where(bind_code.c.home_id == home_id, bind_code.c.used_at.is_(None), bind_code.c.expires_at > now)
        tx.execute(live.values(failures=bind_code.c.failures + 1))
        tx.execute(live.where(bind_code.c.failures >= WRONG_PER_CODE).values(expires_at=now))
        return ""
    if used.owner_id is not None:
        owners.prove(tx, speaker, used.owner_id, now=now)
        return "owner"
    known = tx.scalar(select(residence.c.id).where(
        residence.c.person_id == speaker.id, residence.c.home_id == home_id, residence.c.until.is_(None)))
    if known is None:
        tx.add(residence, person_id=speaker.id, home_id=home_id, since=now)
    audit.note(tx, speaker, "home.bind", f"home:{home_id}", now=now)
    return "home"


def unbind(tx: Tx, actor: Actor, *, person_id: int, home_id: int, now: datetime) -> None:
    """Somebody lives there no longer: by their own word, or by the staff's when it was entered wrongly."""
    where = tx.first(select(home.c.community_id).where(home.c.id == home_id))
    if where is None or (actor.community_id is not None and actor.community_id != where.community_id):
        raise Refusal("bind.no_home", label="")
    if actor.person_id != person_id and not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    ended = tx.execute(update(residence).where(residence.c.person_id == person_id, residence.c.home_id == home_id,
                                               residence.c.until.is_(None)).values(until=now))
    if not ended.rowcount:
        raise Refusal("rights.not_bound")
    audit.note(tx, actor, "home.unbind", f"home:{home_id}", now=now, community_id=where.community_id, person=person_id)
