"""Draws a poll's result: headings and horizontal bars, the same way every time, readable on a phone and in grey."""

import re
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

WIDTH, MARGIN = 1080, 64
INK, GREY, TRACK, PAPER, LINE = "#1f2933", "#6b7680", "#eef1f4", "#ffffff", "#e3e7eb"
LEAD, BAR = "#2f7d5b", "#a9c9bb"  # the option with the most votes, and the others
MORE = "#dbe8e1"
SIMPLIFIED = 2  # the face of the collection that draws simplified Chinese
_TEXT = WIDTH - 2 * MARGIN
_UNIT = re.compile(r"[!-~]{1,16}|.")  # what a line break does not part


def draw(facts: dict[str, Any]) -> bytes:
    """A PNG, 1080 pixels wide: title, subtitle, rows, footer.

    A row is a heading (`head`), a `flow` of votes through rounds (services/chart_flow.py), or a bar: `label`, `said` at its
    right, `part` filled in thousandths, perhaps `more` up to which it is filled lighter, `mark` where a threshold stands and
    `mark_said` in words, `strong` for what won.
    """
    from PIL import Image, ImageDraw

    if "ladder" in facts:  # of a round of opinions
        from services import round_chart
        return round_chart.draw(facts)
    from services.chart_flow import Flow  # it draws with what is here

    measure = ImageDraw.Draw(Image.new("RGB", (8, 8)))
    head = wrapped(measure, facts["title"], font(46, bold=True), _TEXT, most=3)
    under = wrapped(measure, facts["subtitle"], font(28), _TEXT, most=2)
    rows = [Flow(row["flow"]) if "flow" in row else _Row(measure, row) for row in facts["rows"]]
    foot = wrapped(measure, facts["footer"], font(25), _TEXT, most=3)
    height = 64 + len(head) * 62 + 12 + len(under) * 42 + 40 + sum(row.height for row in rows) + 26 + len(foot) * 38 + 48
    image = Image.new("RGB", (WIDTH, height), PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, 12), fill=LEAD)
    y = lines(pen, head, font(46, bold=True), INK, 64, 62)
    y = lines(pen, under, font(28), GREY, y + 12, 42) + 40
    for row in rows:
        row.draw(pen, y)
        y += row.height
    pen.line((MARGIN, y, WIDTH - MARGIN, y), fill=LINE, width=2)
    lines(pen, foot, font(25), GREY, y + 26, 38)
    return png(image)


class _Row:
    """One row, measured before it is drawn."""

    def __init__(self, measure: "ImageDraw.ImageDraw", facts: dict[str, Any]):
        self.facts, strong = facts, bool(facts.get("strong"))
        self.font = font(34, bold=strong or "head" in facts)
        if "head" in facts:
            self.label = wrapped(measure, facts["head"], self.font, _TEXT, most=1)
            self.height = 68
            return
        room = _TEXT - int(measure.textlength(facts["said"], font=font(30))) - 32
        self.label = wrapped(measure, facts["label"], self.font, max(room, _TEXT // 3), most=3)
        self.height = len(self.label) * 48 + 74 + (38 if facts.get("mark_said") else 0)

    def draw(self, pen: "ImageDraw.ImageDraw", y: int) -> None:
        """Draws it from here down."""
        facts, right = self.facts, WIDTH - MARGIN
        lines(pen, self.label, self.font, INK, y, 48)
        if "head" in facts:
            return
        strong = bool(facts.get("strong"))
        pen.text((right, y + 4), facts["said"], font=font(30), fill=LEAD if strong else INK, anchor="ra")
        y += len(self.label) * 48 + 8
        pen.rounded_rectangle((MARGIN, y, right, y + 26), radius=13, fill=TRACK)
        for part, ink in ((facts.get("more", 0), MORE), (facts["part"], LEAD if strong else BAR)):
            if part:
                pen.rounded_rectangle((MARGIN, y, MARGIN + max(26, _TEXT * min(part, 1000) // 1000), y + 26), radius=13, fill=ink)
        if facts.get("mark_said"):
            at = MARGIN + _TEXT * facts["mark"] // 1000
            pen.rectangle((at - 3, y - 8, at + 3, y + 34), fill=INK)
            pen.text((MARGIN, y + 38), facts["mark_said"], font=font(25), fill=GREY)


def lines(draw: "ImageDraw.ImageDraw", rows: list[str], font: "ImageFont.FreeTypeFont", ink: str, y: int, step: int) -> int:
    """Draws the lines one under the other; returns where the next would stand."""
    for row in rows:
        draw.text((MARGIN, y), row, font=font, fill=ink)
        y += step
    return y


def wrapped(draw: "ImageDraw.ImageDraw", text: str, font: "ImageFont.FreeTypeFont", width: int, *, most: int) -> list[str]:
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


def font_file() -> str:
    """The collection of variable fonts that is drawn with."""
    import manimgx_fonts_cjk
    return str(Path(manimgx_fonts_cjk.__file__).parent / "NotoSansCJK-VF.otf.ttc")


@lru_cache(maxsize=16)
def font(size: int, *, bold: bool = False) -> "ImageFont.FreeTypeFont":
    """The typeface at this size in pixels."""
    from PIL import ImageFont

    face = ImageFont.truetype(font_file(), size, index=SIMPLIFIED, layout_engine=ImageFont.Layout.BASIC)
    face.set_variation_by_axes([700 if bold else 400])
    return face


def png(image: "Image.Image", colors: int = 64) -> bytes:
    """Few colours are enough for bars and letters, and make the file small."""
    from PIL import Image

    out = BytesIO()
    image.quantize(colors=colors, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
