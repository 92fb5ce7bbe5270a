"""A small history is learned, measured, kept and asked again."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from history import LONG, TOLD, rows

from learning import category
from learning.fit import fit
from learning.folds import alike, folds_of
from learning.grams import SHORT, beginning, words
from learning.labelled import Row
from learning.linear import BrokenModel
from learning.report import lines, measure


def test_what_was_learned_is_kept_and_answers_in_well_under_five_milliseconds(tmp_path: Path) -> None:
    model, _ = fit(rows())
    path = category.place(tmp_path, "cuiyuan")
    model.save(path)
    again = category.load(path)
    assert again is category.load(path)  # read once
    for said, label in (("5幢电梯坏了三天", "电梯"), ("有人乱停车占车位", "停车"), ("垃圾没人清很臭", "卫生")):
        found, sure = again.predict(said)
        assert (found, sure) == model.predict(said) and found == label and 1 / 3 < sure < 1
    odds = dict(again.ranked("电梯里很脏"))
    assert set(odds) == set(TOLD) and sum(odds.values()) == pytest.approx(1, abs=1e-5)


def test_a_message_of_unknown_words_has_no_confident_label() -> None:
    model, _ = fit(rows())
    for said in ("", "xyzzy", "🙂", "？？？"):
        assert model.predict(said)[1] < 0.7


def test_a_retrained_model_takes_the_old_ones_place(tmp_path: Path) -> None:
    path = category.place(tmp_path)
    fit(rows())[0].save(path)
    first = category.load(path)
    fit([row for row in rows() if row.label != "卫生"])[0].save(path)
    assert len(first.labels) == 3 and len(category.load(path).labels) == 2


def test_a_community_is_asked_before_the_city(tmp_path: Path) -> None:
    assert category.newest(tmp_path, "cuiyuan") is None
    for code in (category.CITY, "cuiyuan"):
        category.place(tmp_path, code).parent.mkdir(exist_ok=True)
        category.place(tmp_path, code).touch()
    assert category.newest(tmp_path, "cuiyuan") == category.place(tmp_path, "cuiyuan")
    assert category.newest(tmp_path, "other") == category.place(tmp_path)
    with pytest.raises(ValueError):
        category.place(tmp_path, "../etc")


def test_a_file_that_is_no_model_is_refused_and_never_executed(tmp_path: Path) -> None:
    torn = tmp_path / "torn.npz"
    fit(rows())[0].save(torn)
    torn.write_bytes(torn.read_bytes()[:2000])
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, head=np.array([{"labels": ["a",
        "b"]}], dtype=object), idf=np.ones(1), weights=np.ones((1, 2)), bias=np.ones(2))
    other = tmp_path / "other.npz"
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("readme.txt", "nothing")
    words_only = tmp_path / "words.npz"
    words_only.write_text("not a model")
    for path in (torn, pickled, other, words_only):
        with pytest.raises(BrokenModel):
            category.load(path)


def test_importing_and_asking_loads_no_scikit_learn(tmp_path: Path) -> None:
    path = category.place(tmp_path)
    fit(rows())[0].save(path)
    code = ("import sys; from learning import category; before = 'numpy' in sys.modules; from pathlib import Path; "
            f"category.load(Path({str(path)!r})).predict('电梯坏了'); print(before, 'sklearn' in sys.modules, 'scipy' in sys.modules)")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False", "False"]


def test_the_report_says_how_it_did(tmp_path: Path) -> None:
    _, held = fit(rows(), folds=4)
    whole = measure(held.labels, held.truth, held.whole)
    assert whole.confusion.sum() == len(held.truth) == 96
    assert [s.count for s in whole.scores] == [32, 32, 32] and whole.macro_f1 > 0.5
    told = "\n".join(lines(held, 4))
    assert all(word in told for word in ("宏平均 F1", "混淆表", "查准率", "把握", "电梯", "只看标题"))


def test_measures_are_what_they_are_elsewhere() -> None:
    from sklearn.metrics import f1_score, precision_score, recall_score
    rng = np.random.default_rng(1)
    truth, odds = rng.integers(0, 4, 200), rng.random((200, 4))
    found, said = measure("abcd", truth, odds), odds.argmax(axis=1)
    assert found.macro_f1 == pytest.approx(f1_score(truth, said, average="macro"))
    assert [s.precision for s in found.scores] == pytest.approx(precision_score(truth, said, average=None).tolist())
    assert [s.recall for s in found.scores] == pytest.approx(recall_score(truth, said, average=None).tolist())


def test_many_labels_are_told_as_pairs() -> None:
    truth = np.arange(12)
    odds = np.roll(np.eye(12), 1, axis=1)
    from learning.fit import Heldout
    told = lines(Heldout(tuple(f"很长很长很长的类别名称{n}" for n in range(12)), truth, odds, odds, 0, 0), 5)
    assert any("最常混淆" in line for line in told) and any("→" in line for line in told)


def test_near_doubles_stay_together_and_labels_are_spread() -> None:
    texts = [row.text for row in rows(1)] + [f"{rows(1)[0].text}！！", f"反映：{rows(1)[12].text}，谢谢"]
    groups = alike(texts)
    assert groups[-2] == groups[0] and groups[-1] == groups[12] and groups[0] != groups[1]
    labels = [i // 8 for i in range(24)] + [0, 1]
    fold, doubles = folds_of(texts, labels, 4)
    assert fold[-2] == fold[0] and fold[-1] == fold[12] and doubles == 4
    for label in range(3):
        spread = [sum(f == part for f, mine in zip(fold, labels, strict=True) if mine == label) for part in range(4)]
        assert max(spread) - min(spread) <= 2


@pytest.mark.parametrize("history", [
    [Row("电梯坏了", "a"), Row("车位被占", "b"), Row("电梯停了", "a"), Row("乱停车", "b")],
    [Row("一样的话", "a"), Row("一样的话", "b")] * 3,
    [Row("1", "a"), Row("2", "a"), Row("3", "b"), Row("4", "b"), Row("5", "c"), Row("6", "c")],
])
def test_the_smallest_histories_are_learned_without_a_stumble(history: list[Row]) -> None:
    model, held = fit(history)
    assert model.predict("电梯")[0] in model.labels and np.allclose(held.whole.sum(axis=1), 1)


def test_words_and_beginnings() -> None:
    assert words("电梯 坏 没人 修") == ["电梯", "坏", "没人", "修"]  # cut already
    assert "电梯" in words("我们 3幢 的电梯坏了没人来修理真是急死人") and " " not in words("电梯 坏了")
    said = words("电梯停了一周没人修" + "".join(LONG))
    assert SHORT <= len("".join(beginning(said))) <= SHORT + 6 and beginning(words("电梯坏了")) == words("电梯坏了")


@pytest.mark.parametrize("pump", ["中", "一 ", "a", "电梯", "!", "\n", "🙂", "1"])
def test_long_repeated_text_is_judged(pump: str) -> None:
    model, _ = fit(rows(1))
    assert 0 < model.predict(pump * 100_000)[1] <= 1
