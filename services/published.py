"""A poll as it is published: its facts, ballots and log in the words of domain/export, and the one ballot of one receipt."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from domain import export, merkle
from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import audit as chain
from models.tables import audit_head, ballot, ballot_log, community, poll_unit, secret_choice
from services import audit, standing

_ACTS = {"jielong": "enter", "join": "change", "split": "change"}


def facts(tx: Tx, row: Row[Any]) -> export.Poll:
    """What was put, to whom, by which rules, and when."""
    name = tx.scalar(select(community.c.name).where(community.c.id == row.community_id))
    asked = (row.result or {}).get("asked", 0)
    class_ = {"name": row.poll_class} | (row.preset or {})
    return export.Poll(
        community=name, number=row.number, title=row.title, text=row.text or "", options=row.options, kind=row.kind,
        rules=row.rules, class_=class_,
        secrecy="secret" if row.secret else "staff" if row.anonymous else "named", opens_at=row.opens_at,
        closes_at=row.closes_at, closed_at=row.closed_at or row.closes_at, electorate=export.Electorate(asked, asked))


def ballots(tx: Tx, row: Row[Any]) -> list[export.Ballot]:
    """Every ballot as it stands at the end; of a secret poll with few ballots none."""
    if row.secret:
        found = tx.all(select(secret_choice).where(secret_choice.c.poll_id == row.id))
        if sum(r.choice != "" for r in found) < standing.SECRET_LEAST:
            return []
        return [export.Ballot(r.receipt, r.choice, "counted" if r.choice else "withdrawn") for r in found]
    seats = {r.id: n for n, r in enumerate(standing.in_order(tx, row.id), 1)} if row.kind == "signup" else {}
    query = select(ballot, poll_unit.c.area_dm2, poll_unit.c.head).join_from(
        ballot, poll_unit, (poll_unit.c.poll_id == ballot.c.poll_id) & (poll_unit.c.home_id == ballot.c.home_id), isouter=True)
    return [export.Ballot(r.receipt, r.choice, (r.state if r.choice else "withdrawn"), voter=r.voter, salt=r.salt or "",
                          seq=seats.get(r.id), head=r.head, area=r.area_dm2)
            for r in tx.all(query.where(ballot.c.poll_id == row.id, ballot.c.receipt.is_not(None)))]


def log(tx: Tx, row: Row[Any]) -> list[export.Row]:
    """What happened to the ballots, in order: a voter's first ballot is cast or entered, every later one a change."""
    done = [export.Row(row.opens_at, "opened")]
    seen: set[str] = set()
    deeds = [(r.at, r.id, r) for r in tx.all(select(ballot_log).where(ballot_log.c.poll_id == row.id).order_by(ballot_log.c.id))]
    for at, _, deed in deeds:
        act = _ACTS.get(deed.act, deed.act)
        first = deed.voter not in seen
        seen.add(deed.voter)
        done.append(export.Row(at, act if first or act == "withdraw" else "change", deed.seal or ""))
    moved = tx.all(select(chain.c.at).where(chain.c.object == f"poll:{row.id}", chain.c.action == "poll.extend"))
    done += [export.Row(r.at, "extended") for r in moved]
    done.sort(key=lambda each: each.at)
    return [*done, export.Row(row.closed_at or row.closes_at, "closed")]


def archive(tx: Tx, actor: Actor, row: Row[Any], *, internal: bool = False, now: datetime) -> bytes:
    """The export of a closed poll as a zip; the internal one names the voters' keys, for staff only."""
    if row.state != "closed" or (row.result or {}).get("few"):
        raise Refusal("receipt.not_closed" if row.state != "closed" else "receipt.few", number=row.number)
    if internal and not actor.role.covers(Role.ADMIN):
        raise Refusal("role.too_low")
    result = {k: v for k, v in row.result.items() if k not in ("asked", "broken")}
    head = tx.scalar(select(audit_head.c.hash).where(audit_head.c.id == 1))
    if internal:
        audit.note(tx, actor, "poll.export", f"poll:{row.id}", now=now)
    return export.zipped(export.build(facts(tx, row), ballots(tx, row), log(tx, row), result, audit_head=head, internal=internal))


def proof(tx: Tx, row: Row[Any], receipt: str) -> tuple[export.Ballot, int, Sequence[bytes], str]:
    """The ballot of this receipt, its place among the published ones, the way from it to the root, and its published line."""
    found = sorted(ballots(tx, row), key=lambda each: each.receipt)
    at = next((n for n, each in enumerate(found) if each.receipt == receipt), None)
    if at is None:
        raise Refusal("receipt.unknown", number=row.number)
    lines = [export.leaf(each, secret=row.secret) for each in found]
    return found[at], at, merkle.tree(lines).path(at), lines[at].decode()
