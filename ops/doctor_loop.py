"""Says what is missing around the closed loop: matters nobody gets, parties nobody acts for, days nobody is on duty."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from models.base import Tx
from models.tables import community
from ops import house
from ops.doctor_finding import Finding
from services import directory, parties, roster, timers, voices
from texts.words import categories

_WEEK = 7


def loop(built: house.House) -> Iterator[Finding]:
    """One line for what is right, one for each thing that is missing and what to do about it."""
    with built.db.read() as tx:
        for place in tx.all(select(community.c.id, community.c.name).order_by(community.c.id)):
            with voices.speaking(tx, place.id):
                found = list(_parties(tx, place.id, place.name))
            yield from found
            yield _duty(tx, place.id, place.name)
        failing = timers.failing(tx)
        yield Finding(not failing, "没有出错的时钟" if not failing else
                      f"{len(failing)} 个时钟出错，正在重试：看日志里的 clock … failed")


def _parties(tx: Tx, community_id: int, name: str) -> Iterator[Finding]:
    missing = directory.uncovered(tx, community_id)
    names = "、".join(categories()[code].name for code in missing[:8]) + ("等" if len(missing) > 8 else "")
    yield Finding(not missing, f"{name}：每一类事都有单位负责" if not missing else
                  f"{name}：{len(missing)} 类事没有单位负责（{names}），派单时要自己选：网格员发“物业 负责 …”")
    now = house.now()
    empty = [p.name for p in parties.listed(tx, community_id) if not parties.members(tx, p.id, now=now)]
    yield Finding(not empty, f"{name}：每个单位都有成员" if not empty else
                  f"{name}：{'、'.join(empty)}还没有成员，派单没有人收到：网格员发“加成员 {empty[0]}”")


def _duty(tx: Tx, community_id: int, name: str) -> Finding:
    now = house.now()
    bare = [d for d in range(_WEEK) if not roster.on_duty(tx, community_id, now=now + timedelta(days=d))]
    return Finding(not bare, f"{name}：七天内每天都有人值班" if not bare else
                   f"{name}：七天里有 {len(bare)} 天没有人值班，险情会通知所有网格员：发“值班 李叔 12月1日到12月7日”")
