"""Learns a category model from labelled messages, and how it does on messages it has not learned from.

Each message is learned twice, whole and as its title or first words, so that the model knows long letters and short chat alike.
A linear SVM and complement naive Bayes are added up; how much each counts, and how sure the sum may be, is fitted to what
they said about held-out messages, so that a confidence of 0.8 is right about eight times in ten.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from learning.folds import folds_of
from learning.grams import beginning, grams, words
from learning.labelled import Row
from learning.linear import Model

MOST_GRAMS = 150_000
_START = np.array([3.0, 0.5])  # what SVM and naive Bayes count for before anything is known
_PRIOR = 2.0  # how much evidence it takes to move away from that
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Heldout:
    """What the models of the folds said of the messages they had not seen: probabilities, whole and short."""

    labels: tuple[str, ...]
    truth: Ints
    whole: Floats  # (messages, labels)
    short: Floats
    shortened: int  # messages whose short form differs from the whole
    alike: int  # messages that were kept in one fold because they are nearly the same as another


@dataclass(frozen=True, slots=True)
class _Counted:
    """All messages as counts of grams, whole and short."""

    labels: tuple[str, ...]
    truth: Ints
    grams: list[str]
    whole: csr_matrix
    short: csr_matrix
    differs: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Halves:
    """One SVM and one naive Bayes, trained on the same messages."""

    idf: TfidfTransformer
    svm: Floats  # (grams, labels)
    bias: Floats
    bayes: Floats  # (grams, labels)

    def scores(self, counts: csr_matrix) -> Floats:
        """What both say of each message: (2, messages, labels)."""
        seen = self.idf.transform(counts)
        return np.stack([seen @ self.svm + self.bias, seen @ self.bayes])


def fit(rows: Sequence[Row], *, folds: int = 5) -> tuple[Model, Heldout]:
    """A model of all rows, and what models of the other folds said of each row."""
    counted = _count(rows)
    fold, alike = folds_of([row.text for row in rows], counted.truth.tolist(), folds)
    parts = np.array(fold)
    whole, short = (np.zeros((2, len(rows), len(counted.labels))) for _ in range(2))
    for part in range(folds):
        out = np.flatnonzero(parts == part)
        learned = np.flatnonzero(parts != part)
        if not len(out) or not len(learned):
            continue
        halves = _train(counted, learned)
        whole[:, out], short[:, out] = halves.scores(counted.whole[out]), halves.scores(counted.short[out])
    doubt = len(counted.labels) / (len(rows) + len(counted.labels))
    held = [np.empty_like(whole[0]) for _ in range(2)]
    for part in range(folds):  # the blend that judges a fold has not seen that fold either
        weights = _blend(counted, whole, short, parts != part)
        for kept, said in zip(held, (whole, short), strict=True):
            odds = _softmax(np.tensordot(weights, said[:, parts == part], 1))
            kept[parts == part] = (1 - doubt) * odds + doubt / len(counted.labels)
    heldout = Heldout(counted.labels, counted.truth, held[0], held[1], int(counted.differs.sum()), alike)
    return _model(counted, _blend(counted, whole, short, np.ones(len(rows), bool)), doubt), heldout


def _model(counted: _Counted, weights: Floats, doubt: float) -> Model:
    """The model of all messages, both halves added up into one matrix."""
    halves = _train(counted, np.arange(len(counted.truth)))
    matrix = weights[0] * halves.svm + weights[1] * halves.bayes
    return Model(counted.labels, {gram: row for row, gram in enumerate(counted.grams)}, halves.idf.idf_.astype(np.float32),
                 matrix.astype(np.float32), (weights[0] * halves.bias).astype(np.float32), doubt)


def _count(rows: Sequence[Row]) -> _Counted:
    said = [words(row.text) for row in rows]
    short = [words(row.title) if row.title else beginning(each) for row, each in zip(rows, said, strict=True)]
    rarest = 3 if len(rows) >= 2000 else 2 if len(rows) >= 200 else 1
    counter = CountVectorizer(analyzer=grams, min_df=rarest, max_features=MOST_GRAMS)
    whole = counter.fit_transform(said)
    labels = sorted({row.label for row in rows})
    return _Counted(tuple(labels), np.array([labels.index(row.label) for row in rows]), counter.get_feature_names_out().tolist(),
                    whole, counter.transform(short), np.array([a != b for a, b in zip(said, short, strict=True)]))


def _train(counted: _Counted, learned: Ints) -> _Halves:
    """Both halves, on these messages; a label that none of them has gets no say."""
    also = learned[counted.differs[learned]]
    idf = TfidfTransformer(sublinear_tf=True).fit(counted.whole[learned])
    seen = idf.transform(vstack([counted.whole[learned], counted.short[also]]).tocsr())
    truth = np.concatenate([counted.truth[learned], counted.truth[also]])
    present = np.unique(truth)
    size, kinds = counted.whole.shape[1], len(counted.labels)
    svm, bayes, bias = np.zeros((size, kinds)), np.zeros((size, kinds)), np.full(kinds, -1.0)
    if len(present) < 2:
        bias[present] = 1.0
        return _Halves(idf, svm, bias, bayes)
    line = LinearSVC(C=1.0, class_weight="balanced", random_state=0).fit(seen, truth)
    two = len(present) == 2
    svm[:, present] = np.vstack([-line.coef_, line.coef_]).T if two else line.coef_.T
    bias[present] = np.concatenate([-line.intercept_, line.intercept_]) if two else line.intercept_
    chances = ComplementNB(alpha=0.1).fit(seen, truth).feature_log_prob_
    bayes[:, present] = (chances - chances.mean(axis=0)).T
    return _Halves(idf, svm, bias, bayes)


def _blend(counted: _Counted, whole: Floats, short: Floats, use: npt.NDArray[np.bool_]) -> Floats:
    """What each half counts for, so that the truth of these held-out messages is as likely as can be."""
    also = use & counted.differs
    said = np.concatenate([whole[:, use], short[:, also]], axis=1)
    truth = np.concatenate([counted.truth[use], counted.truth[also]])

    def surprise(moved: Floats) -> float:
        chances = _softmax(np.tensordot(_START * np.exp(moved), said, 1))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chances, 1e-12)).sum() + _PRIOR * (moved @ moved))

    found = minimize(surprise, np.zeros(2), method="Nelder-Mead",
        bounds=[(-3, 3)] * 2, options={"maxiter": 80, "xatol": 0.02})
    return _START * np.exp(found.x)


def _softmax(scores: Floats) -> Floats:
    odds: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)
