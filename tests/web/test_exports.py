"""Every list of the console as a file: what the filters leave, in the order of the screen, and nothing in it is ever computed."""

import csv
import html
import io
import re
import zipfile
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import update

from domain.clock import SHANGHAI
from domain.roles import SYSTEM, Role
from models.deeds import point
from models.logs import delivery, sweep_run
from models.tables import chat, forward, home, issue, message, outbox, party, person, poll, promise
from services import accounts, audit
from tests.web.desk import NOW, Desk, token
from web.lists import LISTS

FORMULA = '=HYPERLINK("http://evil","east")'
STARTERS = "=+-@"
WORDS = {message: "text", issue: "title", poll: "title", outbox: "text", forward: "text", promise: "text", point: "reason", person: "name",
         home: "label", delivery: "reason", sweep_run: "error", chat: "name"}
ASKED: tuple[dict[str, str], ...] = ({}, {"since": "2026-03-02"}, {"until": "2026-03-01"}, {"text": "east"}, {"text": "nothing says this"}, {"person": "#1"}, {"person": "#999999"},
                                      {"kind": "first"}, {"kind": "last"})  # some leave rows, some leave none


@pytest.fixture
def everybody(desk: Desk) -> FlaskClient:
    """An admin of the system, before whom every list has rows of two communities, and every word in them is a formula."""
    with desk.db.write() as tx:
        for table, column in WORDS.items():
            tx.execute(update(table).values({column: FORMULA}))
        for name in ("east", "west"):
            tx.add(party, community_id=desk.ids[name]["place"], name=FORMULA[:30], kind="property")
        accounts.create(tx, SYSTEM, username="all", password="a long password", community_id=None, now=NOW, role=Role.SYSTEM_ADMIN)
        audit.seal(tx)
    return desk.client("all")


def taken(client: FlaskClient, path: str) -> bytes:
    """A file as its button takes it."""
    answer = client.post(path, data={"csrf_token": token(client, "/console/password")})
    assert answer.status_code == 200, path
    return answer.data


def on_screen(page: str) -> list[dict[str, str]]:
    """The rows of a list's page: what stands under each title; a moment as it is written in files."""
    table = re.search(r"<tbody>(.*?)</tbody>", page.split('<div class="scroll"')[-1], re.DOTALL)
    found = []
    for row in re.findall(r"<tr>(.*?)</tr>", table[1] if table else "", re.DOTALL):
        cells = {}
        for title, inside in re.findall(r'<td data-title="([^"]*)"[^>]*>(.*?)</td>', row, re.DOTALL):
            moment = re.search(r'<time datetime="([^"]+)"', inside)
            said = html.unescape(re.sub(r"<[^>]+>", "", inside)).strip()
            nothing = '<span class="none">' in inside
            cells[title] = _moment(moment[1]) if moment else "" if nothing else said
        found.append(cells)
    return found


def _moment(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _bare(cell: str) -> str:
    """A cell without the mark that keeps it from being computed."""
    return cell[1:] if cell.startswith("'") and cell[1:2] in STARTERS else cell


@pytest.mark.parametrize("name", LISTS)
def test_a_list_as_a_file_is_what_stands_on_the_screen(desk: Desk, everybody: FlaskClient, name: str) -> None:
    """For every filter the list has: the same rows, the same order, in both kinds of files."""
    listing, some = LISTS[name], False
    for asked in ASKED:
        if not set(asked) <= set(listing.filters):
            continue
        kinds = {"first": listing.kinds[0], "last": listing.kinds[-1]} if listing.kinds else {"first": "issue", "last": "account"}
        where = urlencode({name: kinds.get(value, value) for name, value in asked.items()})
        file = taken(everybody, f"/console/{name}.csv?{where}").decode("utf-8-sig")
        workbook = taken(everybody, f"/console/{name}.xlsx?{where}")
        lines, shown = list(csv.DictReader(io.StringIO(file))), on_screen(everybody.get(f"/console/{name}?{where}").text)
        if name == "audit":  # taking a file is itself a line of this list
            assert {row["动作"] for row in shown[:len(shown) - len(lines)]} <= {"导出"}
            shown = shown[len(shown) - len(lines):]
        assert len(shown) == len(lines), (name, asked)
        for row, line in zip(shown, lines, strict=True):
            for title, said in row.items():
                if title in line:  # buttons stand in no file
                    assert _same(said, _bare(line[title])), (name, asked, title, said, line[title])
        _not_computed(workbook, lines if name != "audit" else None)
        some = some or bool(lines)
    assert some, f"nothing was compared in {name}"


def _same(said: str, written: str) -> bool:
    return " ".join(said.split()) == " ".join(written.split())


def _not_computed(data: bytes, lines: list[dict[str, Any]] | None) -> None:
    """No cell of the workbook is a formula, and it says what the other file says."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert not any(b"<f>" in archive.read(each) or b"<f " in archive.read(each) for each in archive.namelist() if "sheet" in each)
    rows = list(load_workbook(io.BytesIO(data)).active.iter_rows())
    assert not [cell.coordinate for row in rows for cell in row if cell.data_type == "f"]
    assert not [cell.value for row in rows for cell in row if isinstance(cell.value, str) and cell.value[:1] in STARTERS and len(cell.value) > 1]
    if lines is not None:
        assert len(rows) == len(lines) + 1
        for row, line in zip(rows[1:], lines, strict=True):
            for head, cell in zip(rows[0], row, strict=True):
                assert _same(str(cell.value if cell.value is not None else ""), line[head.value][:16] if re.match(
                    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", line[head.value]) else line[head.value]), (head.value, cell.value, line[head.value])
