"""The category model on the public complaint set, cross-validated: `python -m bench.category`.

The set has no licence: it is read where it lies, and nothing trained on it is kept. Titles of the segmented file are not
marked off; its messages begin with them, so their first words stand for a title. The true titles of the messages that
could be recovered in the raw are asked of models that learned from the other folds' segmented messages.
"""

import csv
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from learning.fit import fit
from learning.folds import folds_of
from learning.labelled import LONGEST, Row, read
from learning.report import Measure, measure
from texts.same import segmenter

DATA = Path("../shared/data/tipdm2020c").resolve()
SEGMENTED, RAW = DATA / "annex2_segmented.csv", DATA / "annex2_raw_labelled.csv"
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """What a set of messages came to."""

    whole: Measure
    short: Measure
    seconds: float  # cross-validation and the final model together
    pace: float  # milliseconds to judge a message


def measured(rows: list[Row], folds: int = FOLDS) -> Result:
    """Trains and cross-validates as `python app.py train` does."""
    begun = time.monotonic()
    model, held = fit(rows, folds=folds)
    spent = time.monotonic() - begun
    texts = [row.text for row in rows[:: max(1, len(rows) // 300)]]
    begun = time.perf_counter()
    for text in texts:
        model.predict(text)
    pace = (time.perf_counter() - begun) * 1e3 / len(texts)
    return Result(measure(held.labels, held.truth, held.whole), measure(held.labels, held.truth, held.short), spent, pace)


def true_titles() -> tuple[float, int]:
    """Macro-F1 on the true titles, each asked of a model that has not seen its message, and how many there are."""
    with RAW.open(encoding="utf-8-sig", newline="") as file:
        titles = {row["seg_row"]: row["title"] for row in csv.DictReader(file) if row["seg_row"]}
    csv.field_size_limit(LONGEST)
    with SEGMENTED.open(encoding="utf-8-sig", newline="") as file:
        lines = [row for row in csv.DictReader(file) if row["tokens"].strip()]
    rows = [Row(line["tokens"], line["label"]) for line in lines]
    labels = sorted({row.label for row in rows})
    fold, _ = folds_of([row.text for row in rows], [labels.index(row.label) for row in rows], FOLDS)
    truth, said = [], []
    for part in range(FOLDS):
        model, _ = fit([row for row, at in zip(rows, fold, strict=True) if at != part], folds=3)
        for line, at in zip(lines, fold, strict=True):
            if at == part and line["row"] in titles:
                truth.append(line["label"])
                said.append(model.predict(titles[line["row"]])[0])
    return float(f1_score(truth, said, average="macro")), len(truth)


def plain_floor(texts: list[str], labels: list[str]) -> float:
    """What TF-IDF of words and a linear SVM come to, on folds that do not keep near-doubles together."""
    truth, said = np.array(labels), np.empty(len(labels), object)
    for learned, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(texts, truth):
        pipe = make_pipeline(TfidfVectorizer(token_pattern=r"\S+"), LinearSVC()).fit([texts[i] for i in learned], truth[learned])
        said[asked] = pipe.predict([texts[i] for i in asked])
    return float(f1_score(truth, said.tolist(), average="macro"))


def main() -> None:
    """Prints one row per way of asking."""
    sets = {"segmented, 6,429 whole messages": read(SEGMENTED).rows, "raw, title and text": read(RAW).rows,
            "raw, titles only": read(RAW, text_column="title").rows}
    print("| learned from | rows | macro-F1 whole | macro-F1 short (title or first words) | plain TF-IDF + SVM, whole | confidence off by | s | ms a message |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, rows in sets.items():
        got = measured(rows)
        texts = [row.text if name.startswith("seg") else " ".join(segmenter().lcut(row.text)) for row in rows]
        floor = plain_floor(texts, [row.label for row in rows])
        print(f"| {name} | {len(rows)} | {got.whole.macro_f1:.3f} | {got.short.macro_f1:.3f} | {floor:.3f} "
              f"| {got.whole.confidence_error:.3f} | {got.seconds:.0f} | {got.pace:.1f} |", flush=True)
    score, count = true_titles()
    print(f"\nTrue titles of {count} messages, asked of models that learned from other segmented messages: macro-F1 {score:.3f}")


if __name__ == "__main__":
    main()
