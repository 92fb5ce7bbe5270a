"""The classifier without scikit-learn says what scikit-learn's would, comes back from its file, and needs no code to load."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from understanding import linear
from understanding.linear import Example, Linear

EXAMPLES: list[Example] = [(Counter(text), [mark]) for text, mark in (
    ("电梯坏了", "a"), ("电梯停了", "a"), ("电梯又坏", "a"), ("天气好", "b"), ("天气真好", "b"), ("好天气", "b"), ("同意",
        "c"), ("我同意", "c"), ("同意了", "c"))]
LABELS = ["issue"] * 3 + ["chat"] * 3 + ["vote"] * 3


@pytest.fixture(scope="module")
def model() -> Linear:
    """Three kinds of sentences."""
    return linear.train(EXAMPLES, LABELS)


def test_what_was_learned_is_known(model: Linear) -> None:
    """Each example is judged as it was labelled, with probabilities that sum to one."""
    for example, label in zip(EXAMPLES, LABELS, strict=True):
        judged = model.predict(example)
        assert judged[0][0] == label and sum(p for _, p in judged) == pytest.approx(1, abs=1e-4)


def test_only_what_is_possible_is_judged(model: Linear) -> None:
    """An intent the situation forbids has no probability."""
    assert dict(model.predict(EXAMPLES[0], frozenset({"chat", "vote"})))["issue"] == 0


def test_saved_and_loaded_it_says_the_same(model: Linear, tmp_path: Path) -> None:
    """Up to the half precision of the file."""
    model.save(tmp_path / "m.npz")
    again = Linear.load(tmp_path / "m.npz")
    for example in EXAMPLES:
        assert np.allclose(model.scores(example), again.scores(example), atol=0.01)


def test_a_lower_temperature_is_found_for_margins_that_are_always_right(model: Linear) -> None:
    """Confidence follows how often the unseen were right."""
    right = [(model.scores(e), model.classes.index(y)) for e, y in zip(EXAMPLES, LABELS, strict=True)]
    wrong = [(scores, (index + 1) % 3) for scores, index in right]
    assert linear.temperature(right) < linear.temperature(wrong)


def test_two_classes_too() -> None:
    """scikit-learn keeps one column then."""
    model = linear.train(EXAMPLES[:6], LABELS[:6])
    assert [model.predict(e)[0][0] for e in EXAMPLES[:6]] == LABELS[:6]
