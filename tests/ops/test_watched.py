"""What an operator sees from outside: the log as lines that cannot be forged, and figures for Prometheus without any person."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families as families

from bot import watch
from bot.channels.redact import RedactingFilter
from bot.config import ConfigError, Settings
from domain.timers import Timer
from models.base import Database
from models.tables import heartbeat, outbox
from ops import house, metrics
from ops.logs import JsonLine, TextLine
from services import timers

EVIL = "hello\n2026-01-01 CRITICAL root forged\r\x1b[31m\u2028\u202eend access_token=abcdef"


def _line(formatter: logging.Formatter, message: str, error: Exception | None = None) -> str:
    info = None
    if error is not None:
        try:
            raise error
        except Exception:
            info = sys.exc_info()
    record = logging.LogRecord("linyi", logging.WARNING, "x.py", 1, "said %s", (message,), info)
    assert RedactingFilter().filter(record)
    return formatter.format(record)


def test_a_line_of_json_cannot_be_forged() -> None:
    """Whatever somebody writes: one line, one object, no control characters, no credentials, the frames apart."""
    with watch.about(77):
        line = _line(JsonLine(), EVIL, ValueError("secret=hidden1 \n{\"level\": \"info\"}"))
    assert "\n" not in line and line.isprintable() and "abcdef" not in line and "hidden1" not in line
    found = json.loads(line)
    assert found["level"] == "warning" and found["logger"] == "linyi" and found["message_id"] == 77
    assert found["message"] == "said hello" and any("Traceback" in f for f in found["frames"])
    assert "message_id" not in json.loads(_line(JsonLine(), "quiet"))


def test_a_line_of_words_cannot_be_forged() -> None:
    """What follows a line break is indented, so that no reader takes it for an event."""
    first, *rest = _line(TextLine("%(levelname)s %(message)s"), EVIL).split("\n")
    assert first == "WARNING said hello" and rest and all(line.startswith("    ") and line.isprintable() for line in rest)


def test_a_short_token_is_refused() -> None:
    """A token that can be guessed is none."""
    with pytest.raises(ConfigError):
        Settings().metrics_token({"LINYI_METRICS_TOKEN": "short"})


def test_without_a_token_there_is_nothing(sqlite_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page, no files."""
    monkeypatch.delenv("LINYI_METRICS_TOKEN", raising=False)
    app = Flask("none")
    metrics.add_page(app, sqlite_db, Settings(), tmp_path / "metrics")
    assert not metrics.switch_on(Settings(), tmp_path / "metrics") and not (tmp_path / "metrics").exists()
    assert app.test_client().get("/metrics").status_code == 404


_OTHER = """
import sys
from pathlib import Path
from bot import watch
from bot.config import Settings
from ops import metrics
metrics.switch_on(Settings(), Path(sys.argv[1]))
watch.heard("answered", 0.02); watch.heard("repeat", 0.001)
watch.posted("mp", "sent"); watch.posted("mp", "dead"); watch.posted("mp", "dead")
"""


def test_figures_of_every_process(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the token: queues, clocks, signs of life and what other processes counted; without it nothing, and nobody's name ever."""
    token = "a token of enough length"
    monkeypatch.setenv("LINYI_METRICS_TOKEN", token)
    folder = tmp_path / "metrics"
    folder.mkdir()
    subprocess.run([sys.executable, "-c", _OTHER, str(folder)], check=True, cwd=Path(__file__).parent.parent.parent,
                   env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)})
    now = house.now()
    with db.write() as tx:
        tx.add(heartbeat, name="scheduler", at=now)
        for n, state in enumerate(["waiting", "dead", "dead", "sent"]):
            tx.add(outbox, key=f"k{n}", channel="mp", target="identity:9", address="oPerson", kind="text", text="王大妈的事", state=state,
                   attempts=0, next_at=now, created_at=now)
        timers.start(tx, Timer.PROMISE, None, now)
    app = Flask("figures")
    metrics.add_page(app, db, Settings(), folder)
    client = app.test_client()
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    found = {(s.name, *sorted(s.labels.values())): s.value for f in families(answer.text) for s in f.samples}
    assert found["linyi_up",] == 1 and found["linyi_clocks_overdue",] == 1 and found["linyi_messages_parked",] == 0
    assert found["linyi_outbox", "dead", "text"] == 2 and found["linyi_outbox", "text", "waiting"] == 1
    assert found["linyi_posts_total", "dead", "mp"] == 2 and found["linyi_posts_total", "mp", "sent"] == 1
    assert found["linyi_message_seconds_count", "answered"] == 1 and found["linyi_message_seconds_bucket", "0.01", "answered"] == 0
    assert 0 <= found["linyi_beat_age_seconds", "scheduler"] < 60 and found["linyi_disk_free_bytes",] > 0
    assert "王大妈" not in answer.text and "oPerson" not in answer.text
