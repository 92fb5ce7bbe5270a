"""QR codes of the residents' pages, to print: in the console and from the command line."""

import base64
import re
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

import app
from ops import house
from services import pages
from tests.web.town import ISSUE, POLL, Town


def test_a_code_is_a_picture_of_the_address() -> None:
    """Black and white, with a quiet edge of four modules, and different for each address."""
    one, other = pages.qr_png("https://a.example/m/x/P1-1"), pages.qr_png("https://a.example/m/x/P2-1")
    picture = Image.open(BytesIO(one)).convert("L")
    assert picture.size[0] == picture.size[1] >= 290 and one != other
    assert {picture.getpixel((x, 39)) for x in range(picture.size[0])} == {255} and picture.getpixel((41, 41)) == 0
    assert pages.qr_data("") == "" and base64.b64decode(pages.qr_data("https://a.example/m/x/P1-1").split(",")[1]) == one


@pytest.mark.parametrize("thing", ["5", "X5", "P0", "P5;"])
def test_what_is_no_number_is_refused_with_a_sentence(thing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written."""
    out = tmp_path / "p.png"
    assert app.main(["page", "qr", thing, "--community", "cuiyuan", "--out", str(out)]) == 2
    assert re.search("请写编号", capsys.readouterr().err) and not out.exists()


@pytest.mark.parametrize(("thing", "path"), [("p1", POLL), ("I1", ISSUE)])
def test_the_command_writes_the_code_of_a_page(town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, thing: str,
                                               path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And says where it leads; without an address of the pages, or for what does not exist, it says what is missing."""
    monkeypatch.setattr(house, "build", lambda: SimpleNamespace(db=town.stage.db))
    out = tmp_path / "p.png"
    command = ["page", "qr", thing, "--community", "test", "--out", str(out)]
    assert app.main(command) == 2 and "server.public_url" in capsys.readouterr().err
    monkeypatch.setattr(pages, "_base", "https://a.example")
    assert app.main(command) == 0 and f"https://a.example{path}" in capsys.readouterr().out
    assert out.read_bytes() == pages.qr_png(f"https://a.example{path}")
    assert app.main(["page", "qr", "P9", "--community", "test", "--out", str(out)]) == 2
    assert app.main(["page", "qr", "P1", "--community", "nowhere", "--out", str(out)]) == 2
