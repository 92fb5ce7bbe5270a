"""An installation of its own for each measurement: settings, secrets, a migrated database, a thousand residents."""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, insert, select

from bench import machine
from bench.traffic import OPTIONS, RESIDENTS, openid, report
from models import secret
from models.base import Database, Tx
from models.tables import ballot, community, identity, issue, message, outbox, person, poll
from ops import database
from ops.demo import make_secrets
from services import audit
from services.people import NOTICE_VERSION

ROOT = Path(__file__).parent.parent
APP_ID = "wxbench000000001"
SECRETS = make_secrets()
OPEN_ISSUES = 50


@dataclass(frozen=True, slots=True)
class World:
    """One installation."""

    folder: Path
    port: int
    url: str
    env: dict[str, str]

    def database(self) -> Database:
        """Its database, opened by the measuring process."""
        return Database(self.url)


def make(folder: Path, *, redis: str, workers: int = 1, postgres: str | None = None, api_base: str = "",
         preload: str | None = None) -> World:
    """Writes settings as an operator would, migrates, and fills the database directly."""
    folder.mkdir(parents=True)
    port = machine.free_port()
    settings = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
    settings["server"] |= {"port": port, "workers": workers}
    settings["database"]["file"] = str(folder / "linyi.db")
    settings["log_level"] = "warning"
    for channel in settings["channels"]:
        channel["api_base"] = api_base or "http://127.0.0.1:9"
        if channel["name"] == "mp":
            channel |= {"app_id": APP_ID, "mode": "safe"}
    (folder / "config.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    env = os.environ | SECRETS | {"LINYI_CONFIG": str(folder / "config.yaml"), "LINYI_REDIS_URL": redis,
                                  "LINYI_DATABASE_URL": postgres or "", "BENCH_APP_ID": APP_ID,
                                  "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
                                  "PYTHONWARNINGS": "ignore"}
    if preload:
        env["LD_PRELOAD"] = preload
    world = World(folder, port, postgres or f"sqlite:///{folder / 'linyi.db'}", env)
    secret.set_key(SECRETS["LINYI_SECRET_KEY"])
    db = world.database()
    database.upgrade(db)
    with db.write() as tx:
        _fill(tx, datetime.now(UTC))
    db.close()
    return world


def command(*args: str) -> list[str]:
    """The command line of one of the product's processes."""
    return [sys.executable, str(ROOT / "app.py"), *args]


def _fill(tx: Tx, now: datetime) -> None:
    place = tx.add(community, code="cuiyuan", name="翠苑", last_issue=OPEN_ISSUES, last_poll=1)
    people = [{"id": n, "community_id": place, "role": "resident", "told_version": NOTICE_VERSION,
               "consent_version": NOTICE_VERSION, "consented_at": now, "created_at": now} for n in range(1, RESIDENTS + 1)]
    people.append(people[0] | {"id": RESIDENTS + 1, "role": "grid_worker"})
    tx.execute(insert(person), people)
    tx.execute(insert(identity), [{"person_id": n, "channel": "mp", "external_id": openid(n), "heard_at": now}
                                  for n in range(1, RESIDENTS + 1)])
    tx.add(poll, community_id=place, number=1, title="要不要加装电梯", options=list(OPTIONS), most=1, household=False,
           anonymous=False, scope="community", scope_name="全小区", state="open", opens_at=now,
           closes_at=now + timedelta(days=7), opened_by=RESIDENTS + 1)
    tx.execute(insert(issue), [{"community_id": place, "number": n, "state": "submitted", "category": "other", "text": report(n),
                                "title": report(n)[:30], "submitter_id": RESIDENTS, "created_at": now, "changed_at": now}
                               for n in range(1, OPEN_ISSUES + 1)])
    if tx.postgres:
        for table in ("person", "issue"):
            tx.connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', 100000)")


@dataclass(frozen=True, slots=True)
class Record:
    """What the database holds after a measurement."""

    messages: int
    failed: int
    parked: int
    late_replies: int
    ballots: int
    intents: dict[str, int]
    chain: str


def look(world: World) -> Record:
    """Reads what was recorded, and verifies the audit chain."""
    db = world.database()
    with db.read() as tx:
        states = _counted(tx, message.c.state)
        intents = _counted(tx, message.c.intent)
        late = tx.scalar(select(func.count()).select_from(outbox).where(outbox.c.key.like("message:%:reply")))
        votes = tx.scalar(select(func.count()).select_from(ballot))
        verdict = audit.verify(tx)
    db.close()
    chain = f"intact, {verdict.rows} rows" if verdict.ok else f"BROKEN at {verdict.bad_seq} ({verdict.why})"
    return Record(sum(states.values()), states.get("failed", 0), states.get("parked", 0), late, votes, intents, chain)


def _counted(tx: Tx, column: Any) -> dict[str, int]:
    rows = tx.all(select(column.label("name"), func.count().label("times")).group_by(column))
    return {str(row.name): row.times for row in rows}


def stored(world: World) -> list[str]:
    """The platform's id of every message on record."""
    db = world.database()
    with db.read() as tx:
        found = list(tx.connection.scalars(select(message.c.external_id)))
    db.close()
    return found
