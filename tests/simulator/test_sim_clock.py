"""Days pass in the demo: on the platform, and in the app that follows its file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops import clock as ours
from simulator.clock import Clock
from simulator.server import create_app
from tests.simulator.stage import WORLD


def test_hours_that_pass_on_the_platform_pass_in_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One button moves both, by the same, and a new start goes on from there."""
    file = tmp_path / "clock"
    monkeypatch.setenv(ours.AHEAD_ENV, str(file))
    assert ours.ahead() == timedelta()
    built = create_app(WORLD, [], clock_file=str(file))
    client = built.test_client()
    answer = client.post("/sim/clock", json={"hours": 360})
    assert answer.status_code == 200
    assert ours.ahead() == timedelta(days=15)
    shown = datetime.fromisoformat(client.get("/sim/clock").get_json()["now"])
    assert abs(shown - ours.now()) < timedelta(seconds=30)
    assert shown - datetime.now(UTC) > timedelta(days=14)
    assert Clock(file).ahead_s == 15 * 86_400
    built.extensions["simulation"].close()


@pytest.mark.parametrize("hours", [0, -24, 10**9, "soon", None])
def test_time_goes_forward_only_and_in_measure(tmp_path: Path, hours: object) -> None:
    """What is no number of hours moves nothing."""
    file = tmp_path / "clock"
    built = create_app(WORLD, [], clock_file=str(file))
    assert built.test_client().post("/sim/clock", json={"hours": hours}).status_code == 400
    assert not file.exists()
    built.extensions["simulation"].close()


def test_a_file_cannot_turn_the_apps_clock_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds before now are no time."""
    (tmp_path / "clock").write_text("-3600")
    monkeypatch.setenv(ours.AHEAD_ENV, str(tmp_path / "clock"))
    assert ours.ahead() == timedelta()
