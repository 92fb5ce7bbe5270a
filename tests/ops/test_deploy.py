"""The examples for deployment speak of commands, settings and paths that exist."""

import re
from pathlib import Path

import pytest
import yaml

import app

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*.service")), ids=lambda p: p.name)
def test_a_unit_runs_a_command_that_exists(unit: Path) -> None:
    """And is hardened: no rights, one folder to write to, one line per key or a list."""
    found = unit.read_text("utf-8")
    start = re.search(r"^ExecStart=\S+/python app\.py (.+)$", found, re.MULTILINE)
    assert start is not None
    assert callable(app.parser().parse_args(start[1].split()).run)
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "ReadWritePaths=/opt/linyi/var", "User=linyi"):
        assert line in found.splitlines(), line


def test_compose_starts_commands_that_exist() -> None:
    """Each service of ours has one; only the web port is published, and only on this machine."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    ours = {name: each for name, each in services.items() if each["image"] == "linyi"}
    assert set(ours) == {"serve", "scheduler", "aibot"}
    for each in ours.values():
        assert callable(app.parser().parse_args(each["command"]).run)
    assert [p for each in services.values() for p in each.get("ports", [])] == ["127.0.0.1:8600:8600"]


def test_an_image_holds_no_data_and_no_secrets() -> None:
    """What lies beside the program on a machine that builds it stays there; pg_dump is as new as the server."""
    kept_out = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {"var", ".git", ".venv", "deploy"} <= set(kept_out)
    server = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["postgres"]["image"]
    major = server.removeprefix("postgres:").partition("-")[0]
    assert major.isdigit() and f"postgresql-client-{major} " in (DEPLOY / "Dockerfile").read_text("utf-8")


def test_nginx_lets_only_needed_paths_through() -> None:
    """Callbacks, pages, the console; never the metrics; the visitor's address cannot be made up."""
    found = (DEPLOY / "nginx.conf").read_text("utf-8")
    passed = {m[1] for m in re.finditer(r"location (?:= )?(\S+) \{[^}]*proxy_pass", found)}
    assert passed == {"/wire/", "/m/", "/console/login", "/console/", "/healthz"}
    assert "X-Forwarded-For $remote_addr" in found and "location / { return 404; }" in found
