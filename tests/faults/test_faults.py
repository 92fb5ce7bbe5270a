"""Nothing lost, nothing twice: real processes are killed while a community talks, and then everything is counted.

The seed is printed with every failure; LINYI_FAULT_SEED runs another one. Every test run goes through it on SQLite and looks for
two planted bugs; `make faults` does it on PostgreSQL as well and looks for every bug we know how to plant.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from models.base import Database
from tests.faults import plan as plans
from tests.faults.checker import Checker, Verdict
from tests.faults.driver import Driver
from tests.faults.nemesis import ROUND, Nemesis
from tests.faults.town import ROOT, Town, until

ALL = bool(os.environ.get("LINYI_FAULTS"))
SEED = int(os.environ.get("LINYI_FAULT_SEED", "20261123"))


@dataclass(slots=True)
class Run:
    """What one run found, and what it went through."""

    verdict: Verdict
    faults: Counter[str]
    seconds: float

    def __str__(self) -> str:
        found = "\n  ".join(self.verdict.problems[:25])
        return (f"seed {SEED}, {self.seconds:.0f} s, faults {dict(self.faults)}, counted {dict(self.verdict.counts)}, "
                f"{len(self.verdict.problems)} problems:\n  {found}")


def run(folder: Path, url: str, *, messages: int, waves: int, planted: str = "", faults: tuple[str, ...] = ROUND,
        every_s: float = 1.1, wave_s: float = 4.5, open_s: tuple[float, float] = (3.0, 8.0)) -> Run:
    """One community, one plan, one nemesis; then peace, and the count."""
    began = time.monotonic()
    plan = plans.draw(SEED, messages, waves)
    town = Town(folder, url, plan, planted=planted)
    driver, nemesis = Driver(town, plan, wave_s=wave_s, open_s=open_s), Nemesis(town, SEED, every_s=every_s, round_=faults, all_of_it=not planted)
    try:
        until(town.ready, 240, "the app is up")  # the first start learns to understand
        nemesis.start()
        try:
            driver.run()
        finally:
            driver.stop.set()
            nemesis.rest()
            driver.write()
        recovered = quiet(town, town.ready, 8 if planted else 20)
        settled = quiet(town, lambda: nothing_waits(town), 5 if planted else 60)
        verdict = Checker(town, driver).judge()
        if not (recovered and settled):
            verdict.wrong("recovery", "not healthy and idle again in time")
        tools(town, verdict)
    finally:
        town.close()
    return Run(verdict, nemesis.done, time.monotonic() - began)


def quiet(town: Town, true: object, seconds: float) -> bool:
    """Waits for the dust to settle; False when it does not."""
    try:
        until(true, seconds, "", 0.2)  # type: ignore[arg-type]
    except AssertionError:
        return False
    return True


def nothing_waits(town: Town) -> bool:
    """True when all that was decided has been done."""
    left = town.rows("SELECT (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending')) + "
                     "(SELECT count(*) FROM poll WHERE state = 'open') + "
                     "(SELECT count(*) FROM message WHERE state = 'parked') AS n")
    return bool(left[0]["n"] == 0)


def tools(town: Town, verdict: Verdict) -> None:
    """The product's own verifier, and the database's."""
    done = subprocess.run([sys.executable, str(ROOT / "app.py"), "audit", "verify"], cwd=ROOT, env=town.env,
                          capture_output=True, text=True, timeout=60)
    if done.returncode:
        verdict.wrong("chain", done.stdout + done.stderr)
    if make_url(town.url).get_backend_name() != "sqlite":
        return
    if town.rows("PRAGMA integrity_check") != [{"integrity_check": "ok"}] or town.rows("PRAGMA foreign_key_check"):
        verdict.wrong("database", "the file is damaged")


def test_thousands_of_messages_while_processes_die(db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not ALL and db.url.get_backend_name() != "sqlite":
        pytest.skip("make faults")
    ended = run(tmp_path, db.url.render_as_string(hide_password=False), messages=2300, waves=4)
    counts = ended.verdict.counts
    with capsys.disabled():
        print(f"\n{db.url.get_backend_name()}: {ended.seconds:.0f} s, {counts['messages']} messages in {counts['tries']} requests, "
              f"{counts['forged']} forged; faults {dict(ended.faults)}; {counts['posts.repeated']} doubtful posts repeated")
    assert not ended.verdict.problems, str(ended)
    assert counts["messages"] >= 2000 and counts["acknowledged"] == counts["messages"], str(ended)
    assert counts["polls"] >= 25 and counts["ballots"] > 300 and counts["duplicated"] > 100 and counts["forged"] >= 10, str(ended)
    assert ended.faults["worker"] >= 4 and ended.faults["app"] == 1 and ended.faults["valkey"] == 1, str(ended)
    assert ended.faults["before"] + ended.faults["after"] >= 2, str(ended)


EVERY_DAY = ("memory", "mark_first")  # one of what comes in, one of what goes out


@pytest.mark.parametrize(("bug", "faults", "kinds"), [
    ("memory", ("worker",), {"doubled", "answers"}),
    ("reply_first", ("worker",), {"lost"}),
    ("mark_first", ("before",), {"post"}),
    ("send_inside", ("after",), {"posted twice", "post"}),  # posted again, a result bears another fingerprint
    ("last_arrival", ("scheduler",), {"ballot"}),
])
def test_a_planted_bug_is_found(bug: str, faults: tuple[str, ...], kinds: set[str], sqlite_db: Database, tmp_path: Path) -> None:
    if not ALL and bug not in EVERY_DAY:
        pytest.skip("make faults")
    ended = run(tmp_path, str(sqlite_db.url), messages=320, waves=1, planted=bug, faults=faults, every_s=0.6, wave_s=1,
                open_s=(2.5, 5.0))
    assert kinds & ended.verdict.kinds(), f"{bug} was not found: {ended}"  # which of them shows depends on where the kill fell
