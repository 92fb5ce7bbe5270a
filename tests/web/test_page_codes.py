"""QR codes of the residents' pages, to print: in the console and from the command line."""

import base64
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

import app
from services import pages


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
