"""Honest exports of every kind are found right by the verifier, running alone."""

from pathlib import Path

import pytest

import app
from domain.export import zipped
from tests.verify.elections import ELECTIONS, verify


@pytest.mark.parametrize("name", ELECTIONS)
def test_an_honest_export_is_right(name: str, tmp_path: Path) -> None:
    """Hashes, tree, log and count agree with the result worked out by hand."""
    code, said = verify(tmp_path, ELECTIONS[name].files())
    assert code == 0, said
    assert "这份导出前后一致" in said and "✗" not in said


def test_the_app_runs_the_same_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`python app.py verify` takes the same words and gives the same answers."""
    (tmp_path / "x.zip").write_bytes(zipped(ELECTIONS["stance"].files()))
    assert app.main(["verify", str(tmp_path / "x.zip")]) == 0
    assert "这份导出前后一致" in capsys.readouterr().out
    assert app.main(["verify", str(tmp_path / "x.zip"), "--root", "00" * 32]) == 1
    assert app.main(["verify", str(tmp_path / "none.zip")]) == 2
