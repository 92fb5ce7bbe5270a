"""Tables as they come out of offices are read; what is wrong with them is said in one sentence."""

from pathlib import Path

import pytest

from learning.labelled import BadTable, Row, read

TWO = "电梯坏了,设施\n路灯不亮,设施\n垃圾没清,卫生\n楼道很脏,卫生\n"


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "labelled.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, separator: str) -> None:
    found = read(table(tmp_path, ("text,label\n" + TWO).replace(",", separator), encoding))
    assert len(found.rows) == 4 and found.rows[0] == Row("电梯坏了", "设施") and found.columns == ("label", "text")


@pytest.mark.parametrize(("head", "columns"), [
    ("text,label", ("label", "text")), ("Text,Label", ("Label", "Text")), ("内容,类别", ("类别",
        "内容")), ("留言主题,一级标签", ("一级标签", "留言主题")),
    ("tokens,label", ("label", "tokens")), ("标题,分类", ("分类", "标题")), (" 留言详情 , 一级标签 ", ("一级标签",
        "留言详情"))])
def test_usual_names_of_columns(tmp_path: Path, head: str, columns: tuple[str, ...]) -> None:
    assert read(table(tmp_path, f"{head}\n{TWO}")).columns == columns


def test_title_and_text_are_one_message_whose_title_is_known(tmp_path: Path) -> None:
    found = read(table(tmp_path, "msg_id,title,detail,label\n1,电梯坏了,已经三天,设施\n2,路灯,,设施\n3,,很臭,卫生\n4,脏,很脏,卫生\n"))
    assert found.rows == [Row("电梯坏了\n已经三天", "设施", "电梯坏了"), Row("路灯", "设施"), Row("很臭",
        "卫生"), Row("脏\n很脏", "卫生", "脏")]


def test_columns_may_be_named_by_hand(tmp_path: Path) -> None:
    path = table(tmp_path, "说的,哪一类,label\n电梯,设施,x\n路灯,设施,y\n垃圾,卫生,x\n楼道,卫生,y\n")
    assert [row.label for row in read(path, text_column="说的", label_column="哪一类").rows] == ["设施", "设施", "卫生",
        "卫生"]


def test_quotes_with_breaks_empty_rows_and_lonely_labels(tmp_path: Path) -> None:
    found = read(table(tmp_path, f'text,label\n"电梯坏了，\n没人修",设施\n\n,卫生\n有话,\n只有一条,稀有\n{TWO}'))
    assert found.rows[0].text == "电梯坏了，\n没人修" and len(found.rows) == 5
    assert found.empty == 2 and found.lonely == ("稀有",)


@pytest.mark.parametrize(("text", "why"), [
    ("", "是空的"), ("text,label\n", "没有数据"), ("text,kind\n电梯,设施\n", "没有找到类别列"), ("what,label\n电梯,设施\n",
        "没有找到留言列"),
    ("text,label\n电梯,设施\n路灯,设施\n", "只有一个类别"), ("text,label\n电梯,设施\n路灯,照明\n", "只有 1 条"),
    ("text,label\n电梯,设施\n灯,设施\n路灯,照明\n", "只有 1 条"), ("text,label\n,设施\n ,卫生\n", "全是空的"),
    ("text,label\n" + "".join(f"话{n},{n // 2}\n" for n in range(900)), "不像类别"),
    ("text,label\n" + '"' + "x" * 300_000, "引号"),
])
def test_what_is_wrong_is_said(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadTable, match=why):
        read(table(tmp_path, text))


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="打不开"):
        read(tmp_path / "nowhere.csv")
    picture = tmp_path / "a.xlsx"
    picture.write_bytes(b"PK\x03\x04\x00\x00\xff\xfe\x00\x81" * 40)
    with pytest.raises(BadTable, match="不是文字表格"):
        read(picture)
    with pytest.raises(BadTable, match="--text-column"):
        read(table(tmp_path, f"text,label\n{TWO}"), text_column="正文")
