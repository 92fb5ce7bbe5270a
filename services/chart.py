"""The picture of a poll's result: horizontal bars with counts and percents, drawn the same way every time."""

import re
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

WIDTH, MARGIN = 1080, 64
INK, GREY, TRACK, PAPER, LINE = "#1f2933", "#6b7680", "#eef1f4", "#ffffff", "#e3e7eb"
LEAD, BAR = "#2f7d5b", "#a9c9bb"  # the option with the most votes, and the others
_SIMPLIFIED = 2  # the face of the collection that draws simplified Chinese
_TEXT = WIDTH - 2 * MARGIN
_UNIT = re.compile(r"[!-~]{1,16}|.")  # what a line break does not part


def bar_chart(title: str, subtitle: str, bars: list[tuple[str, int]], footer: str, *, voters: int | None = None) -> bytes:
    """A PNG, 1080 pixels wide, of the options in their order; percents are of the voters, or of all marks."""
    from PIL import Image, ImageDraw

    measure = ImageDraw.Draw(Image.new("RGB", (8, 8)))
    head = _wrapped(measure, title, _font(46, bold=True), _TEXT, most=3)
    under = _wrapped(measure, subtitle, _font(28), _TEXT, most=2)
    labels = [_wrapped(measure, f"{i}. {text}", _font(34), _TEXT - 230, most=3) for i, (text, _) in enumerate(bars, 1)]
    foot = _wrapped(measure, footer, _font(25), _TEXT, most=3)
    rows_high = sum(len(rows) * 48 + 74 for rows in labels)
    height = 64 + len(head) * 62 + 12 + len(under) * 42 + 40 + rows_high + 26 + len(foot) * 38 + 48
    image = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, 12), fill=LEAD)
    y = _lines(draw, head, _font(46, bold=True), INK, 64, 62)
    y = _lines(draw, under, _font(28), GREY, y + 12, 42) + 40
    total = sum(count for _, count in bars) if voters is None else voters
    top = max((count for _, count in bars), default=0)
    for rows, (_, count) in zip(labels, bars, strict=True):
        y = _bar(draw, rows, count, total=total, top=top, y=y)
    draw.line((MARGIN, y, WIDTH - MARGIN, y), fill=LINE, width=2)
    _lines(draw, foot, _font(25), GREY, y + 26, 38)
    return _png(image)


def _bar(draw: "ImageDraw.ImageDraw", rows: list[str], count: int, *, total: int, top: int, y: int) -> int:
    """One option: its words, its count and share at the right, its bar below; gives back where the next begins."""
    leads = count == top and count > 0
    _lines(draw, rows, _font(34, bold=leads), INK, y, 48)
    percent = (200 * count + total) // (2 * total) if total else 0
    right = WIDTH - MARGIN
    share = f"{percent}%"
    draw.text((right, y), share, font=_font(34, bold=leads), fill=LEAD if leads else INK, anchor="ra")
    draw.text((right - 110, y + 4), f"{count} 票", font=_font(30), fill=GREY, anchor="ra")
    y += len(rows) * 48 + 8
    draw.rounded_rectangle((MARGIN, y, right, y + 26), radius=13, fill=TRACK)
    if count:
        length = max(26, min(_TEXT, _TEXT * count // max(total, 1)))
        draw.rounded_rectangle((MARGIN, y, MARGIN + length, y + 26), radius=13, fill=LEAD if leads else BAR)
    return y + 66


def _lines(draw: "ImageDraw.ImageDraw", rows: list[str], font: "ImageFont.FreeTypeFont", ink: str, y: int, step: int) -> int:
    for row in rows:
        draw.text((MARGIN, y), row, font=font, fill=ink)
        y += step
    return y


def _wrapped(draw: "ImageDraw.ImageDraw", text: str, font: "ImageFont.FreeTypeFont", width: int, *, most: int) -> list[str]:
    """The text in lines that fit; a mark never begins a line; what is too long ends in an ellipsis."""
    rows = [""]
    for part in _UNIT.findall("".join(c if c.isprintable() else " " for c in text)[:400].strip()):
        if draw.textlength(rows[-1] + part, font=font) <= width or part in "，。、；：！？”）》":
            rows[-1] += part
        else:
            rows.append(part.lstrip())
    if len(rows) > most:
        rows = rows[:most]
        while draw.textlength(rows[-1] + "…", font=font) > width:
            rows[-1] = rows[-1][:-1]
        rows[-1] += "…"
    return rows


@lru_cache(maxsize=16)
def _font(size: int, *, bold: bool = False) -> "ImageFont.FreeTypeFont":
    import manimgx_fonts_cjk
    from PIL import ImageFont

    path = Path(manimgx_fonts_cjk.__file__).parent / "NotoSansCJK-VF.otf.ttc"
    font = ImageFont.truetype(str(path), size, index=_SIMPLIFIED, layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([700 if bold else 400])
    return font


def _png(image: "Image.Image") -> bytes:
    """Few colours are enough for bars and letters, and make the file small."""
    from PIL import Image

    out = BytesIO()
    image.quantize(colors=64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
