"""The report and the picture of polls of every kind: all numbers in them, no person in the public one, the same bytes twice."""

import os
import re
from collections.abc import Iterator
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document as Docx
from PIL import Image
from pypdf import PdfReader
from redis import Redis
from sqlalchemy import select, update

from domain.errors import Refusal
from domain.roles import NOBODY, SYSTEM
from models.base import Database
from models.tables import ballot, poll
from services import chart, minutes, minutes_font, pages, pictures, standing
from tests.chat_script import Stage
from tests.services.test_votes_stand import PEOPLE, POLLS, TOWN, held

OWNERS = "owners"
LOOK = os.environ.get("LINYI_LOOK", "")  # a folder: what a person may look at is put there


@pytest.fixture(scope="module")
def font() -> Iterator[Any]:
    """The font we draw with, its tables read once for all reports of this file."""
    with minutes_font.opened() as found:
        yield found


@pytest.fixture(autouse=True)
def one_font(font: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every report is cut from it anew; one test is of the font as a process opens it."""
    monkeypatch.setattr(minutes_font, "opened", lambda: nullcontext(font))


@pytest.fixture
def stage(sqlite_db: Database, redis: Redis) -> Iterator[Stage]:
    """A group of six, with pages."""
    found = Stage(sqlite_db, redis)
    for line in ("时间 2026-03-02 10:00", TOWN, "页面 https://linyi.example"):
        found.play(line)
    yield found
    pages.configure("")
    found.close()


def ended(stage: Stage, name: str) -> None:
    """P1 of this kind, closed."""
    if name != OWNERS:
        return held(stage, name)
    for label, area, who in zip(("1幢1单元101", "1幢1单元102", "1幢1单元201", "1幢1单元202", "1幢1单元301", "1幢1单元302"),
                                (88.42, 89.16, 88.42, 89.16, 88.42, 89.16), (*PEOPLE, "开发商"), strict=True):
        stage.play(f"名册 {label} {area} {who}")
    stage.play("公示 0 15")
    stage.play("王阿姨(私聊): 发起投票 更换物业公司 业主特别表决 范围 1幢 截止 明晚8点")
    for who, words in zip(PEOPLE, ("同意", "同意", "反对", "弃权", "同意"), strict=True):
        stage.play(f"{who}(私聊): P1 {words}")
    stage.play("吴姐(私聊): 异议 P1 面积有出入，电话13800138000")
    stage.play("王阿姨(私聊): 答复异议 P1 1 已核对")
    stage.play("时间 2026-03-03 20:01")


def made(stage: Stage, kind: str, *, internal: bool = False) -> bytes:
    """The document."""
    with stage.db.write() as tx:
        found = minutes.written(tx, SYSTEM, tx.execute(select(poll)).one(), kind, internal=internal, now=stage.now)
        tx.notes.clear()
        return found


def text_of(data: bytes, kind: str) -> str:
    """What can be read in it."""
    if kind == "pdf":
        return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages))
    book = Docx(BytesIO(data))
    cells = [cell.text for table in book.tables for row in table.rows for cell in row.cells]
    return re.sub(r"\s", "", "".join([*(p.text for p in book.paragraphs), *cells]))


@pytest.mark.parametrize("name", [*POLLS, OWNERS])
def test_a_report_says_what_was_decided_and_by_how_much(stage: Stage, name: str) -> None:
    """Each number of the result, in both formats and in the picture's words; names only inside."""
    ended(stage, name)
    with stage.db.read() as tx:
        row = tx.execute(select(poll)).one()
        tally = standing.of(tx, row)
        facts, words = pictures.facts(row, tally), pictures.words(row, tally)
        receipts = [r for r in tx.connection.scalars(select(ballot.c.receipt)) if r]
    assert facts is not None
    picture = chart.draw(facts)
    assert Image.open(BytesIO(picture)).width == 1080
    for each in facts["rows"]:
        assert each.get("said", "") in words and each.get("head", "") in words and 0 <= each.get("part", 0) <= 1000
    for kind in minutes.FORMATS:
        data = made(stage, kind)
        said = text_of(data, kind)
        for line in (*tally.lines, tally.decision or tally.ending, *row.options, row.root, "召集人", "linyi.example", "2026 年 3 月 2 日"):
            assert name == OWNERS or re.sub(r"\s", "", line) in said, (kind, line)
        assert not [who for who in (*PEOPLE, "吴姐", *receipts) if who in said] or name == "signup", kind
        assert name != OWNERS or made(stage, kind) == data
        if LOOK:
            Path(LOOK, f"{name}.{kind}").write_bytes(data)
            Path(LOOK, f"{name}.png").write_bytes(picture)


@pytest.mark.parametrize("name", ["single", "secret", OWNERS])
def test_the_internal_report_names_who_took_part(stage: Stage, name: str) -> None:
    ended(stage, name)
    assert all(who in text_of(made(stage, "docx", internal=True), "docx") for who in PEOPLE)


def test_owners_are_reported_in_both_measures_with_objections(stage: Stage) -> None:
    """Heads and square metres, both thresholds as marks, the objection and its answer."""
    ended(stage, OWNERS)
    for kind in minutes.FORMATS:
        said = text_of(made(stage, kind), kind)
        assert "13800138000" not in said
        for words in ("266.00㎡", "面积有出入", "已核对", "未经主管部门认可", "532.74㎡", "四分之三以上"):
            assert words in said, (kind, words)
    with stage.db.read() as tx:
        row = tx.execute(select(poll)).one()
        rows = pictures.rows(row, standing.of(tx, row))
    assert [r["mark"] for r in rows if r.get("mark_said")] == [666, 666, 750, 750]


def test_every_font_is_embedded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone shows it as it was written."""
    monkeypatch.undo()
    minutes_font.cut.cache_clear()
    ended(stage, "single")
    fonts = [font.get_object() for page in PdfReader(BytesIO(made(stage, "pdf"))).pages for font in page["/Resources"]["/Font"].values()]
    assert fonts and all("/FontFile2" in f["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for f in fonts)


def test_who_chose_what_stays_where_it_was_promised(stage: Stage) -> None:
    """Named: with the choice; not public: who took part; the internal one is for admins and on record."""
    ended(stage, "anonymous")
    assert "李叔" in text_of(made(stage, "docx", internal=True), "docx")
    with stage.db.write() as tx:
        row = tx.execute(select(poll)).one()
        with pytest.raises(Refusal, match=r"role\.too_low"):
            minutes.written(tx, NOBODY, row, "pdf", internal=True, now=stage.now)
        people = next(p for p in minutes.document(tx, row, internal=True).parts if isinstance(p, minutes.Table) and p.head[:1] == ("谁",))
        assert {choice for _, choice in people.rows} == {""}
        minutes.written(tx, SYSTEM, row, "pdf", internal=True, now=stage.now)
        assert "poll.minutes" in str(tx.notes)
        tx.notes.clear()


def test_an_open_poll_has_no_report(stage: Stage) -> None:
    held(stage, "single", close=False)
    with pytest.raises(Refusal, match=r"minutes\.not_closed"):
        made(stage, "pdf")


@pytest.mark.parametrize("odd", ["<w:p>&amp;]]>", "\x00\x07\x1b[31m", "😀👨‍👩‍👧", "长" * 160, "A" * 160, "\ud800", "\u202e反了", "行\n行"])
def test_odd_words_break_nothing(stage: Stage, odd: str) -> None:
    ended(stage, "single")
    with stage.db.read() as tx:
        row = tx.execute(select(poll)).one()._mapping
    with stage.db.write() as tx:
        if "\ud800" not in odd:
            tx.execute(update(poll).values(title=odd.replace("\x00", ""), options=[odd.replace("\x00", ""), "反对"], reason=odd.replace("\x00", "")))
    assert row["id"]
    for kind in minutes.FORMATS:
        assert "召集人" in text_of(made(stage, kind), kind)
