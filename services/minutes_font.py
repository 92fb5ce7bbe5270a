"""A small TrueType font with just the characters a document needs, cut out of the variable Chinese font we draw with.

PDF wants outlines it can embed everywhere; the package's font is variable (CFF2) and 32 MB, its default is hair-thin.
"""

from functools import lru_cache
from io import BytesIO
from typing import Any

from services.chart import SIMPLIFIED, font_file

REGULAR, BOLD = 400, 700
_ASCENT, _DESCENT = 880, -120


@lru_cache(maxsize=8)
def cut(characters: str, weight: int) -> bytes:
    """The font for these characters (sorted, each once); what the source does not have is left out."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    with opened() as source:
        known = source.getBestCmap()
        chosen = {ord(c): known[ord(c)] for c in characters if ord(c) in known}
        names = [".notdef", *dict.fromkeys(chosen.values())]
        glyphs = source.getGlyphSet(location={"wght": weight})
        drawn, widths = {}, {}
        for name in names:
            pen = TTGlyphPen(None)
            glyphs[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
            drawn[name], widths[name] = pen.glyph(), round(glyphs[name].width)
        made = FontBuilder(source["head"].unitsPerEm, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap(chosen)
    made.setupGlyf(drawn)
    shapes = made.font["glyf"]
    made.setupHorizontalMetrics({name: (width, getattr(shapes[name], "xMin", 0)) for name, width in widths.items()})
    made.setupHorizontalHeader(ascent=_ASCENT, descent=_DESCENT)
    made.setupNameTable({"familyName": "Linyi", "styleName": str(weight), "psName": f"Linyi-{weight}"})
    made.setupOS2(sTypoAscender=_ASCENT, sTypoDescender=_DESCENT, usWinAscent=1160, usWinDescent=288)
    made.setupPost()
    made.font["head"].created = made.font["head"].modified = 0
    made.font.recalcTimestamp = False
    into = BytesIO()
    made.save(into)
    return into.getvalue()


def opened() -> Any:
    """The font we draw with; a second goes by before its tables are read, and what is read takes too much memory to be kept."""
    from fontTools.ttLib import TTFont
    return TTFont(font_file(), fontNumber=SIMPLIFIED, lazy=True)


def characters(text: str) -> str:
    """What `cut` is asked for: the characters of a text and all of ASCII."""
    return "".join(sorted({*text, *map(chr, range(32, 127))}))
