"""How fast the console answers over millions of log lines on PostgreSQL: fills it, then asks for every page many times."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, text

import web
from bench import pg
from bench.parts import Plan
from bench.similar import MORE, THINGS, WRONG
from domain.roles import SYSTEM, Role
from models import secret
from models.base import Database, Tx
from models.logs import log_index, log_term
from models.tables import building, community, home, person, residence
from ops import database
from services import accounts, audit, finding, posts

ROWS = 5_000_000  # half messages, three tenths audit, a tenth posts, a tenth tries to send
PEOPLE, HOMES, POLLS, ISSUES = 2000, 600, 200, 5000
BEGIN = datetime(2024, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TIMES = 40  # requests of each kind
OF_ALL = ("messages", "messages, rare word", "messages of a unit", "messages of a name", "audit of a unit", "sweeps", "live", "search: unit",
          "search: name", "story of a message", "overview", "board", "issues", "polls", "points", "notices",
          "figures")  # what an admin of all communities asks for too, and one of both
POINTS = 100_000
WHO = {"one": "community", "all": "all", "both": "both of a street"}
AIM_MS = 300
PASSWORD = "a long password"


def run(plan: Plan) -> None:
    """One database, filled once; each kind of page asked for by an admin of the community, a few by one of all communities."""
    secret.set_key("a secret for measuring, thirty-two characters")
    rows = ROWS // 50 if plan.quick else ROWS
    print(f"\n## The console over {rows:,} log lines on PostgreSQL\n", flush=True)
    with pg.Server(plan.folder / "console-postgres") as server:
        db = Database(server.database("console"))
        database.upgrade(db)
        begun = time.perf_counter()
        world = _fill(db, rows)
        filled = time.perf_counter()
        _index(db)
        size = _size(db)
        print(f"filled in {filled - begun:.0f} s, indexed in {time.perf_counter() - filled:.0f} s; one block of {finding.BLOCK} by the"
              f" scheduler's own way: {_one_block(db):.0f} ms; {size}\n", flush=True)
        _measure(db, world)
        db.close()


@dataclass(frozen=True, slots=True)
class World:
    """How much there is of what."""

    messages: int
    audits: int
    posts: int


# --- filling ------------------------------------------------------------------------------------------------------
def _fill(db: Database, rows: int) -> World:
    world = World(rows // 2, rows * 3 // 10, rows // 10)
    with db.write() as tx:
        _people(tx)
    step = (NOW - BEGIN).total_seconds() / world.messages
    values = {"n": world.messages, "audits": world.audits, "posts": world.posts, "begin": BEGIN, "step": step, "people": PEOPLE,
              "polls": POLLS, "issues": ISSUES, "points": POINTS, "things": list(THINGS), "wrong": list(WRONG), "more": list(MORE)}
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in (_ISSUES, _POLLS, _BALLOTS, _BALLOT_LOG, _MESSAGES, _AUDIT, _OUTBOX, _DELIVERY, _SWEEPS, _POINTS):
            connection.execute(text(statement), values)
        for name, key in (("message", "id"), ("outbox", "id"), ("delivery", "id"), ("poll", "id"), ("issue", "id")):
            connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{name}', '{key}'), (SELECT max({key}) FROM {name}))")
        connection.exec_driver_sql("UPDATE audit_head SET seq = (SELECT max(seq) FROM audit), hash = (SELECT hash FROM audit"
                                   " ORDER BY seq DESC LIMIT 1)")
        connection.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does by itself within minutes
    with db.write() as tx:
        for name, where in (("one", 1), ("all", None)):
            accounts.create(tx, SYSTEM, username=name, password=PASSWORD, community_id=where, now=NOW)
        both = accounts.create(tx, SYSTEM, username="both", password=PASSWORD, community_id=1, role=Role.STREET_ADMIN, now=NOW)
        posts.give(tx, SYSTEM, both, role=Role.STREET_ADMIN, community_id=2, now=NOW)
        audit.seal(tx)
    return world


def _people(tx: Tx) -> None:
    for name in ("big", "small"):
        tx.add(community, code=name, name=name, last_issue=ISSUES, last_poll=POLLS)
    block = tx.add(building, community_id=1, name="1幢")
    tx.execute(insert(person), [{"community_id": 1 + (n % 10 == 9), "name": f"{'王李张刘陈'[n % 5]}{n}", "role": "resident", "told_version": 1,
                                 "consent_version": 1, "created_at": BEGIN} for n in range(PEOPLE)])
    tx.execute(insert(home), [{"community_id": 1, "building_id": block, "entrance": str(1 + n % 3), "room": f"{n // 3 + 101}",
                               "label": f"{1 + n // 60}幢{1 + n % 3}单元{n % 60 + 101}"} for n in range(HOMES)])
    tx.execute(insert(residence), [{"person_id": n + 1, "home_id": n % HOMES + 1, "since": BEGIN} for n in range(PEOPLE) if n % 10 != 9])


_WHO = "1 + ({0}::bigint * 7919) % :people"
_WHERE = "CASE WHEN (" + _WHO + ") % 10 = 0 THEN 2 ELSE 1 END"
_AT = "CAST(:begin AS timestamptz) + ({0}) * CAST(:step AS double precision) * interval '1 second'"
_ISSUES = """INSERT INTO issue (id, community_id, number, state, category, title, text, submitter_id, created_at, changed_at)
SELECT i, 1, i, 'closed', 'elevator', '电梯坏了' || i, '电梯坏了，请尽快处理' || i, 1 + i % :people, CAST(:begin AS timestamptz), CAST(:begin AS timestamptz)
FROM generate_series(1, :issues) i"""
_POLLS = """INSERT INTO poll (id, community_id, number, title, options, most, household, anonymous, scope, scope_name, state, opens_at, closes_at, opened_by)
SELECT i, 1, i, '要不要换电梯' || i, '["同意", "反对"]', 1, false, i % 2 = 0, 'community', '全小区', 'open', CAST(:begin AS timestamptz),
 CAST(:begin AS timestamptz) + interval '3 years', 1 FROM generate_series(1, :polls) i"""
_BALLOTS = """INSERT INTO ballot (poll_id, voter, person_id, choice, sent_at, cast_at)
SELECT p, 'person:' || w, w, '0', CAST(:begin AS timestamptz), CAST(:begin AS timestamptz) FROM generate_series(1, :polls) p, generate_series(1, :people) w WHERE w % 4 = 1"""
_BALLOT_LOG = """INSERT INTO ballot_log (poll_id, voter, person_id, act, choice, at)
SELECT p, 'person:' || w, w, 'cast', '0', CAST(:begin AS timestamptz) FROM generate_series(1, :polls) p, generate_series(1, :people) w WHERE w % 4 = 1"""
_MESSAGES = f"""INSERT INTO message (id, channel, external_id, community_id, person_id, kind, intent, text, reply, state, sent_at, received_at, how, sure)
SELECT m, 'mp', 'm' || m, {_WHERE.format("m")}, {_WHO.format("m")}, 'text',
 (ARRAY['vote','vote.secret','issue.report','issue.view','help','vote','poll.open','consent'])[1 + m % 8],
 CASE WHEN m % 8 = 1 THEN NULL WHEN m % 100000 = 7 THEN '金丝雀' || m ELSE (1 + m % 60) || '幢' || (1 + m % 4) || '单元'
  || (CAST(:things AS text[]))[1 + (m * 31) % {len(THINGS)}] || (CAST(:wrong AS text[]))[1 + (m * 17) % {len(WRONG)}]
  || (CAST(:more AS text[]))[1 + (m * 13) % {len(MORE)}] END,
 CASE WHEN m % 8 = 1 THEN NULL ELSE '记下了，编号 I' || m % :issues || '。网格员会在 1 个工作日内答复是否受理，进展私聊告诉您。' END,
 'done', {_AT.format("m")}, {_AT.format("m")}, (ARRAY['ear','meant','command','meant','command'])[1 + m % 5], 600 + m % 400
FROM generate_series(1, :n) m"""
_FROM = "((a - 1) / 3) * 5 + (a - 1) % 3 + 1"  # the message that an audit row came from: three of five leave one
_AUDIT = f"""INSERT INTO audit (seq, at, community_id, actor, action, object, detail, prev, hash)
SELECT a, {_AT.format(_FROM)}, {_WHERE.format(f"({_FROM})")}, CASE WHEN a % 50000 = 9 THEN 'account:1' ELSE 'person:' || ({_WHO.format(f"({_FROM})")}) END,
 CASE WHEN a % 50000 = 9 THEN 'account.login' WHEN a % 200000 = 11 THEN 'issue.reveal' WHEN a % 10 < 7 THEN 'ballot.cast' ELSE 'issue.register' END,
 CASE WHEN a % 10 < 7 THEN 'poll:' || 1 + a * :polls / (:audits + 1) ELSE 'issue:' || 1 + a * :issues / (:audits + 1) END, '{{"message":' || a || '}}', md5(a::text), md5(a::text) || md5(a::text)
FROM generate_series(1, CAST(:audits AS bigint)) a"""
_OUTBOX = f"""INSERT INTO outbox (id, key, community_id, channel, target, address, kind, text, state, attempts, next_at, quiet, doubtful, created_at, sent_at)
SELECT o, CASE WHEN o % 4 = 0 THEN 'poll:' || 1 + o * :polls / (:posts + 1) || ':remind:person:' || o ELSE 'issue:' || 1 + o * :issues / (:posts + 1) || ':accepted:' || o || ':person:1' END, 1, 'mp', 'identity:' || 1 + o % :people, 'x', 'text',
 '您反映的 I' || o % :issues || ' 已受理，网格员会跟进。', CASE WHEN o % 5000 = 1 THEN 'dead' ELSE 'sent' END, 1, {_AT.format("o * 5")}, true, false, {_AT.format("o * 5")}, {_AT.format("o * 5")}
FROM generate_series(1, CAST(:posts AS bigint)) o"""
_DELIVERY = f"""INSERT INTO delivery (id, outbox_id, community_id, channel, at, took_ms, attempt, result, code, reason, platform_id)
SELECT d, d, 1, 'mp', {_AT.format("d * 5")}, 40, 1, CASE WHEN d % 5000 = 1 THEN 'dead' ELSE 'sent' END, CASE WHEN d % 5000 = 1 THEN 45015 END,
 CASE WHEN d % 5000 = 1 THEN 'errcode 45015' END, 'id' || d FROM generate_series(1, :posts) d"""
_SWEEPS = f"""INSERT INTO sweep_run (name, at, took_ms, done)
SELECT (ARRAY['close_polls','fire_timers','index_logs'])[1 + s % 3], {_AT.format("s")}, 5, 1 FROM generate_series(1, :posts / 5) s"""


_POINTS = f"""INSERT INTO point (community_id, person_id, at, amount, kind, reason, made_by, key)
SELECT {_WHERE.format("p")}, {_WHO.format("p")}, {_AT.format("p * 5")}, 1 + p % 5, 'deed', '周六巡逻', 'person:1', 'k' || p FROM generate_series(1, :points) p"""


def _index(db: Database) -> None:
    """What the scheduler writes block by block, a segment at a time."""
    for log in finding.LOGS:
        with db.read() as tx:
            blocks = int(tx.scalar(select(func.max(log.key)))) // finding.BLOCK
        for segment in range(-(-blocks // finding.SPAN)):
            first, last = segment * finding.SPAN, min(blocks, (segment + 1) * finding.SPAN)
            masks: dict[int, int] = {}
            with db.write() as tx:
                rows = tx.all(select(log.key, *log.columns).where(log.key >= first * finding.BLOCK, log.key < last * finding.BLOCK))
                for row in rows:
                    bit = 1 << (row[0] // finding.BLOCK - first)
                    for part in log.parts(row):
                        number = finding._number(part)
                        masks[number] = masks.get(number, 0) | bit
                tx.driver.cursor().executemany(
                    "INSERT INTO log_term (log, segment, term, blocks) VALUES (%s, %s, %s, %s)",
                    [(log.number, segment, term, mask) for term, mask in masks.items()])
        with db.write() as tx:
            tx.execute(insert(log_index).values(log=log.number, next_block=blocks))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE log_term")


def _one_block(db: Database) -> float:
    """Milliseconds to index one block of messages, words struck out and all."""
    with db.write() as tx:
        begun = time.perf_counter()
        finding._forget(tx, finding.MESSAGES, 1)
        finding._enter(tx, finding.MESSAGES, 1)
        return (time.perf_counter() - begun) * 1e3


def _size(db: Database) -> str:
    with db.read() as tx:
        terms = tx.scalar(select(func.count()).select_from(log_term))
        index, table = (tx.scalar(select(func.pg_total_relation_size(name))) for name in ("log_term", "message"))
    return f"{terms:,} terms, {index / 2**20:,.0f} MiB beside {table / 2**20:,.0f} MiB of messages"


# --- asking -------------------------------------------------------------------------------------------------------
def _measure(db: Database, world: World) -> None:
    app = Flask(__name__)
    web.init_app(app, "k" * 32)
    app.register_blueprint(web.console_blueprint(db, clock=lambda: NOW, secure_cookies=False))
    print("| page | asked as | p50 ms | p95 | worst | |")
    print("|---|---|--:|--:|--:|---|")
    rng = random.Random(3)
    for who in ("one", "all", "both"):
        client = _signed_in(app, who)
        for name, paths in _pages(rng, world).items():
            if who != "one" and name not in OF_ALL:
                continue
            spent = sorted(_timed(client, paths()) for _ in range(TIMES))
            p95 = spent[int(len(spent) * 0.95) - 1]
            print(f"| {name} | {WHO[who]} | {spent[len(spent) // 2]:.0f} | {p95:.0f} | {spent[-1]:.0f} |"
                  f" {'' if p95 < AIM_MS else 'over'} |", flush=True)


def _pages(rng: random.Random, world: World) -> dict[str, Callable[[], str]]:
    """Each kind of page, with an address made anew for every request."""
    def deep(name: str, most: int) -> Callable[[], str]:
        return lambda: f"/console/{name}?before={rng.randint(most // 10, most)}"

    def day() -> str:
        return f"{BEGIN + timedelta(days=rng.randint(1, 700)):%Y-%m-%d}"

    flats: Iterator[int] = iter(lambda: rng.randint(0, HOMES - 1), -1)

    def flat() -> str:
        n = next(flats)
        return f"{1 + n // 60}-{1 + n % 3}-{n % 60 + 101}"

    return {
        "messages": lambda: "/console/messages", "messages, deep": deep("messages", world.messages),
        "messages of a day": lambda: f"/console/messages?since={(d := day())}&until={d}",
        "messages, rare word": lambda: f"/console/messages?text=金丝雀{rng.randrange(7, world.messages, 100_000)}",
        "messages, word found nowhere": lambda: f"/console/messages?text=鸬鹚{rng.randint(1, 99)}",
        "messages, common word": lambda: f"/console/messages?text={rng.choice(THINGS)}",
        "messages, two words on a day": lambda: f"/console/messages?text={rng.choice(THINGS)} 没人&since={(d := day())}&until={d}",
        "messages of a unit": lambda: f"/console/messages?person={flat()}",
        "messages of a unit, with a word": lambda: f"/console/messages?person={flat()}&text={rng.choice(THINGS)}",
        "messages of a name": lambda: f"/console/messages?person=王{rng.randrange(0, PEOPLE, 5)}",
        "messages of an intent": lambda: "/console/messages?kind=consent", "readings in doubt": lambda: "/console/readings?kind=doubt",
        "readings": deep("readings", world.messages), "audit": lambda: "/console/audit", "audit, deep": deep("audit", world.audits),
        "audit of an object": lambda: f"/console/audit?text=issue:{rng.randint(1, ISSUES)}",
        "audit of a unit": lambda: f"/console/audit?person={flat()}", "audit of an action": lambda: "/console/audit?kind=issue.reveal",
        "logins": lambda: "/console/logins", "reveals": lambda: "/console/reveals", "outbox": deep("outbox", world.posts),
        "outbox, dead": lambda: "/console/outbox?kind=dead", "outbox, word": lambda: f"/console/outbox?text=I{rng.randint(1, ISSUES)} 已受理",
        "deliveries": deep("deliveries", world.posts), "deliveries, dead": lambda: "/console/deliveries?kind=dead",
        "deliveries, platform's answer": lambda: "/console/deliveries?text=45015", "sweeps": lambda: "/console/sweeps",
        "live": lambda: "/console/live/rows", "search: unit": lambda: f"/console/search?q={flat()}",
        "search: word and month": lambda: f"/console/search?q={rng.choice(THINGS)} {rng.randint(1, 12)}月",
        "search: rare word": lambda: f"/console/search?q=金丝雀{rng.randrange(7, world.messages, 100_000)}",
        "search: name": lambda: f"/console/search?q=李{rng.randrange(1, PEOPLE, 5)}", "search: number": lambda: f"/console/search?q=P{rng.randint(1, POLLS)}",
        "story of a message": lambda: f"/console/story/message/{rng.randint(1, world.messages)}",
        "story of an issue": lambda: f"/console/story/issue/{rng.randint(1, ISSUES)}",
        "story of a poll": lambda: f"/console/story/poll/{rng.randint(1, POLLS)}",
        "story of a post": lambda: f"/console/story/post/{rng.randint(1, world.posts)}",
        "overview": lambda: "/console/", "board": lambda: "/console/board", "issues": deep("issues", ISSUES), "polls": lambda: "/console/polls",
        "points": lambda: "/console/points", "ledger": deep("ledger", POINTS), "notices": lambda: "/console/notices",
        "figures": lambda: f"/console/figures?month=2024-{rng.randint(11, 12)}",
        "story of a unit": lambda: f"/console/story/home/{rng.randint(1, HOMES)}",
    }


def _signed_in(app: Flask, who: str) -> FlaskClient:
    client = app.test_client()
    page = client.get("/console/login").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert client.post("/console/login", data={"username": who, "password": PASSWORD, "csrf_token": token}).status_code == 302
    return client


def _get(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    if answer.status_code not in (200, 404):  # 404: of the other community
        raise RuntimeError(f"{path}: {answer.status_code}")


def _timed(client: FlaskClient, path: str) -> float:
    begun = time.perf_counter()
    _get(client, path)
    return (time.perf_counter() - begun) * 1e3
