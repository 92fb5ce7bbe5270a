"""The house rules that nobody has to remember: who may import whom, and where the words stand."""

import ast
import re
from pathlib import Path

import pytest
from jinja2 import TemplateError

from bot import router
from texts import say

ROOT = Path(__file__).parent.parent
HOUSE = {"understanding", "learning", "bot", "handlers", "services", "domain", "models", "texts", "scheduler", "web", "ops",
    "simulator", "verify", "opinions"}
MAY: dict[str, tuple[set[str], set[str]]] = {
    "domain": (set(), set()),
    "texts": ({"domain"}, {"yaml", "jinja2", "jieba", "zhconv", "numpy", "scipy", "chinese_calendar",
    "holidays"}),  # numpy and scipy: themes.py only
    "models": ({"domain"}, {"sqlalchemy", "cryptography"}),
    "understanding": ({"texts", "domain", "learning"}, {"yaml", "numpy", "scipy",
    "sklearn"}),  # scikit-learn: to train, never to apply
    "learning": ({"texts", "domain"}, {"numpy", "scipy", "sklearn"}),  # scikit-learn and scipy: to train, never to apply
    "opinions": ({"domain"}, {"numpy", "scipy"}),
    "services": ({"models", "domain", "texts", "understanding", "opinions"}, {"sqlalchemy", "PIL", "segno", "manimgx_fonts_cjk", "argon2",
    "openpyxl", "docx", "fpdf", "fontTools"}),  # openpyxl: register_sheet.py; docx, fpdf, fontTools: minutes_*.py
    "bot": ({"services", "models", "domain", "texts", "understanding"}, {"redis", "sqlalchemy", "pydantic", "yaml"}),
    "bot/channels": ({"bot", "domain"}, {"redis", "flask", "werkzeug", "wechatpy", "cryptography", "requests", "urllib3",
    "websockets"}),  # websockets: aibot_socket.py only
    "handlers": ({"bot", "services", "domain", "texts", "models", "understanding"}, {"sqlalchemy"}),
    "scheduler": ({"bot", "services", "domain", "models"}, {"apscheduler", "sqlalchemy"}),
    "web": ({"bot", "services", "models", "domain", "texts", "understanding"}, {"flask", "flask_wtf", "werkzeug", "itsdangerous",
    "sqlalchemy", "yaml", "jinja2"}),
    "simulator": (set(), {"flask", "werkzeug", "requests", "urllib3", "cryptography", "yaml", "granian", "PIL", "websockets"}),
    "verify": (set(), set()),  # given to people who trust nothing of ours
}
STANDARD = set(__import__("sys").stdlib_module_names)


def _files() -> list[Path]:
    return [p for folder in sorted(HOUSE) for p in sorted((ROOT / folder).rglob("*.py"))]


def _room(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return "bot/channels" if parts[:2] == ("bot", "channels") else parts[0]


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names - STANDARD


@pytest.mark.parametrize("path", [p for p in _files() if _room(p) != "ops"], ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    """A file imports only from the rooms below its own, and only the libraries its room knows."""
    room = _room(path)
    below, libraries = MAY[room]
    own = {room.split("/")[0]}
    found = _imports(path)
    assert found & HOUSE <= below | own, f"{path}: {sorted(found & HOUSE - below - own)}"
    assert found - HOUSE <= libraries, f"{path}: {sorted(found - HOUSE - libraries)}"


def test_the_verifier_runs_on_old_pythons() -> None:
    """Whoever checks a poll may have any Python since 3.8."""
    for path in (ROOT / "verify").glob("*.py"):
        ast.parse(path.read_text("utf-8"), feature_version=(3, 8))


def test_every_file_says_what_it_is_for() -> None:
    """Each module opens with a sentence."""
    silent = [str(p) for p in _files() if p.read_text("utf-8").strip() and not ast.get_docstring(ast.parse(p.read_text("utf-8")))]
    assert not silent


def test_services_and_domain_never_ask_what_time_it_is() -> None:
    """Time comes in as `now`."""
    for folder in ("services", "domain"):
        for path in (ROOT / folder).rglob("*.py"):
            assert "datetime.now(" not in path.read_text("utf-8"), path


def test_services_never_commit() -> None:
    """Commits happen in the writer, a sweep, or a web request."""
    for path in (ROOT / "services").rglob("*.py"):
        assert ".commit(" not in path.read_text("utf-8"), path


def test_every_sentence_that_is_said_stands_in_the_catalogue() -> None:
    """A key in the code that the catalogue lacks would be an apology to somebody."""
    missing = []
    for folder in ("bot", "handlers", "services", "domain", "scheduler", "ops", "opinions"):
        for path in (ROOT / folder).rglob("*.py"):
            for key in re.findall(r"""(?:say|Refusal)\(\s*"([a-z_0-9]+(?:\.[a-z_0-9]+)*)\"""", path.read_text("utf-8")):
                if not say.has(key):
                    missing.append(f"{path.name}: {key}")
    assert not missing


def test_every_sentence_of_the_catalogue_can_be_made() -> None:
    """A process makes one only when it says it: a brace too many must be found here."""
    wrong = []
    for key in sorted(say.keys()):
        try:
            say.environment().from_string(say.source_of(key))
        except TemplateError as error:
            wrong.append((key, str(error)))
    assert not wrong


def test_every_command_shows_its_usage_and_can_be_matched() -> None:
    """帮助 is written by the code: each usage line is a command that its own pattern hears."""
    import handlers  # noqa: F401

    for command in router.registry.commands:
        if command.usage:
            found = router.match(router.canonical(command.usage))
            assert found is not None and found[0].name == command.name, command.usage


def test_help_fits_one_screen() -> None:
    """At most fourteen lines for a resident, thirty for staff, and within the smallest channel's bytes."""
    import handlers  # noqa: F401
    from handlers.help import topics

    staff = [c.usage for c in router.registry.commands if c.usage and not c.topic and c.role != "resident"]
    named = topics()
    by_topic = [(30, say.say("help_topic", topic=t, usages=[c.usage for c in router.registry.commands if c.usage and c.topic == t]))
                for t in named]
    for lines, text in ((14, say.say("help", staff=[], role="resident", topics=named)), (30, say.say("help",
        staff=staff, role="grid_worker", topics=named)), *by_topic):
        assert text.count("\n") < lines
        assert len(text.encode()) <= 2048
