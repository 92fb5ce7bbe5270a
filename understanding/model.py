"""The trained part of the understanding: one classifier for the intent, and small ones for the facts that words colour.

Everything is learned from understanding/utterances and from what staff corrected; rules stand in reader.py.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from understanding import corpus, linear
from understanding.corpus import Utterance
from understanding.facets import ANY, FACETS, example
from understanding.features import Heard
from understanding.linear import Linear

FOLDS = 4
TALK = 1.3  # the weight of idle talk
TUNED: dict[str, tuple[float, float]] = {  # strength, and the weight of marks, by how well sentences that were not learned come out
    "category": (1.0, 0.2), "other": (0.6, 0.5)}
RULED, UNRULED = -0.45, -0.5  # how far "no danger" may lead, when a rule saw danger and when none did
NONE = "-"  # the facet is not said


@dataclass(frozen=True)
class Model:
    """The intent classifier and the facets, by `intent.facet`."""

    intent: Linear
    facets: dict[str, Linear]

    def judge(self, intent: str, heard: Heard, facet: str) -> str | None:
        """The value of a facet of this sentence; None when it is not said."""
        found = self.facets.get(f"{intent}.{facet}")
        if found is None:
            return None
        value, _ = found.predict(example(heard, facet))[0]
        return None if value == NONE else value

    def danger(self, heard: Heard) -> str | None:
        """The number to call at once: the rules and the learned judge look at it together, and a hint from both is enough."""
        judge = self.facets[f"{ANY}.danger"]
        scores = dict(zip(judge.classes, judge.scores(example(heard, "danger")), strict=True))
        likeliest = max((name for name in scores if name != NONE), key=lambda name: scores[name])
        lead = scores[likeliest] - scores[NONE]
        if lead < (RULED if heard.danger is not None else UNRULED):
            return None
        return heard.danger.hotline if heard.danger is not None else likeliest

    def save(self, folder: Path) -> None:
        """Writes one file per classifier; the intent last, so that a folder that has it is whole."""
        for name, each in self.facets.items():
            each.save(folder / f"{name.replace(':', '_')}.npz")
        (folder / "facets.json").write_text(json.dumps(sorted(self.facets)), "utf-8")
        self.intent.save(folder / "intent.npz")

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """Reads what was saved."""
        names = json.loads((folder / "facets.json").read_text("utf-8"))
        return cls(Linear.load(folder / "intent.npz"),
                   {name: Linear.load(folder / f"{name.replace(':', '_')}.npz") for name in names})


class _Prepared:
    """An utterance with its sentence made ready once."""

    def __init__(self, utterance: Utterance):
        self.utterance = utterance
        self.heard = Heard(utterance.text, utterance.context)

    @cached_property
    def example(self) -> linear.Example:
        return self.heard.example


def train(utterances: Sequence[Utterance], *, folds: int = FOLDS) -> Model:
    """Fits everything; the temperature of the intent comes from sentences that the fit has not seen."""
    ready = [_Prepared(u) for u in utterances]
    moved = [_Prepared(u) for u in corpus.elsewhere(utterances)]
    intent = _fit([*ready, *moved], counted=len(ready))
    if folds > 1:
        held, fitted = folded(ready, folds)  # without the moved ones, whose twins would be in another fold
        scored = [(fitted[fold].scores(each.example), fitted[fold].classes.index(each.utterance.intent)) for fold, each in held
                  if each.utterance.intent in fitted[fold].classes]
        intent = replace(intent, temperature=linear.temperature(scored))
    return Model(intent, facets(ready))


def folded(ready: Sequence[_Prepared], folds: int) -> tuple[list[tuple[int, _Prepared]], list[Linear]]:
    """Each sentence with the number of the fold whose classifier has not seen it."""
    order = sorted(range(len(ready)), key=lambda i: hashlib.sha256(ready[i].utterance.text.encode()).digest())
    by_fold = [order[k::folds] for k in range(folds)]
    fitted = [_fit([ready[i] for j, part in enumerate(by_fold) if j != k for i in part]) for k in range(folds)]
    return [(k, ready[i]) for k, part in enumerate(by_fold) for i in part], fitted


def facets(ready: Sequence[_Prepared]) -> dict[str, Linear]:
    """The small classifiers, each from the sentences of its intent."""
    found = {}
    for intent, names in FACETS.items():
        mine = [r for r in ready if intent in (ANY, r.utterance.intent)]
        for name in names:
            labels = [_label(r.utterance, name) for r in mine]
            if len(set(labels)) > 1:
                strength, marks = TUNED.get(name, TUNED["other"])
                examples = [example(r.heard, name) for r in mine]
                found[f"{intent}.{name}"] = linear.train(examples, labels, strength=strength, mark_weight=marks)
    return found


def _label(utterance: Utterance, facet: str) -> str:
    kind, _, risk = facet.partition(":")
    if risk:
        return "yes" if risk in (utterance.slots.get("risk") or ()) else "no"
    if facet == "danger":
        return str(utterance.slots.get("hotline")) if utterance.slots.get("urgency") == "critical" else NONE
    value = utterance.slots.get(kind)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value else NONE


def _fit(ready: Sequence[_Prepared], *, counted: int | None = None) -> Linear:
    """Talk counts more than the rest: to take it for something else is the worse mistake."""
    labels = [r.utterance.intent for r in ready]
    weights = [TALK if y == "chitchat" else 1.0 for y in labels]
    return linear.train([r.example for r in ready], labels, weights=weights, counted=counted)


def fingerprint() -> str:
    """What the shipped sentences and all that reads them are now; another fingerprint needs another training."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def sources() -> Iterator[Path]:
    """The files that a trained model depends on."""
    here, texts = Path(__file__).parent, Path(__file__).parents[1] / "texts"
    yield from sorted(corpus.FOLDER.glob("train_*.jsonl"))
    yield from (p for p in sorted(here.iterdir()) if p.suffix in (".py", ".yaml") and p.stem not in _UNLEARNED)
    yield from (texts / name for name in ("ballots.py", "categories.yaml", "choices.py", "complaints.py", "normal.py",
        "places.py"))


_UNLEARNED = {"measure", "trained", "reader", "slots", "staff_slots", "targets", "meaning",
    "intents"}  # they only use what was learned
