"""A table of owners is read with a report of every problem, and taken in all or nothing; areas exact to 0.01 m²."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import func, select

from domain.classes import Measure
from domain.errors import Refusal
from domain.roles import SYSTEM, Actor, Role
from models.base import Database, Tx
from models.tables import audit as chain
from models.tables import community, home, owner, ownership
from ops import seed
from services import owner_votes, register, register_apply
from services.register import ERROR
from services.register_sheet import sheet
from texts.register import told

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
TOWN = Path(__file__).parents[1] / "chats" / "community.yaml"
HEAD = "房屋,面积,业主,证件号,是否交付,是否开发商,用途"


def table(*rows: str, head: str = HEAD) -> register.Table:
    """A csv as it comes from a property manager."""
    return register.read(sheet("\n".join((head, *rows)).encode("gb18030"), "业主.csv"))


def keys(found: register.Table | register_apply.Report, level: str = "") -> set[str]:
    """What was found."""
    return {f.key for f in found.findings if level in ("", f.level)}


@pytest.fixture
def town(db: Database) -> Iterator[Database]:
    """Two buildings of 6 and 24 homes."""
    seed.load(db, TOWN, now=NOW)
    yield db


def taken(tx: Tx, found: register.Table, *, create: bool = False, partly: bool = False) -> register_apply.Report:
    """Looked at and taken in."""
    where = tx.scalar(select(community.c.id))
    report = register_apply.look(tx, where, found, create=create)
    register_apply.take_in(tx, SYSTEM, where, report, partly=partly, now=NOW)
    return report


@pytest.mark.parametrize(("said", "area"), [
    ("89.53", 8953), ("89.5", 8950), ("89", 8900), ("８９．５３", 8953), ("89.53㎡", 8953), ("89.53 平方米", 8953), ("89.53m²", 8953),
    ("1,089.53", 108953), ("0.01", 1)])
def test_areas_are_exact(said: str, area: int) -> None:
    assert register.area(said) == area


@pytest.mark.parametrize(("said", "wrong"), [
    ("约89", "area_unreadable"), ("八十九", "area_unreadable"), ("89.5.3", "area_unreadable"), ("1e3", "area_unreadable"), ("-5", "area_unreadable"),
    ("89.535", "area_digits"), ("0", "area_range"), ("99999999", "area_range"), ("1,08", "area_unreadable")])
def test_what_is_no_area_is_said_to_be_none(said: str, wrong: str) -> None:
    """Never rounded, never guessed."""
    with pytest.raises(ValueError, match=wrong):
        register.area(said)


@pytest.mark.parametrize(("rows", "key"), [
    (["某某楼,89.53,张三,,,,"], "no_home"), (["1幢1单元101,约89,张三,,,,"], "area_unreadable"), (["1幢1单元101,89.535,张三,,,,"], "area_digits"),
    (["1幢1单元101,88.42,张三,,,,", "1幢1单元101,88.43,李四,,,,"], "area_twice"), (["1幢1单元101,88.42,张三,3.30106E+17,,,"], "document_rounded"),
    (["1幢1单元101,88.42,张三,ID1,,,", "1幢1单元201,88.42,李四,ID1,,,"], "document_twice"),
    (["1幢1单元101,88.42,张三,,,,", "一幢1单元101室,88.42,张三,,,,"], "twice"), (["9幢1单元101,88.42,张三,,,,"], "unknown_home")])
def test_each_error_keeps_its_home_out(sqlite_db: Database, rows: list[str], key: str) -> None:
    """And stops the whole table unless the rest shall be taken in all the same."""
    seed.load(sqlite_db, TOWN, now=NOW)
    with sqlite_db.write() as tx:
        found = table(*rows, "1幢1单元102,89.16,王五,,,,")
        with pytest.raises(Refusal, match=r"register\.has_errors"):
            taken(tx, found)
        assert tx.scalar(select(func.count()).select_from(owner)) == 0
        report = taken(tx, found, partly=True)
        assert key in keys(report, ERROR) and report.homes == 1
        assert tx.connection.scalars(select(home.c.label).join_from(ownership, home)).all() == ["1幢1单元102"]


@pytest.mark.parametrize(("rows", "key"), [
    (["5幢1单元101,,张三,,,,"], "no_area"), (["1幢1单元101,88.42,,,,,"], "no_owner"), (["1幢1单元101,88.42,张三、李四,,,,"], "co_owners"),
    (["1幢1单元101,88.42,张三,A1,,,", "1幢1单元102,89.16,张三,A1,,,"], "several_homes"), (["1幢1单元101,88.42,张三,A1,,,", "1幢1单元102,89.16,张三,A2,,,"], "namesakes"),
    (["1幢1单元101,88.42,甲置业公司,,,是,"], "developer"), (["1幢1单元101,88.42,张三,,否,,"], "not_handed_over"),
    (["1幢1单元101,188.42,张三,,,,"], "area_changed"), (["1幢1单元101,88.42,张三,,,,"], "not_mentioned")])
def test_what_is_noticed_stops_nothing(sqlite_db: Database, rows: list[str], key: str) -> None:
    """Each is said in a sentence that names the home or the number."""
    seed.load(sqlite_db, TOWN, now=NOW)
    with sqlite_db.write() as tx:
        report = taken(tx, table(*rows, "合计,177.58,,,,,"), create=True)
        assert key in keys(report) and not keys(report, ERROR)
        assert any("幢1单元101" in line or "户" in line or "位" in line for line in told(report.findings))


def test_a_point_left_out_and_columns_that_are_not_read_are_told(sqlite_db: Database) -> None:
    """One home a hundred times as large as the others would decide a vote by area; a phone in the table is not kept."""
    rows = [f"{n}01,88.42,业主{n},13800000000" for n in range(1, 11)]
    found = table(*(f"1幢1单元{row}" for row in [*rows, "1101,8842,业主11,13800000000"]), head="房屋,面积,业主,联系电话")
    odd = [f for f in found.findings if f.key == "area_odd"]
    assert [(f.home, f.facts["usual"]) for f in odd] == [("1幢1单元1101", 8842)] and not keys(found, ERROR)
    assert [f.facts["names"] for f in found.findings if f.key == "not_read"] == [["联系电话"]]
    assert any("少了小数点" in line for line in told(found.findings)) and any("联系电话" in line for line in told(found.findings))


def test_a_register_becomes_heads_and_area(town: Database) -> None:
    """Several homes of one owner are one, co-owners are one, the developer's are one, parking is none; examples 11 to 13 and 17."""
    with town.write() as tx:
        report = taken(tx, table(
            "1幢1单元101,88.42,张三,ID1,,,", "1幢1单元102,89.16,张三,id1,,,", "1幢1单元201,88.42,李四、王五,ID2、ID3,,,",
            "1幢1单元202,89.16,王五,ID3,,,", "1幢1单元202,89.16,李四,ID2,,,", "1幢1单元301,88.42,甲置业公司,,,是,", "1幢1单元302,89.16,赵六,,否,,"))
        assert not report.errors
        where, block = tx.scalar(select(community.c.id)), tx.scalar(select(home.c.building_id).where(home.c.label == "1幢1单元101"))
        rows = owner_votes.units(tx, where, building_id=block)
        assert len(set(owner_votes.grouping(tx, where, rows).head.values())) == 3
        status = register_apply.status(tx, where)
        assert status.homes == 30 and status.asked.heads == 3 + 24 and len(status.without_owner) == 24
        assert not tx.connection.scalars(select(owner.c.key).where(owner.c.key.like("%ID1%"))).all(), "numbers of documents are not kept"
        note = tx.first(select(chain.c.detail).where(chain.c.action == "register.import")) or [n for n in tx.notes]
        assert "张三" not in str(note) and "ID1" not in str(note)


def test_the_same_table_twice_changes_nothing_and_a_sale_changes_the_owner(town: Database) -> None:
    """Who has proved to be an owner stays it as long as the number of their document is the same."""
    first = ["1幢1单元101,88.42,张三,ID1,,,", "1幢1单元102,89.16,李四,ID2,,,"]
    with town.write() as tx:
        taken(tx, table(*first))
        before = tx.all(select(ownership.c.home_id, ownership.c.owner_id).order_by(ownership.c.home_id))
        again = taken(tx, table(*first))
        assert (again.made, again.resized, again.sold) == (0, 0, 0)
        assert tx.all(select(ownership.c.home_id, ownership.c.owner_id).order_by(ownership.c.home_id)) == before
        sold = taken(tx, table("1幢1单元101,88.42,张三,ID1,,,", "1幢1单元102,89.16,张三,ID1,,,"))
        assert sold.sold == 1 and tx.scalar(select(func.count()).select_from(owner)) == 1


@pytest.mark.parametrize(("rows", "heads"), [
    (["1幢1单元101,88.42,张三,无,,,", "1幢1单元102,89.16,李四,无,,,", "1幢1单元201,88.42,王五,-,,,", "1幢1单元202,89.16,赵六,/,,,"], 4),
    (["1幢1单元101,88.42,张三、张三,,,,"], 1), (["1幢1单元101,88.42,张三、李四,ID1、ID1,,,"], None), (["1幢1单元101,88.42,张三 李四,,,,", "1幢1单元102,89.16,张三,,,,"], 2)])
def test_nobody_becomes_another_by_a_slip_of_the_pen(town: Database, rows: list[str], heads: int | None) -> None:
    """A placeholder is no document, and a name written twice is one owner."""
    with town.write() as tx:
        if heads is None:
            assert "document_twice" in keys(table(*rows), ERROR) or len(next(iter(table(*rows).entries.values())).owners) == 1
            return
        taken(tx, table(*rows))
        where = tx.scalar(select(community.c.id))
        labels = [row.split(",")[0] for row in rows]
        homes = [r for r in owner_votes.units(tx, where) if r.label in labels]
        assert len(set(owner_votes.grouping(tx, where, homes).head.values())) == heads


def test_a_document_that_is_entered_later_keeps_the_owner(town: Database) -> None:
    """And what they have proved."""
    with town.write() as tx:
        taken(tx, table("1幢1单元101,88.42,张三,,,,"))
        before = tx.scalar(select(owner.c.id))
        report = taken(tx, table("1幢1单元101,88.42,张三,ID1,,,"))
        assert report.sold == 0 and tx.connection.scalars(select(owner.c.id)).all() == [before]
        assert taken(tx, table("1幢1单元101,88.42,张三,ID1,,,", "1幢1单元102,89.16,张三,ID1,,,")).sold == 0
        assert tx.connection.scalars(select(ownership.c.owner_id)).all() == [before, before]


def test_numbers_that_a_sheet_has_rounded_are_no_documents() -> None:
    """Eighteen digits stored as a number: two people of one district and year would be one."""
    book, into = Workbook(), io.BytesIO()
    for row in (["房屋", "面积", "业主", "证件号"], ["1幢1单元101", 88.42, "张三", 330106198001011234], ["1幢1单元102", 89.16, "李四", 330106198001015678.0]):
        book.worksheets[0].append(row)
    book.save(into)
    found = register.read(sheet(into.getvalue(), "业主.xlsx"))
    assert [f.key for f in found.findings if f.level == ERROR] == ["document_rounded"] * 2


def test_one_area_over_two_homes_is_nobodys() -> None:
    book, into = Workbook(), io.BytesIO()
    for row in (["房屋", "面积", "业主"], ["1幢1单元101", 177.58, "张三"], ["1幢1单元102", None, "李四"]):
        book.worksheets[0].append(row)
    book.worksheets[0].merge_cells("B2:B3")
    book.save(into)
    found = register.read(sheet(into.getvalue(), "业主.xlsx"))
    assert {f.home for f in found.findings if f.key == "area_merged"} == {"1幢1单元101", "1幢1单元102"}


def test_new_homes_only_when_asked_for(town: Database) -> None:
    """With their building."""
    with town.write() as tx:
        report = taken(tx, table("5幢1单元101,77.70,张三,,,,"), create=True)
        assert report.made == 1
        assert tx.first(select(home.c.area_dm2, home.c.entrance, home.c.room).where(home.c.label == "5幢1单元101")) == (7770, "1", "101")


def test_only_admins_take_in(sqlite_db: Database) -> None:
    seed.load(sqlite_db, TOWN, now=NOW)
    with sqlite_db.write() as tx:
        report = register_apply.look(tx, 1, table("1幢1单元101,88.42,张三,,,,"), create=False)
        with pytest.raises(Refusal, match=r"role\.too_low"):
            register_apply.take_in(tx, Actor("person:1", Role.GRID_WORKER, 1), 1, report, partly=False, now=NOW)


def test_a_workbook_with_merged_cells_and_three_columns_of_place() -> None:
    """As property managers keep them: a title above, 3幢 once for all its homes, numbers as numbers."""
    book, into = Workbook(), io.BytesIO()
    page = book.worksheets[0]
    for row in (["翠苑三区业主清册"], ["楼栋", "单元", "房号", "建筑面积（㎡）", "产权人"], ["3幢", 2, 501, 89.53, "张三"], [None, 2, 502, 101.7, "李四"],
                ["合计", None, None, 191.23, None]):
        page.append(row)
    page.merge_cells("A3:A4")
    book.save(into)
    found = register.read(sheet(into.getvalue(), "业主.xlsx"))
    assert {label: entry.area for label, entry in found.entries.items()} == {"3幢2单元501": 8953, "3幢2单元502": 10170}


def _bomb() -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 60_000_000)
    return into.getvalue()


@pytest.mark.parametrize(("data", "name", "key"), [
    (b"", "a.csv", "no_rows"), (b"\xff\xfe\x00\x81", "a.csv", "not_a_table"), (b"PK\x03\x04junk", "a.xlsx", "not_a_table"), (b"a,b\n1,2", "a.csv", "no_headings"),
    ("房屋,面积\n".encode(), "a.csv", "no_rows"), (b"x" * 5_000_001, "a.csv", "too_big"), (b"\xd0\xcf\x11\xe0", "a.xls", "not_a_table")])
def test_what_is_no_register_is_refused_with_a_way_out(data: bytes, name: str, key: str) -> None:
    with pytest.raises(Refusal, match=rf"register\.{key}"):
        register.read(sheet(data, name))


def test_a_zip_bomb_is_not_unpacked() -> None:
    with pytest.raises(Refusal, match=r"register\.too_big"):
        sheet(_bomb(), "a.xlsx")


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(1, 20000), st.integers(0, 5), st.booleans()), max_size=25, unique_by=lambda r: r[0]))
def test_whatever_the_table_the_count_is_that_of_its_rows(rows: list[tuple[int, int, int, bool]]) -> None:
    """Against sets and sums by hand; owner 0 is the developer."""
    names = ["甲置业公司", *(f"业主{i}" for i in range(1, 6))]
    lines = [f"{i + 1}幢1单元101,{area / 100:.2f},{names[who]},ID{who},,{'是' if who == 0 else ''},{'车位' if parking else ''}"
             for i, area, who, parking in rows]
    if not lines:
        return
    found = table(*lines).entries.values()
    counted = [e for e in found if e.counts]
    assert len({e.owners[0].key for e in counted}) == len({who for _, _, who, parking in rows if not parking})
    assert Measure(0, sum(e.area or 0 for e in counted)).area == sum(area for _, area, _, parking in rows if not parking)
