"""How long it takes to find the same open issue among 100,000 of one community, and to register one more, on both databases."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from sqlalchemy import insert, select

from bench import pg
from bench.parts import Plan
from domain.roles import Role
from models import secret
from models.base import Database, Tx
from models.tables import community, issue, person
from ops import database
from services import issues, similar
from services.issues import Report
from services.people import Speaker
from texts import words
from texts.same import Matter

OPEN_ISSUES = 100_000
THINGS = ("电梯", "路灯", "垃圾桶", "车位", "下水道", "楼道灯", "充电桩", "消防通道", "绿化带", "门禁", "水管", "井盖", "油烟", "监控", "单元门",
          "快递柜", "健身器材", "楼道", "窨井", "扶手", "自来水", "暖气", "宠物", "装修", "广场舞", "群租房", "外墙", "天台", "围墙", "对讲机")
WRONG = ("停了一周没人修", "坏了", "太吵了睡不着", "堵住了没人管", "漏水漏得厉害", "没人管", "不亮了", "满了没人清", "被占了", "臭得不行", "脱落了很危险",
         "老是出故障", "冒水", "异响", "打不开", "关不上", "裂了一条缝", "掉漆", "被人砸了", "时好时坏")
MORE = ("", "，老人出行不便", "，请尽快处理", "，已经反映过三次", "，孩子差点摔倒", "，什么时候能修", "，物业说等通知", "，晚上根本没法走")
SPOTS = ("北门", "南门", "地下车库", "小花园", "快递柜旁边", "")


def run(plan: Plan) -> None:
    """Both databases, filled once and searched many times."""
    secret.set_key("a secret for measuring, thirty-two characters")
    words.load()
    count = OPEN_ISSUES // 10 if plan.quick else OPEN_ISSUES
    print(f"\n## The same matter among {count:,} open issues of one community\n")
    print("| database | found again | search p50 | p99 | worst | register, empty | register, full |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    with pg.Server(plan.folder / "similar-postgres") as server:
        for name, url in (("SQLite", f"sqlite:///{plan.folder / 'similar.db'}"), ("PostgreSQL", server.database("similar"))):
            db = Database(url)
            database.upgrade(db)
            print(f"| {name} | {_measure(db, count)} |", flush=True)
            db.close()


def _measure(db: Database, count: int) -> str:
    rng = random.Random(7)
    with db.write() as tx:
        place = tx.add(community, code="big", name="big", last_issue=0, last_poll=0)
        who = tx.add(person, community_id=place, role="resident", told_version=1, consent_version=1, created_at=_now())
    empty = _registering(db, place, who, rng)
    for start in range(0, count, 5000):
        with db.write() as tx:
            _fill(tx, place, who, rng, min(5000, count - start), start)
    with db.write() as tx:
        similar.reindex(tx)
    if not db.sqlite:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does by itself within minutes
    found, spent = _searching(db, place, rng)
    spent.sort()
    full = _registering(db, place, who, rng)
    return (f"{found:.0%} | {median(spent):.1f} ms | {spent[int(len(spent) * 0.99)]:.1f} ms | {spent[-1]:.1f} ms"
            f" | {empty:.2f} ms | {full:.2f} ms")


def _said(rng: random.Random) -> str:
    spot = f"{rng.randint(1, 60)}幢{rng.randint(1, 4)}单元" if rng.random() < 0.7 else rng.choice(SPOTS)
    return f"{spot}{rng.choice(THINGS)}{rng.choice(WRONG)}{rng.choice(MORE)}"


def _report(said: str) -> Report:
    return Report(said, words.title(said), words.category(said) or "other", words.place(said))


def _fill(tx: Tx, place: int, who: int, rng: random.Random, count: int, start: int) -> None:
    rows = []
    for n in range(count):
        told = _report(_said(rng))
        rows.append({"community_id": place, "number": 1000 + start + n, "state": "submitted", "category": told.category,
                     "place": told.place, "title": told.title, "text": told.text, "submitter_id": who, "created_at": _now(),
                     "changed_at": _now()})
    tx.execute(insert(issue), rows)


def _searching(db: Database, place: int, rng: random.Random, times: int = 300) -> tuple[float, list[float]]:
    """What is said again in other words, and what is new: how often the former is found, and the milliseconds of each."""
    with db.read() as tx:
        known = [row.text for row in tx.all(select(issue.c.text).where(issue.c.text != "").order_by(issue.c.id).limit(90_000))]
    spent, found = [], 0
    for n in range(times):
        said = f"又来反映，{rng.choice(known)[:-1]}" if n % 2 else _said(rng)
        told = _report(said)
        with db.read() as tx:
            begun = time.perf_counter()
            same = similar.same_open(tx, place, Matter(told.text, told.category, told.place))
            spent.append((time.perf_counter() - begun) * 1e3)
        found += bool(n % 2 and same)
    return found / (times // 2), spent


def _registering(db: Database, place: int, who: int, rng: random.Random, times: int = 100) -> float:
    """Milliseconds to put one report on record, the commit not counted."""
    speaker = Speaker(f"person:{who}", Role.RESIDENT, place, who, consented=True)
    spent = []
    for _ in range(times):
        told = _report(_said(rng))
        with db.write() as tx:
            spent.append(_timed(lambda tx=tx, told=told: issues.register(tx, speaker, told, chat_id=None, now=_now())))
    return median(spent)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


def _now() -> datetime:
    return datetime.now(UTC)
