"""`app.py understand` and `app.py measure`: lines in, lines out, and a verdict."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

import app
from understanding import corpus


def run(lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    """What the tool answers to these lines, and its exit code."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO("\n".join(lines).encode("utf-8", "surrogatepass"))))
    code = app.main(["understand"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_sentence_gets_one_line_in_order(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Intent, slots, confidence and why."""
    said = [{"text": "六幢三零二漏水了没人管"}, {"text": "哈哈哈", "context": {}}, {"text": "结束P5",
        "context": {"role": "grid_worker"}}]
    code, found = run([json.dumps(s, ensure_ascii=False) for s in said], monkeypatch, capsys)
    assert code == 0 and [f["intent"] for f in found] == ["register_issue", "chitchat", "command_close"]
    assert found[0]["slots"]["location"] == "6幢302" and 0 <= found[1]["confidence"] <= 1 and found[2]["why"]


def test_a_line_that_is_no_sentence_says_so_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Broken JSON, no text, a list, half a surrogate pair."""
    code, found = run(['{"text": ', '{"context": {}}', "[]", '{"text": "\\ud83d 你好", "context": {"chat": "private"}}'],
                      monkeypatch, capsys)
    assert code == 1 and ["error" in f for f in found] == [True, True, True, False]
    assert found[3]["intent"] == "greet"


@pytest.mark.parametrize("text", [
    "哈" * 100_000, "😀👨‍👩‍👧" * 2_500, "发起投票 题目 选项 " + " ".join(f"选项{i}" for i in range(1_000)) + " 截止明晚8点",
    "同意" * 40_000,
    "如果" * 40_000, "\n1. a b" * 20_000, "#接龙\n" + "\n".join(f"{i}. 张{i} A" for i in range(5_000)), "- " * 50_000, "「" * 50_000, "把不改" * 30_000])
def test_floods_get_an_answer(text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing in the reading is worse than linear, so these come back at once instead of never."""
    polls = [{"id": "P5", "title": "x", "kind": "multi", "max": 9, "options": [f"{i} 选项{i}" for i in range(1, 1_001)]}]
    code, found = run([json.dumps({"text": text, "context": {"at_bot": True, "open_polls": polls}})], monkeypatch, capsys)
    assert code == 0 and "intent" in found[0]


def test_the_measures_are_printed_by_one_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On sentences that were never trained on; a broken gate is an exit code."""
    few = [u for u in corpus.heldout() if u.intent in ("chitchat", "vote_unclear")][:20]
    monkeypatch.setattr(corpus, "heldout", lambda: few)
    code = app.main(["measure"])
    printed = capsys.readouterr().out
    assert "意图宏平均 F1" in printed and "四道闸" in printed and code in (0, 1)
