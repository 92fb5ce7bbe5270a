"""Plays every script in tests/chats three times: as written, each message twice, each sweep twice."""

from pathlib import Path

import pytest
from redis import Redis

from models.base import Database
from services import audit
from tests.chat_script import Stage, read, write

SCRIPTS = sorted((Path(__file__).parent / "chats").glob("*.chat"))
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


def play(script: Path, way: dict[str, bool], db: Database, redis: Redis, *, rewrite: bool = False) -> None:
    """Plays one script and compares, or rewrites it."""
    head, steps = read(script)
    stage = Stage(db, redis, **way)
    try:
        actual = [stage.play(step.text) for step in steps]
        if rewrite:
            write(script, head, steps, actual)
            return
        for step, said in zip(steps, actual, strict=True):
            assert said == step.expected, f"{script.name}, line {step.line}: {step.text}"
        with db.read() as tx:
            assert audit.verify(tx).ok
    finally:
        stage.close()
