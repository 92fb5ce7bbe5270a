"""Ballots on paper and by phone, for those without a smartphone: entered by one member of staff, confirmed by a second.

The second reads the photo of the paper again, or calls back; only what both heard or read the same counts. A vote of owners
needs a signature and therefore paper.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, func, select, update

from domain import sampling
from domain.classes import BY_AREA
from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.secret import fingerprint
from models.tables import home, paper_ballot, poll_unit
from services import audit, ballots, electorate, homes, photos
from texts.kinds import read
from texts.normal import plain
from texts.places import home as read_home

PAPER, PHONE = "paper", "phone"
WAITING, COUNTED, DROPPED = "waiting", "counted", "dropped"
PROXY_MOST = 3  # owners that one proxy may sign for: a rule of 潍坊, taken as the cautious default


@dataclass(frozen=True, slots=True)
class Sample:
    """Which papers shall be looked at again, and what finding nothing then means."""

    papers: int
    wrong: int  # so many wrongly entered ones could have turned the result
    labels: list[str]


def enter(tx: Tx, actor: Actor, row: Row[Any], *, where: str, words: str, proxy: str = "", photo: bytes, how: str = PAPER,
          now: datetime) -> int:
    """The first reading; gives the paper's number."""
    _may(actor, row)
    if how == PHONE and row.poll_class in BY_AREA:
        raise Refusal("paper.phone_owners")
    label, home_id = _home(tx, row, where)
    choice = _choice(row, words)
    live = tx.scalar(select(paper_ballot.c.id).where(paper_ballot.c.poll_id == row.id, paper_ballot.c.state != DROPPED,
                                                     paper_ballot.c.home_id.in_(ballots.homes_with(tx, row, home_id))))
    if live is not None:
        raise Refusal("paper.twice", label=label)
    key = _proxy(tx, row, home_id, proxy)
    picture = photos.clean(photo) if how == PAPER else b""
    mark = sha256(picture).hexdigest()
    paper = tx.add(paper_ballot, poll_id=row.id, home_id=home_id, choice=choice, how=how, proxy=proxy.strip() or None,
                   proxy_key=key, photo=picture, photo_hash=mark, entered_by=actor.who, entered_at=now, state=WAITING)
    audit.note(tx, actor, "paper.enter", f"poll:{row.id}", now=now, community_id=row.community_id, paper=paper, home=home_id,
               how=how, photo=mark, proxy=key or "")
    return paper


def confirm(tx: Tx, actor: Actor, row: Row[Any], paper_id: int, *, words: str, now: datetime) -> str:
    """The second reading, by somebody else: counted, held (the home voted otherwise online), or dropped as read differently."""
    _may(actor, row)
    paper = tx.first(select(paper_ballot).where(paper_ballot.c.id == paper_id, paper_ballot.c.poll_id == row.id,
                                                paper_ballot.c.state == WAITING).with_for_update())
    if paper is None:
        raise Refusal("paper.gone")
    if paper.entered_by == actor.who:
        raise Refusal("paper.same_hand")
    if _choice(row, words) != paper.choice:
        drop(tx, actor, row, paper_id, reason="", now=now)
        return "differs"
    held = ballots.on_paper(tx, actor, row, home_id=paper.home_id, choice=paper.choice, paper=paper_id, now=now)
    tx.execute(update(paper_ballot).where(paper_ballot.c.id == paper_id).values(
        state=COUNTED, confirmed_by=actor.who, confirmed_at=now))
    return "held" if held else COUNTED


def drop(tx: Tx, actor: Actor, row: Row[Any], paper_id: int, *, reason: str, now: datetime) -> None:
    """Puts aside what was entered wrongly and is not confirmed; the photo stays on record."""
    _may(actor, row)
    gone = tx.execute(update(paper_ballot).where(
        paper_ballot.c.id == paper_id, paper_ballot.c.poll_id == row.id, paper_ballot.c.state == WAITING).values(
        state=DROPPED, confirmed_by=actor.who, confirmed_at=now, reason=reason or None))
    if gone.rowcount != 1:
        raise Refusal("paper.gone")
    audit.note(tx, actor, "paper.drop", f"poll:{row.id}", now=now, community_id=row.community_id, paper=paper_id)


def listed(tx: Tx, poll_id: int) -> list[Row[Any]]:
    """The papers of a poll, newest first, without their photos."""
    columns = [c for c in paper_ballot.c if c.name not in ("photo", "home_id")]
    return tx.all(select(*columns, home.c.label).join_from(paper_ballot, home).where(paper_ballot.c.poll_id == poll_id)
                  .order_by(paper_ballot.c.id.desc()))


def photo(tx: Tx, poll_id: int, paper_id: int) -> bytes | None:
    """The photo of one paper."""
    found: bytes | None = tx.scalar(select(paper_ballot.c.photo).where(
        paper_ballot.c.poll_id == poll_id, paper_ballot.c.id == paper_id))
    return found


def waiting(tx: Tx, poll_id: int) -> int:
    """How many papers still need their second reading."""
    return int(tx.scalar(select(func.count()).select_from(paper_ballot).where(
        paper_ballot.c.poll_id == poll_id, paper_ballot.c.state == WAITING)))


def sample(tx: Tx, row: Row[Any]) -> Sample | None:
    """After the end: the papers to look at again; None when there were none."""
    if row.state != "closed" or not row.root:
        return None
    labels = {r.id: r.label for r in listed(tx, row.id) if r.state == COUNTED and r.how == PAPER}
    firm = row.result.get("firm") or {}
    known = [n for n in (firm.get("changed"), firm.get("yes_fewer"), firm.get("yes_switched")) if n]
    wrong = min(known, default=1)
    chosen = sampling.drawn(row.root, list(labels), sampling.size(len(labels), wrong))
    return Sample(len(labels), wrong, [labels[paper] for paper in chosen]) if labels else None


def _may(actor: Actor, row: Row[Any]) -> None:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    if not row.household:
        raise Refusal("paper.by_person", number=row.number)
    if row.secret:
        raise Refusal("paper.secret", number=row.number)
    if row.state != "open":
        raise Refusal("poll.over", number=row.number)


def _home(tx: Tx, row: Row[Any], where: str) -> tuple[str, int]:
    """The home the paper is of; of a vote of owners it must be among those asked."""
    found = read_home(where)
    if found is None:
        raise Refusal("paper.which_home")
    home_id = homes.find(tx, row.community_id, found.label)
    block = tx.scalar(select(home.c.building_id).where(home.c.id == home_id))
    if not electorate.asks_home(tx, row, home_id) or (row.scope == "building" and block != row.scope_id):
        raise Refusal("paper.not_asked", label=found.label, scope=row.scope_name)
    return found.label, home_id


def _choice(row: Row[Any], words: str) -> str:
    said = read(words, row.kind, row.options, row.rules)
    if not isinstance(said, str):
        raise Refusal("paper.unclear", options=row.options)
    return said


def _proxy(tx: Tx, row: Row[Any], home_id: int, name: str) -> str | None:
    """A fingerprint of who signed for the owner; nobody signs for more owners than the rules allow."""
    if not name.strip():
        return None
    key = fingerprint("proxy", "".join(plain(name).split()))
    signed = select(paper_ballot.c.home_id).where(paper_ballot.c.poll_id == row.id, paper_ballot.c.proxy_key == key,
                                                  paper_ballot.c.state != DROPPED)
    of_poll = select(poll_unit.c.head).where(poll_unit.c.poll_id == row.id)
    heads = set(tx.connection.scalars(of_poll.where(poll_unit.c.home_id.in_(signed))))
    own = tx.scalar(of_poll.where(poll_unit.c.home_id == home_id))
    if own is not None and len(heads | {own}) > PROXY_MOST:
        raise Refusal("paper.proxy_most", most=PROXY_MOST)
    return key
