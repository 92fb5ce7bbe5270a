"""Settings: every mistake is one clear sentence, and the shipped file is right."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.config import ConfigError, Settings, load
from domain.timers import SPANS, Span, Timer
from ops.demo import make_secrets
from services.limits import Limits

ROOT = Path(__file__).parent.parent.parent


def test_the_shipped_file_states_every_default() -> None:
    """config.yaml and the code agree, setting by setting."""
    shipped = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
    defaults = Settings().model_dump(mode="json", exclude={"channels"})
    shipped.pop("channels")
    for hours in ("quiet_hours", "bulletins"):
        shipped[hours] = {k: f"{v}:00" for k, v in shipped[hours].items()}
    shipped["retention"]["hour"] += ":00"
    assert shipped == defaults


@pytest.mark.parametrize(("text", "says"), [
    ("serverr: {port: 1}", "serverr"), ("server: {prot: 80}", "server.prot: 不认识"), ("server: {port: 99999}", "server.port"),
    ("channels: [{name: A b, kind: mp, community: x, api_base: https://a}]", "channels.0.name"),
    ("channels: [{name: a, kind: fax, community: x, api_base: https://a}]", "channels.0.kind"),
    ("loop: {spans: {work: {normal: 5 weeks}}}", "loop.spans.work"), ("loop: {spans: {wrk: {}}}", "loop.spans.wrk"),
    ("a: [", "YAML")])
def test_a_mistake_is_named(tmp_path: Path, text: str, says: str) -> None:
    """Which setting, and that it cannot be used."""
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as error:
        load(path)
    assert says in str(error.value) and "\n" not in str(error.value)


def test_clocks_run_as_long_as_the_file_says() -> None:
    """The shipped lengths are the built-in ones; what an installation leaves out stays as it is."""
    assert Settings().loop.lengths() == SPANS
    assert Settings().loop.limits() == Limits()
    chosen = Settings.model_validate({"loop": {"spans": {"work": {"urgent": "6 hours"}}, "ring_people": 4}}).loop
    assert chosen.lengths() == {(Timer.WORK, "urgent"): Span(hours=6)} and chosen.limits().ring_people == 4


def test_a_missing_file_and_a_missing_secret_are_named(tmp_path: Path) -> None:
    """Secrets come from the environment only."""
    with pytest.raises(ConfigError, match="找不到"):
        load(tmp_path / "none.yaml")
    settings = load(ROOT / "config.yaml")
    env = make_secrets()
    assert settings.secret_key(env) == env["LINYI_SECRET_KEY"]
    assert [c.account(env).name for c in settings.channels] == ["mp", "aibot", "aibot_ws", "webhook", "customer"]
    for name in env:
        less = {k: v for k, v in env.items() if k != name}
        with pytest.raises(ConfigError, match=name):
            settings.secret_key(less)
            for channel in settings.channels:
                channel.account(less)


def test_a_key_of_the_wrong_length_is_named() -> None:
    """EncodingAESKey has 43 characters."""
    settings = load(ROOT / "config.yaml")
    with pytest.raises(ConfigError, match="43"):
        settings.channels[0].account(make_secrets() | {"LINYI_MP_AES_KEY": "short"})


def test_the_program_refuses_to_start_with_one_sentence(tmp_path: Path) -> None:
    """Exit code 2 and no traceback."""
    path = tmp_path / "config.yaml"
    path.write_text("server: {prot: 80}", "utf-8")
    done = subprocess.run([sys.executable, "app.py", "--config", str(path), "serve"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("不能启动：") and len(done.stderr.strip().splitlines()) == 1


def test_workers_follow_the_database() -> None:
    """One writer on SQLite."""
    settings = Settings()
    assert settings.workers({}) == 1
    assert settings.workers({"LINYI_DATABASE_URL": "postgresql+psycopg://x"}) >= 1
