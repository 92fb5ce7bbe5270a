"""How well sentences are understood: macro-F1 of the intents, F1 of the slots, the four gates, and how honest confidence is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from understanding.corpus import Utterance
from understanding.meaning import Meaning

ACTS = frozenset({"register_issue", "second_issue", "supplement_issue", "vote", "change_vote", "jielong", "rate", "opinion"})


@dataclass(slots=True)
class Report:
    """The figures of one run; each gate lists the sentences that broke it."""

    intents: dict[str, tuple[float, float, float, int]] = field(default_factory=dict)  # precision, recall, F1, sentences
    macro_f1: float = 0.0
    slot_f1: float = 0.0
    slots: dict[str, tuple[float, int]] = field(default_factory=dict)  # F1, how often labelled
    gates: dict[str, list[str]] = field(default_factory=dict)
    calibration: float = 0.0  # expected calibration error over ten equal bins
    wrong: list[tuple[Utterance, Meaning]] = field(default_factory=list)


def measure(labelled: Sequence[Utterance], meanings: Sequence[Meaning]) -> Report:
    """Compares what was understood with what was meant."""
    report = Report(gates={"chat": [], "unclear": [], "unauthorized": [], "danger": []})
    names = sorted({u.intent for u in labelled})
    for name in names:
        hit = sum(u.intent == m.intent == name for u, m in zip(labelled, meanings, strict=True))
        said, meant = sum(m.intent == name for m in meanings), sum(u.intent == name for u in labelled)
        report.intents[name] = (hit / said if said else 0.0, hit / meant, 2 * hit / (said + meant), meant)
    report.macro_f1 = sum(f for _, _, f, _ in report.intents.values()) / len(names)
    report.wrong = [(u, m) for u, m in zip(labelled, meanings, strict=True) if u.intent != m.intent]
    _slots(report, labelled, meanings)
    for utterance, meaning in zip(labelled, meanings, strict=True):
        for gate in _broken(utterance, meaning):
            report.gates[gate].append(utterance.text)
    report.calibration = _calibration(labelled, meanings)
    return report


def _broken(utterance: Utterance, meaning: Meaning) -> list[str]:
    """The gates that this sentence breaks; each must stay at zero."""
    broken = []
    if utterance.intent == "chitchat" and meaning.intent in ACTS:
        broken.append("chat")
    if utterance.intent == "vote_unclear" and meaning.intent in ("vote", "change_vote"):
        broken.append("unclear")
    if utterance.slots.get("authorized") is False and meaning.intent.startswith("command_") and meaning.authorized:
        broken.append("unauthorized")
    if utterance.slots.get("urgency") == "critical" and not meaning.slots.get("hotline"):
        broken.append("danger")
    return broken


def _pairs(slots: dict[str, Any]) -> set[tuple[str, str]]:
    return {(key, _plain(value)) for key, value in slots.items() if not key.startswith("_")}


def _plain(value: Any) -> str:
    if isinstance(value, list):
        parts = [_plain(v) for v in value]
        return "|".join(parts if any(isinstance(v, list) for v in value) else sorted(parts))
    return str(value).replace(" ", "").replace("，", ",").strip("。.,").lower()


def _slots(report: Report, labelled: Sequence[Utterance], meanings: Sequence[Meaning]) -> None:
    """Pairs of slot and value, counted where the intent is right."""
    hit, said, meant = Counter[str](), Counter[str](), Counter[str]()
    for utterance, meaning in zip(labelled, meanings, strict=True):
        if utterance.intent != meaning.intent:
            continue
        want, have = _pairs(utterance.slots), _pairs(meaning.slots)
        hit.update(key for key, _ in want & have)
        said.update(key for key, _ in have)
        meant.update(key for key, _ in want)
    report.slots = {key: (2 * hit[key] / (said[key] + meant[key]), meant[key]) for key in sorted(said | meant)}
    report.slot_f1 = 2 * hit.total() / max(said.total() + meant.total(), 1)


def _calibration(labelled: Sequence[Utterance], meanings: Sequence[Meaning]) -> float:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for utterance, meaning in zip(labelled, meanings, strict=True):
        bins.setdefault(min(int(meaning.confidence * 10), 9), []).append((meaning.confidence, utterance.intent == meaning.intent))
    gaps = (len(b) * abs(sum(c for c, _ in b) / len(b) - sum(r for _, r in b) / len(b)) for b in bins.values())
    return sum(gaps) / max(len(labelled), 1)
