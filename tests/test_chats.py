"""Plays every script in tests/chats three times: as written, each message twice, each sweep twice.

What each script reaches (states of an issue, procedures of deliberation) is looked up in the database it has filled; tests/chats/
reached.yaml names scripts for each, and every script that is named there must keep to it. `--write-chats` keeps it up to date.
"""

from pathlib import Path

import pytest
import yaml
from redis import Redis
from sqlalchemy import select

from domain.states import State
from models.base import Database
from models.tables import deliberation, issue, issue_event
from services import audit
from tests.chat_script import Stage, read, write
from texts import procedures

SCRIPTS = sorted((Path(__file__).parent / "chats").glob("*.chat"))
REACHED = Path(__file__).parent / "chats" / "reached.yaml"
NAMED = 6  # scripts for each state and procedure
WAYS = {"as written": {}, "each message twice": {"twice": True}, "each sweep twice": {"sweeps_twice": True}}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_script(script: Path, way: str, sqlite_db: Database, redis: Redis, request: pytest.FixtureRequest) -> None:
    """The bot says exactly what the script says, in order and in place."""
    play(script, WAYS[way], sqlite_db, redis, rewrite=way == "as written" and request.config.getoption("--write-chats"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_script_on_postgresql(script: Path, postgres_db: Database, redis: Redis) -> None:
    """The same words on the other database."""
    play(script, {}, postgres_db, redis)


def test_every_state_and_every_procedure_has_a_script_that_reaches_it() -> None:
    """The fifteen states of an issue, and each procedure that ships with the product."""
    named = yaml.safe_load(REACHED.read_text("utf-8"))
    assert named.keys() == {*State, *(course.name for course in procedures.known())} and len(State) == 15
    assert {name for scripts in named.values() for name in scripts} <= {script.stem for script in SCRIPTS}
    assert not [what for what, scripts in named.items() if not scripts]


def reached(db: Database) -> set[str]:
    """The states that the issues of this script were ever in, and the procedures that were begun."""
    with db.read() as tx:
        steps = tx.all(select(issue_event.c.from_state, issue_event.c.to_state))
        found = {state for step in steps for state in step if state is not None}
        found |= {row.state for row in tx.all(select(issue.c.state))}
        return found | {row.course["name"] for row in tx.all(select(deliberation.c.course))}


def note(script: Path, found: set[str]) -> None:
    """Names the script where it belongs, as long as there is room."""
    named = yaml.safe_load(REACHED.read_text("utf-8")) if REACHED.exists() else {}
    for what in [*map(str, State), *(course.name for course in procedures.known())]:
        others = [name for name in named.get(what, []) if name != script.stem]
        named[what] = sorted([*others, script.stem])[:NAMED] if what in found else others
    head = "# Which scripts reach which state of an issue, and which procedure; written by pytest --write-chats, checked by every run.\n"
    REACHED.write_text(head + yaml.safe_dump(named, allow_unicode=True, sort_keys=False, width=130, default_flow_style=None), "utf-8")


def play(script: Path, way: dict[str, bool], db: Database, redis: Redis, *, rewrite: bool = False) -> None:
    """Plays one script and compares, or rewrites it."""
    head, steps = read(script)
    stage = Stage(db, redis, **way)
    try:
        actual = [stage.play(step.text) for step in steps]
        if rewrite:
            write(script, head, steps, actual)
            note(script, reached(db))
            return
        for step, said in zip(steps, actual, strict=True):
            assert said == step.expected, f"{script.name}, line {step.line}: {step.text}"
        with db.read() as tx:
            assert audit.verify(tx).ok
        named = yaml.safe_load(REACHED.read_text("utf-8"))
        assert {what for what, scripts in named.items() if script.stem in scripts} <= reached(db), "reached.yaml says more"
    finally:
        stage.close()
