"""Finds old lines of the long logs, messages and audit, without reading all of them: by what stands in which stretch.

A log is cut into blocks of BLOCK keys. For each block the index knows which pairs of characters stand in it, and which
marks (the intent, the actor, the action), all as numbers without a meaning. A search follows only blocks that have everything
it looks for, the newest first, and then reads the rows themselves: what the index says too much costs time and never shows
anything. The newest, unfinished blocks are not indexed but read. Written by the scheduler (`index_one`), not by whoever waits
for an answer; when words are struck out a trigger marks their block, and it is indexed anew. Why not FTS5 or pg_trgm:
docs/adr/0007 and 0018.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import Column, Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from models.base import Tx
from models.hot import Hot
from models.logs import log_index, log_stale, log_term
from models.tables import audit, message

BLOCK = 512  # keys; the trigger of migration 0012 divides by it
SPAN = 60  # blocks of a segment, one bit each
SETTLED = timedelta(seconds=60)  # after that no transaction brings a row in between any more
UNSURE = 700  # thousandths: an understanding below this is marked as doubtful
TOGETHER = 16  # segments that one look-up asks for
NEEDLES = 12  # pairs of characters of one search that are followed
_GIVEN = ("json_each(:given) given WHERE true", "unnest(CAST(:given AS bigint[])) AS given(value)")
_ENTER = tuple(Hot(text(
    "INSERT INTO log_term (log, segment, term, blocks)"
    f" SELECT CAST(:log AS smallint), CAST(:segment AS integer), given.value, CAST(:bit AS bigint) FROM {given}"
    " ON CONFLICT (log, segment, term) DO UPDATE SET blocks = log_term.blocks | excluded.blocks")) for given in _GIVEN)


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is indexed: its number in the index, its rows, and what each is found by."""

    number: int
    key: Column
    at: Column
    columns: tuple[Column, ...]
    parts: Callable[[Row[Any]], Iterable[str]]


def _message_parts(row: Row[Any]) -> Iterator[str]:
    yield from pieces(f"{row.text or ''}\n{row.reply or ''}")
    yield from (f"intent:{name}" for name in _families((row.intent or "").removesuffix("?")))
    if row.how is not None:
        yield f"how:{row.how}"
        if (row.sure or 0) < UNSURE:
            yield "how:doubt"


def _audit_parts(row: Row[Any]) -> Iterator[str]:
    yield f"by:{row.actor}"
    yield from (f"did:{name}" for name in _families(row.action))
    yield f"did:.{row.action.rpartition('.')[2]}"


def _families(name: str) -> list[str]:
    """vote.which: vote.which, vote."""
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


m, a = message.c, audit.c
MESSAGES = Log(1, m.id, m.received_at, (m.text, m.reply, m.intent, m.how, m.sure, m.state), _message_parts)
AUDIT = Log(2, a.seq, a.at, (a.actor, a.action), _audit_parts)
LOGS = (MESSAGES, AUDIT)


# --- looking ------------------------------------------------------------------------------------------------------
def needles(words: str) -> list[set[int]]:
    """What a stretch must have if these words stand in it, blanks between them being any distance."""
    found: dict[str, None] = {}
    for part in words.lower().split():
        pairs = [part[i: i + 2] for i in range(len(part) - 1)] or [part]
        found |= dict.fromkeys(pairs)
    return [{_number(piece)} for piece in list(found)[:NEEDLES]]


def marked(*marks: str) -> set[int]:
    """What a stretch must have one of, if one of these marks stands in it: `how:meant`, `by:person:7`, `did:account`."""
    return {_number(mark) for mark in marks}


def stretches(tx: Tx, log: Log, wanted: list[set[int]], *, top: int, bottom: int, most: int) -> Iterator[tuple[int, int]]:
    """Stretches of keys [low, high) between bottom and top in which all that is wanted may stand, the newest first.

    What is not indexed yet comes in pieces of at most `most` keys.
    """
    newest = tx.scalar(select(func.max(log.key)).where(log.key < top))
    if newest is None:
        return
    known = _next_block(tx, log) * BLOCK
    high = min(top, newest + 1)
    while high > max(known, bottom):
        low = max(known, bottom, high - most)
        yield low, high
        high = low
    if high > bottom:
        yield from _blocks(tx, log, wanted, high, bottom)


def indexed(tx: Tx, log: Log) -> int:
    """The last key of the log that is found by the index; -1 for none."""
    return _next_block(tx, log) * BLOCK - 1


def _blocks(tx: Tx, log: Log, wanted: list[set[int]], high: int, bottom: int) -> Iterator[tuple[int, int]]:
    last, first = (high - 1) // BLOCK // SPAN, bottom // BLOCK // SPAN
    for upper in range(last, first - 1, -TOGETHER):
        segments = list(range(upper, max(first, upper - TOGETHER + 1) - 1, -1))
        masks = _masks(tx, log, wanted, segments)
        for segment in segments:
            for place in range(SPAN - 1, -1, -1):
                low = (segment * SPAN + place) * BLOCK
                if masks[segment] >> place & 1 and low < high and low + BLOCK > bottom:
                    yield max(low, bottom), min(low + BLOCK, high)


def _masks(tx: Tx, log: Log, wanted: list[set[int]], segments: list[int]) -> dict[int, int]:
    """Which blocks of each segment have something of each set."""
    have: dict[tuple[int, int], int] = {}
    terms = sorted(set().union(*wanted))
    for row in tx.all(select(log_term.c.segment, log_term.c.term, log_term.c.blocks).where(
            log_term.c.log == log.number, log_term.c.segment.in_(segments), log_term.c.term.in_(terms))):
        have[row.segment, row.term] = row.blocks
    found = dict.fromkeys(segments, (1 << SPAN) - 1)
    for segment in segments:
        for one_of in wanted:
            mask = 0
            for term in one_of:
                mask |= have.get((segment, term), 0)
            found[segment] &= mask
    return found


# --- indexing -----------------------------------------------------------------------------------------------------
def any_due(tx: Tx, *, now: datetime) -> bool:
    """A quick look whether there is something to index."""
    return tx.first(select(log_stale.c.block).limit(1)) is not None or any(_ready(tx, log, now) is not None for log in LOGS)


def index_one(tx: Tx, *, now: datetime) -> bool:
    """Indexes one block, first those in which words were struck out; False when there is none."""
    stale = tx.first(select(log_stale).order_by(log_stale.c.log, log_stale.c.block).limit(1))
    if stale is not None:
        log = next(each for each in LOGS if each.number == stale.log)
        tx.execute(delete(log_stale).where(log_stale.c.log == stale.log, log_stale.c.block == stale.block))
        if stale.block < _next_block(tx, log):
            _forget(tx, log, stale.block)
            _enter(tx, log, stale.block)
        return True
    for log in LOGS:
        block = _ready(tx, log, now)
        if block is not None:
            _enter(tx, log, block)
            insert = insert_postgres if tx.postgres else insert_sqlite
            upto = insert(log_index).values(log=log.number, next_block=block + 1)
            tx.execute(upto.on_conflict_do_update(index_elements=["log"], set_={"next_block": upto.excluded.next_block}))
            return True
    return False


def _next_block(tx: Tx, log: Log) -> int:
    return int(tx.scalar(select(log_index.c.next_block).where(log_index.c.log == log.number)) or 0)


def _ready(tx: Tx, log: Log, now: datetime) -> int | None:
    """The next block to index: it has rows, others follow, and nothing can come in between any more."""
    first = tx.scalar(select(func.min(log.key)).where(log.key >= _next_block(tx, log) * BLOCK))
    if first is None:
        return None
    block = int(first) // BLOCK
    end = (block + 1) * BLOCK
    after = tx.first(select(log.at).where(log.key >= end).order_by(log.key).limit(1))
    if after is None or after[0] > now - SETTLED:
        return None
    if log is MESSAGES and tx.first(select(m.id).where(m.id >= block * BLOCK, m.id < end, m.state == "parked").limit(1)):
        return None
    return block


def _enter(tx: Tx, log: Log, block: int) -> None:
    segment, place = divmod(block, SPAN)
    found: set[str] = set()
    for row in tx.all(select(*log.columns).where(log.key >= block * BLOCK, log.key < (block + 1) * BLOCK)):
        found.update(log.parts(row))
    numbers = sorted({_number(part) for part in found})
    if numbers:
        tx.execute(_ENTER[tx.postgres], {"log": log.number, "segment": segment, "bit": 1 << place,
                                         "given": numbers if tx.postgres else json.dumps(numbers)})


def _forget(tx: Tx, log: Log, block: int) -> None:
    segment, place = divmod(block, SPAN)
    here = [log_term.c.log == log.number, log_term.c.segment == segment]
    tx.execute(update(log_term).where(*here, log_term.c.blocks.op("&")(1 << place) != 0)
               .values(blocks=log_term.c.blocks.op("&")(~(1 << place))))
    tx.execute(delete(log_term).where(*here, log_term.c.blocks == 0))


def pieces(words: str) -> set[str]:
    """The characters of the words and their pairs, in small letters."""
    return {part[i: i + n] for part in words.lower().split() for i in range(len(part)) for n in (1, 2)}


@lru_cache(maxsize=200_000)
def _number(part: str) -> int:
    return int.from_bytes(blake2b(part.encode(errors="replace"), digest_size=4).digest()) >> 1


__all__ = ["AUDIT", "BLOCK", "MESSAGES", "any_due", "index_one", "indexed", "marked", "needles", "pieces", "stretches"]
