"""A learned category model in use: TF-IDF of grams times one matrix, kept as plain arrays that hold no code."""

import json
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from learning.grams import grams, words

FORMAT = 1
Floats = npt.NDArray[np.float32]


class BrokenModel(Exception):
    """The file is no category model that this version can read."""


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model: its labels, its grams and what each of them says for each label."""

    labels: tuple[str, ...]
    places: dict[str, int]  # gram → row of weights
    idf: Floats  # (grams,)
    weights: Floats  # (grams, labels)
    bias: Floats  # (labels,)
    doubt: float = 0.0  # what is shared among all labels however clear a message seems: less, the more was learned from
    about: dict[str, Any] = field(default_factory=dict)  # how it was trained and how it did

    def predict(self, text: str) -> tuple[str, float]:
        """The likeliest label and how likely it is."""
        odds = self.odds(text)
        best = int(odds.argmax())
        return self.labels[best], float(odds[best])

    def ranked(self, text: str) -> list[tuple[str, float]]:
        """Every label with its probability, the likeliest first."""
        odds = self.odds(text)
        return [(self.labels[i], float(odds[i])) for i in np.argsort(-odds, kind="stable")]

    def odds(self, text: str) -> Floats:
        """The probability of each label."""
        counts = Counter(row for gram in grams(words(text)) if (row := self.places.get(gram)) is not None)
        rows = np.fromiter(counts, np.intp, len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[rows]
        scores = (values / max(float(np.linalg.norm(values)), 1e-9)) @ self.weights[rows] + self.bias
        odds: Floats = np.exp(scores - scores.max())
        return (1 - self.doubt) * odds / odds.sum() + self.doubt / len(self.labels)

    def save(self, path: Path) -> None:
        """Writes the model; the file appears whole or not at all."""
        head = {"format": FORMAT, "labels": self.labels, "grams": list(self.places), "doubt": self.doubt,
                "about": self.about}
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        with part.open("wb") as file:
            np.savez_compressed(file, head=np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), np.uint8),
                                idf=self.idf, weights=self.weights, bias=self.bias)
        part.replace(path)


def read(path: Path) -> Model:
    """Reads a model; nothing in the file is ever executed."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            head = json.loads(arrays["head"].tobytes())
            model = Model(tuple(head["labels"]), {gram: row for row, gram in enumerate(head["grams"])},
                          arrays["idf"], arrays["weights"], arrays["bias"], float(head["doubt"]), head["about"])
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise BrokenModel(str(path)) from error
    size, kinds = len(model.places), len(model.labels)
    shapes = (model.idf.shape, model.weights.shape, model.bias.shape)
    if head["format"] != FORMAT or kinds < 2 or shapes != ((size,), (size, kinds), (kinds,)):
        raise BrokenModel(str(path))
    return model
