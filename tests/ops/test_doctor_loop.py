"""The doctor names what nobody gets, parties nobody acts for, and days without anybody on duty."""

from datetime import timedelta

from redis import Redis
from sqlalchemy import delete, select

from bot.config import Settings
from models.base import Database
from models.tables import directory, duty, party, party_member
from ops import house, seed
from ops.doctor_loop import loop


def test_the_demo_is_whole_and_every_gap_is_named(sqlite_db: Database, redis: Redis) -> None:
    """First nothing is missing; then a category, a member and a day are taken away."""
    seed.load(sqlite_db, "demo/community.yaml", now=house.now())
    built = house.House(Settings(), sqlite_db, redis, {})
    assert [f.text for f in loop(built) if not f.good] == []
    with sqlite_db.write() as tx:
        street = tx.scalar(select(party.c.id).where(party.c.kind == "street"))
        tx.execute(delete(party_member).where(party_member.c.party_id == street))
        tx.execute(delete(directory).where(directory.c.category == "fume"))
        tx.execute(duty.update().values(ends_at=house.now() + timedelta(days=3)))
    bad = [f.text for f in loop(built) if not f.good]
    assert len(bad) == 3
    assert "1 类事没有单位负责（油烟）" in bad[0] and "翠苑街道还没有成员" in bad[1] and "七天里有 4 天没有人值班" in bad[2]
