"""A round with simulated residents: two camps that cut across three buildings, noise, and one statement that everybody means."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Row, select

from domain.roles import Role
from models.base import Database
from models.rounds import opinion, opinion_round
from models.tables import building, chat, community, home, identity, issue, person, residence
from services import audit, round_report, round_statements, round_votes
from services.people import Speaker

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
BRIDGE = "装之前先请设计院看一楼采光，结果贴出来"
WORDS = ("电梯费用按楼层分摊", "一楼应当得到补偿", "先修排水再装电梯", "停车位不能因此减少", "维保合同一次签三年", "电费账单每月公示",
         "北面装不挡采光", "装在楼道窗户外面", "噪音大的机房要隔音", "老人上下楼太难要快装")


@dataclass(frozen=True)
class Crowd:
    """Who is there, and the round they take part in."""

    round_id: int
    community_id: int
    people: list[int]
    camp: dict[int, int]
    bridge: int  # the id of the planted statement


def gather(db: Database, *, people: int = 40, statements: int = 60, noise: float = 0.15, seen: float = 0.6, seed: int = 1,
           now: datetime = NOW) -> Crowd:
    """A community of three buildings, a round that is open, and its statements and votes, said and cast as residents do."""
    chance = Random(seed)
    with db.write() as tx:
        where = tx.add(community, code="crowd", name="三幢小区", last_issue=1)
        who = [_resident(tx, where, n) for n in range(people)]
        host = tx.add(person, community_id=where, name="王阿姨", role="grid_worker", told_version=1, consent_version=1, created_at=now)
        tx.add(identity, person_id=host, channel="mp", external_id="o-王阿姨")
        group = tx.add(chat, community_id=where, channel="aibot", external_id="g", name="三幢群", post_channel="webhook",
                       post_address="key-三幢群")
        homes = [tx.add(home, community_id=where, building_id=b, entrance="1", room=f"{f}0{d}", label=f"{n}幢1单元{f}0{d}")
                 for n, b in ((n, tx.add(building, community_id=where, name=f"{n}幢")) for n in (1, 2, 3))
                 for f in range(1, 7) for d in (1, 2, 3)]
        for n, person_id in enumerate(who):  # 1幢, 2幢, 3幢 in turn, floor by floor
            tx.add(residence, person_id=person_id, home_id=homes[n % 3 * 18 + n // 3 % 18], since=now)
        matter = tx.add(issue, community_id=where, number=1, state="accepted", category="elevator", title="要不要加装电梯", text="加装电梯",
                        submitter_id=who[0], chat_id=group, created_at=now, changed_at=now)
        round_id = tx.add(opinion_round, community_id=where, number=1, issue_id=matter, title="加装电梯怎么装", state="open",
                          moderation="after", daily=99, opens_at=now, closes_at=now + timedelta(days=5), host_id=host, created_by=host)
        ids = [_say(tx, where, who[n % people], round_id, _words(n, statements), now) for n in range(statements)]
        camp = {person_id: n % 2 for n, person_id in enumerate(who)}
        for person_id in who:
            for n, opinion_id in enumerate(ids):
                if chance.random() < seen:
                    side = 1 if n == statements - 1 else 1 if (n // 2 + n) % 2 == camp[person_id] else -1
                    value = side if chance.random() >= noise else chance.choice([-1, 0, 1])
                    round_votes.cast(tx, _speaker(where, person_id), round_id=round_id, which=_number(tx, opinion_id), value=value,
                                     now=now)
        audit.seal(tx)
    return Crowd(round_id, where, who, camp, ids[-1])


def close(db: Database, crowd: Crowd, *, now: datetime) -> Row[Any]:
    """Ends the round."""
    with db.write() as tx:
        tx.execute(opinion_round.update().where(opinion_round.c.id == crowd.round_id).values(state="closed", closed_at=now))
        row = tx.execute(select(opinion_round).where(opinion_round.c.id == crowd.round_id)).one()
        round_report.at_close(tx, row, now)
    return row


def _resident(tx: Any, where: int, n: int) -> int:
    return int(tx.add(person, community_id=where, name=f"居民{n}", role="resident", told_version=1, consent_version=1, created_at=NOW))


def _speaker(where: int, person_id: int) -> Speaker:
    return Speaker(f"person:{person_id}", Role.RESIDENT, where, person_id, told=True, consented=True)


def _words(n: int, statements: int) -> str:
    """Distinct one-point statements; the last is the bridge."""
    return BRIDGE if n == statements - 1 else f"{WORDS[n % len(WORDS)]}，这是第{n // len(WORDS) + 1}种办法"


def _say(tx: Any, where: int, person_id: int, round_id: int, text: str, now: datetime) -> int:
    said = round_statements.put(tx, _speaker(where, person_id), round_id=round_id, text=text, message_id=None, now=now)
    return int(said.row.id)


def _number(tx: Any, opinion_id: int) -> int:
    return int(tx.scalar(select(opinion.c.number).where(opinion.c.id == opinion_id)))
