"""Reads a table of labelled messages: any of the usual encodings, separators and column names; says clearly what is wrong."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LABEL = ("label", "category", "类别", "分类", "标签", "一级标签", "一级分类", "类型")
TITLE = ("title", "标题", "主题", "留言主题", "诉求标题", "事项")
BODY = ("text", "文本", "内容", "正文", "留言", "诉求", "detail", "详情", "留言详情", "诉求内容", "反映内容", "描述",
    "content",
        "message", "tokens", "分词")
LONGEST = 200_000  # characters of one field


class BadTable(Exception):
    """The table cannot be learned from; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message whose label is known; the title also stands at the beginning of the text."""

    text: str
    label: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What could be used, and what was left out."""

    rows: list[Row]
    columns: tuple[str, ...]  # label, then what the text was made of
    empty: int  # rows without text or label
    lonely: tuple[str, ...]  # labels with one example


def read(path: Path, *, text_column: str = "", label_column: str = "") -> Table:
    """The labelled messages of a file."""
    lines = _lines(_decoded(path))
    if len(lines) < 2:
        raise BadTable("文件里没有数据：第一行应是列名，从第二行起每行一条留言。")
    names = [name.strip() for name in lines[0]]
    label, title, body = _columns(names, text_column, label_column)
    parts = [i for i in (title, body) if i is not None]
    found, empty = [], 0
    for line in lines[1:]:
        cells = [cell.strip() for cell in (*line, *[""] * (len(names) - len(line)))]
        text = "\n".join(filter(None, (cells[i] for i in parts)))
        if text and cells[label]:
            both = title is not None and body is not None and cells[title] and cells[body]
            found.append(Row(text, cells[label], cells[title] if both and title is not None else ""))
        else:
            empty += any(cells)
    return _usable(found, tuple(names[i] for i in (label, *parts)), empty)


def _usable(found: list[Row], columns: tuple[str, ...], empty: int) -> Table:
    """The rows whose label has at least two examples."""
    if not found:
        raise BadTable(f"“{columns[0]}”列或“{'、'.join(columns[1:])}”列全是空的，没有可学的留言。")
    times = Counter(row.label for row in found)
    lonely = tuple(sorted(label for label, count in times.items() if count == 1))
    rows = [row for row in found if times[row.label] > 1]
    kinds = {row.label for row in rows}
    if len(times) == 1:
        raise BadTable(f"“{columns[0]}”列只有一个类别（{found[0].label}），学不出区别；至少要两个类别。")
    if len(kinds) < 2:
        raise BadTable(f"几乎每个类别都只有 1 条（例如“{lonely[0]}”），学不出来；每个类别至少要 2 条，最好 20 条以上。")
    if len(kinds) > 200 or len(kinds) * 2 > len(found):
        raise BadTable(f"“{columns[0]}”列有 {len(times)} 种不同的值，不像类别；请用 --label-column 指明类别列。")
    return Table(rows, columns, empty, lonely)


def _columns(names: Sequence[str], text: str, label: str) -> tuple[int, int | None, int | None]:
    """Where label, title and body stand."""
    which = _named(names, label, "--label-column") if label else _known(names, LABEL)
    if which is None:
        raise BadTable(f"没有找到类别列。文件的列是：{'、'.join(names)}；请把类别列命名为 label，或用 --label-column 指明。")
    if text:
        return which, None, _named(names, text, "--text-column")
    title, body = _known(names, TITLE), _known(names, BODY)
    if title is None and body is None:
        raise BadTable(f"没有找到留言列。文件的列是：{'、'.join(names)}；请把留言列命名为 text，或用 --text-column 指明。")
    return which, title, body


def _named(names: Sequence[str], wanted: str, option: str) -> int:
    if wanted not in names:
        raise BadTable(f"{option} 指的“{wanted}”列不在文件里。文件的列是：{'、'.join(names)}。")
    return names.index(wanted)


def _known(names: Sequence[str], known: Sequence[str]) -> int | None:
    lower = [name.lower() for name in names]
    return next((lower.index(name) for name in known if name in lower), None)


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadTable(f"打不开文件 {path}：{error.strerror or '读不出来'}。") from None
    if not raw.strip():
        raise BadTable(f"文件 {path} 是空的。")
    encodings = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise BadTable(f"文件 {path} 不是文字表格。请在表格软件里另存为“CSV（UTF-8）”再试。")


def _lines(text: str) -> list[list[str]]:
    head = text.split("\n", 1)[0]
    separator = max(",\t;，", key=head.count)
    csv.field_size_limit(LONGEST)
    try:
        return [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(map(str.strip, line))]
    except csv.Error as error:
        raise BadTable(f"表格读不下去（{error}）。多半是引号没有配对；请在表格软件里重新另存为 CSV。") from None
