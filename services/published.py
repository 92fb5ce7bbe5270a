"""A poll as it is published: its facts, ballots and log in the words of domain/export, and the one ballot of one receipt."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, null, select

from domain import export, merkle
from domain.classes import BY_AREA
from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import audit as chain
from models.tables import audit_head, ballot, ballot_log, community, poll_tree, poll_unit, secret_choice
from services import audit, owner_votes, standing

_ACTS = {"jielong": "enter", "join": "change", "split": "change", "stand": "settle"}
_AGAIN = ("withdraw", "hold", "settle")  # what a voter's first line in the log is never


@contextmanager
def many_rows() -> Iterator[None]:
    """While a hundred thousand rows pass through, looking for cycles among them costs more than all the hashing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def facts(tx: Tx, row: Row[Any]) -> export.Poll:
    """What was put, to whom, by which rules, and when."""
    name = tx.scalar(select(community.c.name).where(community.c.id == row.community_id))
    asked = (row.result or {}).get("asked", 0)
    class_ = {"name": row.poll_class} | (row.preset or {})
    return export.Poll(
        community=name, number=row.number, title=row.title, text=row.text or "", options=row.options or [row.title], kind=row.kind,
        rules=row.rules, class_=class_,
        secrecy="secret" if row.secret else "staff" if row.anonymous else "named", opens_at=row.opens_at,
        closes_at=row.closes_at, closed_at=row.closed_at or row.closes_at, electorate=_electorate(tx, row, asked))


def _electorate(tx: Tx, row: Row[Any], asked: int) -> export.Electorate:
    if row.poll_class not in BY_AREA:
        return export.Electorate(asked, asked)
    found = owner_votes.sums(tx, row.id)
    return export.Electorate(found.homes, found.everybody.heads, None if found.missing_area else found.everybody.area)


def ballots(tx: Tx, row: Row[Any], *, receipt: str = "") -> list[export.Ballot]:
    """Every ballot as it stands at the end, or the one of a receipt; of a secret poll with few ballots none."""
    if row.secret and receipt:
        one = tx.first(select(secret_choice).where(secret_choice.c.poll_id == row.id, secret_choice.c.receipt == receipt))
        return [] if one is None or row.result.get("few") else [
            export.Ballot(one.receipt, one.choice, "counted" if one.choice else "withdrawn")]
    if row.secret:
        found = tx.all(select(secret_choice).where(secret_choice.c.poll_id == row.id))
        if sum(r.choice != "" for r in found) < standing.SECRET_LEAST:
            return []
        return [export.Ballot(r.receipt, r.choice, "counted" if r.choice else "withdrawn") for r in found]
    mine = [ballot.c.receipt == receipt] if receipt else []
    seats = {r.id: n for n, r in enumerate(standing.in_order(tx, row.id), 1)} if row.kind == "signup" else {}
    columns = [ballot.c[name] for name in ("id", "receipt", "choice", "state", "voter", "salt")]
    unit = (poll_unit.c.poll_id == ballot.c.poll_id) & (poll_unit.c.home_id == ballot.c.home_id)
    query = (select(*columns, poll_unit.c.head, poll_unit.c.area_dm2).join_from(ballot, poll_unit, unit, isouter=True)
             if row.poll_class in BY_AREA else select(*columns, null(), null()))
    found = tx.all(query.where(ballot.c.poll_id == row.id, ballot.c.receipt.is_not(None), *mine))
    return [export.Ballot(receipt, choice, state if choice else "withdrawn", voter, salt or "", seats.get(key), head, area)
            for key, receipt, choice, state, voter, salt, head, area in map(tuple, found)]


def tree(tx: Tx, row: Row[Any]) -> merkle.Tree:
    """The tree over the published ballots as they are now."""
    return merkle.tree(export.leaves(facts(tx, row), ballots(tx, row)))


def log(tx: Tx, row: Row[Any]) -> list[export.Row]:
    """What happened to the ballots, in order: a voter's first ballot is cast or entered, every later one a change."""
    done = [export.Row(row.opens_at, "opened")]
    seen: set[str] = set()
    columns = [ballot_log.c[name] for name in ("at", "voter", "act", "seal")]
    deeds = tx.all(select(*columns).where(ballot_log.c.poll_id == row.id).order_by(ballot_log.c.id))
    for at, voter, deed, seal in map(tuple, deeds):
        act = _ACTS.get(deed, deed)
        done.append(export.Row(at, act if voter not in seen or act in _AGAIN else "change", seal or ""))
        seen.add(voter)
    moved = tx.all(select(chain.c.at).where(chain.c.object == f"poll:{row.id}", chain.c.action == "poll.extend"))
    done += [export.Row(r.at, "extended") for r in moved]
    done.sort(key=lambda each: each.at)
    return [*done, export.Row(row.closed_at or row.closes_at, "closed")]


def log_head(tx: Tx, row: Row[Any]) -> str:
    """The end of a closed poll's log, for the result that is posted: it stands for text, options, ballots and course together."""
    if row.result.get("few"):
        return ""
    return export.head_of(export.chain_lines(export.committed(facts(tx, row), log(tx, row), row.root)))


@many_rows()
def archive(tx: Tx, actor: Actor, row: Row[Any], *, internal: bool = False, now: datetime) -> bytes:
    """The export of a closed poll as a zip; the internal one names the voters' keys, for staff only."""
    if row.forgotten_at is not None:
        raise Refusal("receipt.forgotten", number=row.number)
    if row.state != "closed" or (row.result or {}).get("few"):
        raise Refusal("receipt.not_closed" if row.state != "closed" else "receipt.few", number=row.number)
    if internal and not actor.role.covers(Role.ADMIN):
        raise Refusal("role.too_low")
    result = {"class": {"name": row.poll_class}} | {k: v for k, v in row.result.items() if k not in standing.ASIDE or k == "class"}
    head = tx.scalar(select(audit_head.c.hash).where(audit_head.c.id == 1))
    if internal:
        audit.note(tx, actor, "poll.export", f"poll:{row.id}", now=now)
    files = export.build(facts(tx, row), ballots(tx, row), log(tx, row), result, audit_head=head, internal=internal)
    return export.zipped(files)


def proof(tx: Tx, row: Row[Any], receipt: str) -> tuple[export.Ballot, int, Sequence[bytes]]:
    """The ballot of this receipt, its place among the published ones, and the way from it to the root; it is checked."""
    table = secret_choice if row.secret else ballot
    found = ballots(tx, row, receipt=receipt)
    kept = tx.first(select(poll_tree).where(poll_tree.c.poll_id == row.id))
    if row.forgotten_at is not None and not row.secret:
        raise Refusal("receipt.forgotten", number=row.number)
    if not found or kept is None:
        raise Refusal("receipt.unknown", number=row.number)
    place = int(tx.scalar(select(func.count()).select_from(table).where(table.c.poll_id == row.id, table.c.receipt < receipt)))
    path = merkle.path_in(kept.levels, kept.size, place) if place < kept.size else []
    if not merkle.proves(export.leaf(found[0], secret=row.secret), place, kept.size, path, bytes.fromhex(row.root)):
        raise Refusal("receipt.broken", number=row.number)
    return found[0], place, path
