"""Honest exports of every kind are found right by the verifier, running alone."""

from pathlib import Path

import pytest

from tests.verify.elections import ELECTIONS, verify


@pytest.mark.parametrize("name", ELECTIONS)
def test_an_honest_export_is_right(name: str, tmp_path: Path) -> None:
    """Hashes, tree, log and count agree with the result worked out by hand."""
    code, said = verify(tmp_path, ELECTIONS[name].files())
    assert code == 0, said
    assert "这份导出前后一致" in said and "✗" not in said
