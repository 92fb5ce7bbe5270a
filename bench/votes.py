"""A poll with 100,000 ballots: how long the live count, closing, the export and one proof take, on SQLite."""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

from sqlalchemy import insert, select

from bench.parts import Plan
from domain import receipts
from domain.roles import SYSTEM
from models import secret
from models.base import Database, Tx
from models.tables import ballot, ballot_log, building, community, home, person, poll, poll_unit
from ops import database
from services import audit, ballots, people, polls, published, standing
from texts.say import say

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
EARLIER, SAID = NOW - timedelta(minutes=1), NOW - timedelta(seconds=1)
AREA = 8953
BESIDE = 600  # votes timed alone, and as many beside readers


def run(plan: Plan) -> None:
    """Opinion poll and vote of owners, one after the other."""
    secret.set_key("a secret for the bench, thirty-two characters")
    say("poll.nature", poll=SimpleNamespace(poll_class="straw"))  # the catalogue is read once in the life of a process
    count = 10_000 if plan.quick else 100_000
    print(f"\nA poll with {count:,} ballots (aims at 100,000: closing and export together 5 s, one proof 50 ms)")
    for name in ("straw", "owner_ordinary"):
        db = Database(f"sqlite:///{plan.folder / f'votes-{name}.db'}")
        database.upgrade(db)
        try:
            _one(db, name, count)
        finally:
            db.close()


def _one(db: Database, name: str, count: int) -> None:
    dice = random.Random(1)
    with db.write() as tx:
        codes = fill(tx, name, count, dice)
        tx.notes.clear()
    with db.read() as tx:
        row = tx.execute(select(poll)).one()
        live = _timed(lambda: standing.of(tx, row))

    if name == "straw":
        print(f"  {name:16} {_beside_readers(db, dice)}")

    def close() -> None:
        with db.write() as tx:
            polls.close(tx, SYSTEM, tx.execute(select(poll)).one(), reason=None, now=NOW)
            audit.seal(tx)
    closing = _timed(close)
    with db.write() as tx:
        row = tx.execute(select(poll)).one()
        export = _timed(lambda: published.archive(tx, SYSTEM, row, now=NOW))
        proofs = sorted(_timed(lambda: published.proof(tx, row, dice.choice(codes))) for _ in range(25))
        tx.notes.clear()
    print(f"  {name:16} live count {live * 1000:5.0f} ms   close {closing:5.2f} s   export {export:5.2f} s   "
          f"together {closing + export:5.2f} s   proof {proofs[12] * 1000:4.1f} ms (slowest of 25: {proofs[-1] * 1000:.1f})")


def fill(tx: Tx, name: str, count: int, dice: random.Random) -> list[str]:
    """The community, its homes and the ballots; gives the receipts."""
    owners = name != "straw"
    where = tx.add(community, code="c", name="c", last_issue=0, last_poll=1)
    tx.execute(insert(person), [{"community_id": where, "role": "resident", "told_version": 1, "consent_version": 1, "created_at": NOW}
                                for _ in range(count)])
    people = list(tx.connection.scalars(select(person.c.id)))
    block = tx.add(building, community_id=where, name="1幢")
    preset = {"preset": "mfd_2021", "quorum": ["2/3", "at_least"], "pass": ["1/2", "more_than"]} if owners else None
    key = tx.add(poll, community_id=where, number=1, title="x", options=["同意", "反对", "弃权"], most=1, household=owners, anonymous=False,
                 scope="community", scope_name="c", state="open", opens_at=NOW - timedelta(hours=1), closes_at=NOW, opened_by=people[0],
                 kind="stance", rules={}, poll_class=name, preset=preset, asked=count if owners else None)
    if owners:
        tx.execute(insert(home), [{"community_id": where, "building_id": block, "entrance": "1", "room": str(i), "label": str(i),
                                   "area_dm2": AREA} for i in range(count)])
        tx.execute(insert(poll_unit), [{"poll_id": key, "home_id": i + 1, "label": str(i), "area_dm2": AREA, "head": f"h{i // 10 * 9 + i % 9}"}
                                       for i in range(count)])
    cast, log = [], []
    for n, person_id in enumerate(people):
        receipt, choice = receipts.code(dice.getrandbits(receipts.BITS)), str((n // 10) % 3)
        voter: dict[str, Any] = {"poll_id": key, "voter": f"home:{n + 1}" if owners else f"person:{person_id}", "person_id": person_id,
                                 "choice": choice}
        cast.append(voter | {"home_id": n + 1 if owners else None, "sent_at": EARLIER, "cast_at": EARLIER, "receipt": receipt,
                             "salt": f"{dice.getrandbits(128):032x}", "state": "counted"})
        log.append(voter | {"act": "cast", "at": EARLIER, "seal": receipts.commitment(receipt, choice, "")})
    tx.execute(insert(ballot), cast)
    tx.execute(insert(ballot_log), log)
    return [each["receipt"] for each in cast]


def _beside_readers(db: Database, dice: random.Random) -> str:
    """How long a changed ballot takes, alone and while two others look at the count twice a second each."""
    with db.read() as tx:
        row = tx.execute(select(poll)).one()
        voters = [people.as_person(tx, key) for key in tx.connection.scalars(select(ballot.c.person_id).limit(2 * BESIDE))]

    def cast(speaker: people.Speaker) -> None:
        with db.write() as tx:
            ballots.cast(tx, speaker, poll_id=row.id, choice=str(dice.randrange(3)), sent_at=SAID, message_id=None, now=SAID)
            audit.seal(tx)

    def look() -> None:
        while not enough.wait(0.5):
            with db.read() as tx:
                standing.of(tx, row)
    alone = sorted(_timed(partial(cast, speaker)) for speaker in voters[:BESIDE])
    enough = threading.Event()
    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    beside = sorted(_timed(partial(cast, speaker)) for speaker in voters[BESIDE:])
    enough.set()
    for reader in readers:
        reader.join()
    return " ".join(f"a vote {how} {found[BESIDE // 2] * 1000:.1f} ms (p95 {found[BESIDE * 95 // 100] * 1000:.1f})"
                    for how, found in (("alone", alone), ("beside readers", beside)))


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
