"""How a category model does on held-out messages: F1 per label, confusion table, and whether its confidence can be believed."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from learning.fit import Heldout
from learning.grams import SHORT

_WIDEST = 9  # labels in one confusion table; more are listed as pairs
_NAME = 18  # columns a label may take

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """How one label does."""

    label: str
    count: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Measure:
    """How all labels do on one form of the messages."""

    scores: tuple[Score, ...]
    confusion: Ints  # (truth, said)
    confidence_error: float  # expected calibration error

    @property
    def macro_f1(self) -> float:
        """The mean over the labels, each counting the same."""
        return float(np.mean([score.f1 for score in self.scores]))

    @property
    def accuracy(self) -> float:
        """The share of messages that got their label."""
        return float(np.trace(self.confusion) / self.confusion.sum())


def measure(labels: Sequence[str], truth: Ints, odds: Floats) -> Measure:
    """Compares the likeliest label of each message with its true one."""
    said = odds.argmax(axis=1)
    table = np.zeros((len(labels), len(labels)), np.intp)
    np.add.at(table, (truth, said), 1)
    right, told, there = np.diag(table), table.sum(axis=0), table.sum(axis=1)
    scores = tuple(Score(label, int(there[i]), float(right[i] / max(told[i], 1)), float(right[i] / max(there[i], 1)))
                   for i, label in enumerate(labels))
    return Measure(scores, table, _confidence_error(odds.max(axis=1), said == truth))


def lines(held: Heldout, folds: int) -> list[str]:
    """The report, as an admin reads it."""
    whole, short = measure(held.labels, held.truth, held.whole), measure(held.labels, held.truth, held.short)
    found = [f"交叉验证：分成 {folds} 份，轮流用其余各份学、拿这一份考，下面都是考的成绩。", f"  整条留言    {_line(whole)}"]
    if held.shortened:
        found.append(f"  只看标题    {_line(short)}（没有标题的取开头约 {SHORT} 个字，相当于群里的一句话）")
    if held.alike:
        found.append(f"  有 {held.alike} 条与别的留言几乎相同，已放在同一份里，不会一边学一边考同一件事。")
    return [*found, "", *_table(whole, short), "", *_confusions(whole), "", *_sure(held)]


def _line(found: Measure) -> str:
    return f"宏平均 F1 {found.macro_f1:.3f}  准确率 {found.accuracy:.3f}  把握的平均误差 {found.confidence_error:.3f}"


def _table(whole: Measure, short: Measure) -> list[str]:
    width = max(_width(_cut(s.label)) for s in whole.scores) + 2
    head = _pad("类别", width) + "".join(_pad(name, 9, right=True) for name in ("条数", "查准率", "查全率", "F1", "标题 F1"))
    rows = [_pad(_cut(s.label), width) + f"{s.count:>9}{s.precision:>9.3f}{s.recall:>9.3f}{s.f1:>9.3f}{t.f1:>9.3f}"
            for s, t in zip(whole.scores, short.scores, strict=True)]
    return [head, *rows]


def _confusions(found: Measure) -> list[str]:
    """The whole table when it fits a screen, else the pairs that are mixed up most."""
    labels, table = [s.label for s in found.scores], found.confusion
    if len(labels) <= _WIDEST:
        width = max(_width(_cut(label)) for label in labels) + 2
        head = _pad("", width) + "".join(_pad(_cut(label), width, right=True) for label in labels)
        rows = ["".join(f"{n:>{width}}" for n in row) for row in table]
        return ["混淆表（行是本来的类别，列是判成的类别，整条留言）：", head,
                *(_pad(_cut(label), width) + row for label, row in zip(labels, rows, strict=True))]
    wrong = sorted(((int(n), i, j) for (i, j), n in np.ndenumerate(table) if i != j and n), reverse=True)
    return ["最常混淆的类别（本来 → 判成，整条留言）：", *(f"  {labels[i]} → {labels[j]}：{n} 条" for n, i, j in wrong[:20])]


def _sure(held: Heldout) -> list[str]:
    """What a threshold on the confidence would let through."""
    found = ["把握有多可信（整条留言）："]
    sure, right = held.whole.max(axis=1), held.whole.argmax(axis=1) == held.truth
    for least in (0.5, 0.7, 0.9):
        passed = sure >= least
        if passed.any():
            found.append(f"  把握不低于 {least:.1f} 的占 {passed.mean():.0%}，其中判对 {right[passed].mean():.1%}")
    return found


def _confidence_error(sure: Floats, right: npt.NDArray[np.bool_]) -> float:
    """How far confidence is from truth, over ten bands of confidence."""
    band = np.minimum((sure * 10).astype(int), 9)
    return float(sum(abs(sure[band == b].mean() - right[band == b].mean()) * (band == b).mean() for b in np.unique(band)))


def _cut(label: str) -> str:
    while _width(label) > _NAME:
        label = label[:-2] + "…"
    return label


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int, *, right: bool = False) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank
