"""What the console shows of commands, answers and deeds has a name in Chinese: none is shown as the code calls it."""

import re
from pathlib import Path

from texts.say import has

ROOT = Path(__file__).parents[2]
NAMED = r'@command\(\s*"([a-z_.]+)"', r'ctx\.intent = "([a-z_.?]+)"', r'@(?:ear|answers)\((?:\d+, )?"([a-z_.]+)"'


def _said(folder: str, *patterns: str) -> set[str]:
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / folder).glob("*.py"))
    return {name for pattern in patterns for name in re.findall(pattern, text)}


def test_every_command_and_answer_has_a_name() -> None:
    found = _said("handlers", *NAMED)
    assert len(found) > 200
    assert {name for name in found if not (has(f"terms.intent.{name}") or has(f"terms.intent_more.{name}"))} == set()


def test_every_line_of_the_record_has_a_name() -> None:
    found = _said("services", r'audit\.note\([^"]*?"([a-z_.]+)"') | _said("ops", r'audit\.note\([^"]*?"([a-z_.]+)"')
    assert len(found) > 120
    assert {name for name in found if not has(f"terms.deed.{name}")} == set()
