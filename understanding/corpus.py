"""Reads the labelled utterances: sentences with their context, intent and slots."""

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from understanding.context import Context, from_json

FOLDER = Path(__file__).parent / "utterances"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One labelled sentence."""

    text: str
    context: Context
    intent: str
    slots: dict[str, Any]


def training() -> list[Utterance]:
    """All sentences that may be learned from."""
    return [u for path in sorted(FOLDER.glob("train_*.jsonl")) for u in read(path)]


def heldout() -> list[Utterance]:
    """The sentences that are only ever measured on; 同意 and the like, which every writer writes, are left out where learned."""
    learned = {(u.text, str(u.context)) for u in training()}
    found = [u for path in sorted(FOLDER.glob("heldout_*.jsonl")) for u in read(path)]
    return [u for u in found if (u.text, str(u.context)) not in learned]


def read(path: Path) -> Iterator[Utterance]:
    """The sentences of one file; a scene is a context with a name, for the lines below it."""
    scenes: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            if "scene" in said:
                scenes[said["scene"]] = said["context"]
                continue
            context = said.get("context") or {}
            context = scenes[context] if isinstance(context, str) else context
            yield Utterance(said["text"], from_json(context), said["intent"], said.get("slots") or {})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path.name}:{number}: {error!r}") from None


_IDLE = tuple(from_json(context) for context in (
    {"at_bot": True},
    {"at_bot": True, "open_polls": [{"id": "P41", "title": "要不要加装电梯", "kind": "single", "options": ["同意", "反对",
        "弃权"]}]},
    {"at_bot": True, "my_issues": [{"id": "I61", "title": "北门路灯不亮",
        "status": "已受理"}], "recent_issue": {"id": "I61"}},
    {"chat": "private", "my_issues": [{"id": "I61", "title": "北门路灯不亮", "status": "已受理"}],
     "open_polls": [{"id": "P42", "title": "车棚选址", "kind": "single", "options": ["东侧空地", "车库入口"]}]},
    {"chat": "private", "recent_result": {"id": "P41"}, "my_vote": {"poll": "P42", "choice": ["东侧空地"]},
     "open_polls": [{"id": "P42", "title": "车棚选址", "kind": "single", "options": ["东侧空地", "车库入口"]}]},
    {"chat": "private", "recent_issue": {"id": "I62"}},
))
_STEADY = frozenset({
    "register_issue", "help", "handoff", "greet", "ask_policy", "ask_points", "privacy_delete", "privacy_optout",
    "privacy_export",
    "bind_identity", "join_volunteer"})


def elsewhere(utterances: Sequence[Utterance]) -> Iterator[Utterance]:
    """The sentences that mean the same wherever they are said, each once more in a situation that has nothing to do with it.

    In a running community something is always open, was just shown, or has been reported before; who writes examples forgets it.
    """
    for utterance in utterances:
        context, numbered = utterance.context, bool(re.search(r"[IiPp]\s?\d", utterance.text))
        steady = utterance.intent in _STEADY or (utterance.intent.startswith("command_") and numbered)
        if steady and context.quote is None and not context.active_discussion and not context.pending_rating:
            idle = _IDLE[zlib.crc32(utterance.text.encode()) % len(_IDLE)]
            yield replace(utterance, context=replace(idle, role=context.role))
