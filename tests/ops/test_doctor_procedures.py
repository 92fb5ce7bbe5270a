"""The doctor looks at a community's own procedures."""

from pathlib import Path

from ops.doctor import _procedures
from texts import procedures


def test_the_doctor_names_each_file_that_cannot_be_used(tmp_path: Path) -> None:
    """A good file is listed, a bad one is a finding with its place and what to write."""
    (tmp_path / "圆桌会.yaml").write_text("名称: 圆桌会\n环节:\n  - {名称: 谈, 居民可以: [发言], 怎么定: [结论]}\n", "utf-8")
    (tmp_path / "坏.yaml").write_text("名称: 坏\n环节:\n  - {名称: 谈, 时长: 很久, 怎么定: [结论]}\n", "utf-8")
    try:
        bad, good = _procedures(str(tmp_path))
        assert not bad.good and bad.text.startswith("坏.yaml 第 1 个环节（谈）：“时长”里的“很久”看不懂")
        assert good.good and "圆桌会" in good.text and "一般协商" in good.text
    finally:
        procedures.configure()
