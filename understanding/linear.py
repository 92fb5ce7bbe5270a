"""A linear classifier over tokens: trained with scikit-learn, applied with NumPy alone, kept as arrays that hold no code.

An example is grams with how often each stands there, weighted by TF-IDF and brought to unit length, and marks, which are
there or not.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Example = tuple[Mapping[str, int], Sequence[str]]  # grams with their counts, marks
Floats = npt.NDArray[np.float32]
MARK_WEIGHT = 0.4  # what one mark weighs beside the unit length of all grams, unless a model says otherwise
STRENGTH = 0.6  # inverse of regularisation (C)
RAREST = 2  # a gram must stand in so many examples


@dataclass(frozen=True, slots=True)
class Linear:
    """A trained model."""

    classes: tuple[str, ...]
    grams: dict[str, int]  # row in weights
    marks: dict[str, int]
    idf: Floats  # (grams,)
    weights: Floats  # (grams + marks, classes)
    bias: Floats  # (classes,)
    mark_weight: float = MARK_WEIGHT
    temperature: float = 1.0  # divides the scores, so that confidences are honest

    def scores(self, example: Example) -> Floats:
        """One number per class, the higher the likelier."""
        counts = {i: n for g, n in example[0].items() if (i := self.grams.get(g)) is not None}
        rows = np.fromiter(counts, np.intp, len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[rows]
        values = values / max(float(np.linalg.norm(values)), 1e-9)
        marked = [i for m in set(example[1]) if (i := self.marks.get(m)) is not None]
        found: Floats = values @ self.weights[rows] + self.mark_weight * self.weights[marked].sum(axis=0) + self.bias
        return found

    def predict(self, example: Example, allowed: frozenset[str] | None = None) -> list[tuple[str, float]]:
        """The classes with their probabilities, the likeliest first; only allowed ones, if given."""
        scores = self.scores(example) / self.temperature
        if allowed is not None:
            scores = np.where([c in allowed for c in self.classes], scores, -np.inf)
        odds = np.exp(scores - scores.max())
        odds = odds / odds.sum()
        order = np.argsort(-odds, kind="stable")
        return [(self.classes[i], float(odds[i])) for i in order]

    def save(self, path: Path) -> None:
        """Writes the model; appears whole or not at all."""
        names = json.dumps({"classes": self.classes, "grams": list(self.grams), "marks": list(self.marks)}, ensure_ascii=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, names=np.frombuffer(names.encode(), np.uint8), idf=self.idf.astype(np.float16),
                            weights=self.weights.astype(np.float16),
                            bias=self.bias, numbers=np.array([self.mark_weight, self.temperature], np.float32))
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Linear":
        """Reads a model back; nothing in the file is run."""
        with np.load(path, allow_pickle=False) as kept:
            names = json.loads(kept["names"].tobytes())
            return cls(tuple(names["classes"]), {g: i for i, g in enumerate(names["grams"])},
                       {m: i + len(names["grams"]) for i, m in enumerate(names["marks"])},
                       kept["idf"].astype(np.float32), kept["weights"].astype(np.float32), kept["bias"],
                       *map(float, kept["numbers"]))


def train(examples: Sequence[Example], labels: Sequence[str], *, weights: Sequence[float] | None = None,
          strength: float = STRENGTH, mark_weight: float = MARK_WEIGHT, counted: int | None = None) -> Linear:
    """Fits a linear support vector machine, one class against the rest; classes are balanced by the square root of their rarity.

    Only the first `counted` examples decide which grams there are and how rare: the rest repeat their words.
    """
    from scipy.sparse import csr_matrix
    from sklearn.svm import LinearSVC

    known = examples[:counted]
    seen = Counter(g for grams, _ in known for g in grams)
    grams = {g: i for i, g in enumerate(sorted(g for g, n in seen.items() if n >= RAREST))}
    marks = {m: i + len(grams) for i, m in enumerate(sorted({m for _, ms in examples for m in ms}))}
    idf = np.log((1 + len(known)) / (1 + np.array([seen[g] for g in grams], np.float32))).astype(np.float32) + 1
    rows, columns, values = [], [], []
    for row, (said, marked) in enumerate(examples):
        counts = {grams[g]: n for g, n in said.items() if g in grams}
        weighted = {i: (1 + np.log(n)) * idf[i] for i, n in counts.items()}
        length = max(float(np.sqrt(sum(v * v for v in weighted.values()))), 1e-9)
        entries = [(i, v / length) for i, v in weighted.items()] + [(marks[m], mark_weight) for m in set(marked)]
        rows += [row] * len(entries)
        columns += [i for i, _ in entries]
        values += [v for _, v in entries]
    matrix = csr_matrix((np.array(values, np.float32), (rows, columns)), shape=(len(examples), len(grams) + len(marks)))
    sizes = Counter(labels)
    mean = len(labels) / len(sizes)
    balance = [(mean / sizes[y]) ** 0.5 * (weights[i] if weights is not None else 1.0) for i, y in enumerate(labels)]
    fitted = LinearSVC(C=strength, random_state=0).fit(matrix, labels, sample_weight=balance)
    coefficients, bias = fitted.coef_.T, fitted.intercept_
    if len(fitted.classes_) == 2:  # scikit-learn keeps one column for two classes
        coefficients, bias = np.hstack([-coefficients, coefficients]) / 2, np.array([-bias[0], bias[0]]) / 2
    return Linear(tuple(fitted.classes_), grams, marks, idf, coefficients.astype(np.float32), bias.astype(np.float32), mark_weight)


def temperature(scored: Sequence[tuple[Floats, int]]) -> float:
    """The divisor of the scores at which the true classes (by index) of unseen examples are likeliest (Guo et al. 2017)."""
    most = max(len(scores) for scores, _ in scored)
    matrix = np.full((len(scored), most), -np.inf)
    for row, (scores, _) in enumerate(scored):
        matrix[row, : len(scores)] = scores
    truth = np.array([index for _, index in scored])

    def loss(divisor: float) -> float:
        z = matrix / divisor
        z = z - z.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(truth)), truth]))

    return min((0.1 * 1.06 ** k for k in range(50)), key=loss)
