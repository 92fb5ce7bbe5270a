"""Draws what a round has brought: a map of opinions when groups are clear, and a ladder of common ground.

Groups differ by shape and by darkness, sides by place and hatching, so that nothing depends on seeing colours.
"""

from typing import TYPE_CHECKING, Any

from services.chart import (
    GREY,
    INK,
    LEAD,
    LINE,
    MARGIN,
    PAPER,
    WIDTH,
    font,
    lines,
    png,
    wrapped,
)

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

AGAINST, PASSED = "#c4581a", "#d9e0e4"
GROUPS = (("#1b6ca8", "#dcebf6"), ("#c4581a", "#f9e4d6"), ("#2f7d5b", "#dff0e7"), ("#6b4a9e", "#e9e2f4"), ("#8a6d00", "#f5eccb"))
_TEXT = WIDTH - 2 * MARGIN
_MAP_HEIGHT, _FINE = 560, 2  # drawn twice as large and made smaller, so that edges are smooth
_DOT = 13
_AROUND = sorted(((dx, dy) for dx in range(-30, 31) for dy in range(-16, 17)), key=lambda d: (d[0] ** 2 + d[1] ** 2, d))
Point = tuple[float, float]


def draw(facts: dict[str, Any]) -> bytes:
    """A PNG, 1080 pixels wide; the facts are those of services/round_picture.py."""
    from PIL import Image, ImageDraw

    measure = ImageDraw.Draw(Image.new("RGB", (8, 8)))
    parts: list[_Part] = [_Words(measure, facts["title"], 46, INK, bold=True, step=62, after=10, most=3),
                          _Words(measure, facts["subtitle"], 34, GREY, step=50, after=26)]
    if facts["map"]:
        parts += [_Words(measure, facts["map"]["head"], 36, INK, bold=True, step=50, after=14), _Map(facts["map"]),
                  *(_Group(measure, n, g) for n, g in enumerate(facts["map"]["groups"])), _Gap(18)]
    for part in facts["ladder"]:
        parts.append(_Words(measure, part["head"], 40, INK, bold=True, step=50, after=14))
        parts += [_Rung(measure, rung) for rung in part["rungs"]] or [
            _Words(measure, part["none"], 34, INK, step=50, after=20)]
        parts.append(_Gap(10))
    parts += [_Key(facts["key"]), _Words(measure, facts["footer"], 29, GREY, step=42, after=24)]
    image = Image.new("RGB", (WIDTH, 64 + sum(part.height for part in parts)), PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, 12), fill=LEAD)
    y = 56
    for part in parts:
        part.draw(image, pen, y)
        y += part.height
    return png(image, 128)


class _Part:
    """Something that stands under what came before."""

    height = 0

    def draw(self, image: "Image.Image", pen: "ImageDraw.ImageDraw", y: int) -> None:
        """Draws it from here down."""


class _Gap(_Part):
    def __init__(self, height: int):
        self.height = height


class _Words(_Part):
    """Lines of text."""

    def __init__(self, measure: "ImageDraw.ImageDraw", text: str, size: int, ink: str, *, step: int, after: int, bold: bool = False,
                 most: int = 2):
        self.font, self.ink, self.step = font(size, bold=bold), ink, step
        self.rows = wrapped(measure, text, self.font, _TEXT, most=most)
        self.height = len(self.rows) * step + after

    def draw(self, image: "Image.Image", pen: "ImageDraw.ImageDraw", y: int) -> None:
        lines(pen, self.rows, self.font, self.ink, y, self.step)


class _Map(_Part):
    """People as marks, each group in its own shape, darkness and outline, with its letter in the middle."""

    height = _MAP_HEIGHT + 24

    def __init__(self, facts: dict[str, Any]):
        self.facts = facts

    def draw(self, image: "Image.Image", pen: "ImageDraw.ImageDraw", y: int) -> None:
        from PIL import Image, ImageDraw

        size = (_TEXT * _FINE, _MAP_HEIGHT * _FINE)
        sheet = Image.new("RGB", size, "#f6f8f9")
        fine = ImageDraw.Draw(sheet)
        placed = _placed(self.facts["points"], size)
        for n in range(len(self.facts["groups"])):
            _cloud(fine, [p for p, g in placed if g == n], GROUPS[n % len(GROUPS)][1])
        for point, g in placed:
            _mark(fine, g, point, _DOT * _FINE)
        for n, group in enumerate(self.facts["groups"]):
            _named(fine, [p for p, g in placed if g == n], group["letter"], GROUPS[n % len(GROUPS)][0], size)
        image.paste(sheet.resize((_TEXT, _MAP_HEIGHT), Image.Resampling.LANCZOS), (MARGIN, y))
        pen.rectangle((MARGIN, y, WIDTH - MARGIN, y + _MAP_HEIGHT), outline=LINE, width=2)


class _Group(_Part):
    """A group's mark, its name and what it stands for."""

    def __init__(self, measure: "ImageDraw.ImageDraw", place: int, facts: dict[str, Any]):
        self.place, self.name = place, facts["name"]
        self.rows = wrapped(measure, facts["said"], font(33), _TEXT - 160, most=2)
        self.height = len(self.rows) * 48 + 12

    def draw(self, image: "Image.Image", pen: "ImageDraw.ImageDraw", y: int) -> None:
        _mark(pen, self.place, (MARGIN + 18, y + 24), 17)
        pen.text((MARGIN + 46, y), self.name, font=font(34, bold=True), fill=INK)
        for n, row in enumerate(self.rows):
            pen.text((MARGIN + 160, y + 1 + n * 48), row, font=font(33), fill=INK)


class _Rung(_Part):
    """A statement with its bar: who agrees from the left, who does not from the right, who passed in between."""

    def __init__(self, measure: "ImageDraw.ImageDraw", facts: dict[str, Any]):
        self.facts = facts
        self.rows = wrapped(measure, facts["text"], font(36), _TEXT, most=3)
        self.height = len(self.rows) * 52 + 46 + 44 + (44 if facts["across"] else 0) + 22

    def draw(self, image: "Image.Image", pen: "ImageDraw.ImageDraw", y: int) -> None:
        y = lines(pen, self.rows, font(36), INK, y, 52) + 10
        _bar(image, self.facts["counts"], y)
        y += 36
        pen.text((MARGIN, y), self.facts["said"], font=font(31), fill=INK)
        if self.facts["across"]:
            pen.text((MARGIN, y + 44), self.facts["across"], font=font(31, bold=True), fill=LEAD)


class _Key(_Part):
    """What the parts of a bar mean."""

    height = 68

    def __init__(self, names: list[str]):
        self.names = names

    def draw(self, image: "Image.Image", pen: "ImageDraw.ImageDraw", y: int) -> None:
        pen.line((MARGIN, y, WIDTH - MARGIN, y), fill=LINE, width=2)
        x = MARGIN
        for n, name in enumerate(self.names):
            counts = [0, 0, 0]
            counts[n] = 1
            _bar(image, counts, y + 20, left=x, width=44)
            pen.text((x + 56, y + 14), name, font=font(29), fill=GREY)
            x += 56 + int(pen.textlength(name, font=font(29))) + 40


def _bar(image: "Image.Image", counts: list[int], y: int, *, left: int = MARGIN, width: int = _TEXT) -> None:
    """Agrees solid, passes empty, disagrees hatched."""
    from PIL import Image, ImageDraw

    whole, height = max(1, sum(counts)), 26
    size = (width * _FINE, height * _FINE)
    sheet = Image.new("RGB", size, PASSED)
    if counts[2]:
        hatched = Image.new("RGB", (size[0] * counts[2] // whole, size[1]), "#f3c9ac")
        pen = ImageDraw.Draw(hatched)
        for x in range(-size[1], hatched.width, 18):
            pen.line((x, size[1], x + size[1], 0), fill=AGAINST, width=7)
        sheet.paste(hatched, (size[0] - hatched.width, 0))
    if counts[0]:
        sheet.paste(Image.new("RGB", (size[0] * counts[0] // whole, size[1]), LEAD), (0, 0))
    small = sheet.resize((width, height), Image.Resampling.LANCZOS)
    shape = Image.new("L", (width, height), 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, width - 1, height - 1), radius=min(10, width // 4), fill=255)
    image.paste(small, (left, y), shape)


# --- the map --------------------------------------------------------------------------------------------------
def _placed(points: list[list[float]], size: tuple[int, int]) -> list[tuple[Point, int]]:
    """Where each mark stands on the sheet: the same scale both ways, in the middle; marks at one place stand side by side."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    edge, high_edge = 60 * _FINE, 96 * _FINE
    wide, high = max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0
    scale = min((size[0] - 2 * edge) / wide, (size[1] - 2 * high_edge) / high)
    at = [((x - (max(xs) + min(xs)) / 2) * scale + size[0] / 2, (y - (max(ys) + min(ys)) / 2) * scale + size[1] / 2, int(g))
          for x, y, g in points]
    found: list[tuple[Point, int]] = []
    for x, y, g in at:
        found.append((_free((x, y), [place for place, _ in found], size), g))
    return found


def _free(at: Point, taken: list[Point], size: tuple[int, int]) -> Point:
    """The place itself, or the nearest one on a grid around it where no mark stands yet and that is on the sheet."""
    apart, edge = _DOT * _FINE, 2 * _DOT * _FINE
    for dx, dy in _AROUND:
        x, y = at[0] + dx * apart * 1.3, at[1] + dy * apart * 1.3
        inside = edge <= x <= size[0] - edge and edge <= y <= size[1] - edge
        if inside and not any(abs(x - a) < apart and abs(y - b) < apart for a, b in taken):
            return x, y
    return at


def _cloud(pen: "ImageDraw.ImageDraw", points: list[Point], ink: str) -> None:
    """The ground a group stands on: the hull of its marks with a broad edge."""
    wide = 84 * _FINE // 2
    hull = _hull(points)
    if len(hull) > 2:
        pen.polygon(hull, fill=ink)
    if len(hull) > 1:
        pen.line([*hull, hull[0]], fill=ink, width=2 * wide, joint="curve")
    for x, y in hull:
        pen.ellipse((x - wide, y - wide, x + wide, y + wide), fill=ink)


def _hull(points: list[Point]) -> list[Point]:
    """The convex hull, counter-clockwise."""
    spread = sorted(set(points))
    if len(spread) < 3:
        return spread

    def half(row: list[Point]) -> list[Point]:
        kept: list[Point] = []
        for p in row:
            while len(kept) > 1 and ((kept[-1][0] - kept[-2][0]) * (p[1] - kept[-2][1])
                                     <= (kept[-1][1] - kept[-2][1]) * (p[0] - kept[-2][0])):
                kept.pop()
            kept.append(p)
        return kept[:-1]
    return half(spread) + half(spread[::-1])


def _mark(pen: "ImageDraw.ImageDraw", group: int, at: Point, size: float) -> None:
    """Circle, square, triangle, diamond, ring: the shape says the group."""
    (x, y), ink = at, GROUPS[group % len(GROUPS)][0]
    box = (x - size, y - size, x + size, y + size)
    kind = group % 5
    if kind == 0:
        pen.ellipse(box, fill=ink, outline=PAPER, width=2)
    elif kind == 1:
        pen.rectangle((x - size * 0.88, y - size * 0.88, x + size * 0.88, y + size * 0.88), fill=ink, outline=PAPER, width=2)
    elif kind == 2:
        wide, low = size * 1.1, size * 0.9
        pen.polygon([(x, y - wide), (x + wide, y + low), (x - wide, y + low)], fill=ink, outline=PAPER)
    elif kind == 3:
        pen.polygon([(x, y - size * 1.2), (x + size * 1.2, y), (x, y + size * 1.2), (x - size * 1.2, y)], fill=ink, outline=PAPER)
    else:
        pen.ellipse(box, fill=PAPER, outline=ink, width=max(3, int(size / 3)))


def _named(pen: "ImageDraw.ImageDraw", points: list[Point], letter: str, ink: str, size: tuple[int, int]) -> None:
    """The group's letter above its marks, inside the sheet."""
    if not points:
        return
    x, top = sum(p[0] for p in points) / len(points), min(p[1] for p in points)
    y = max(4 * _FINE, top - 72 * _FINE)
    pen.text((min(max(x, 40 * _FINE), size[0] - 40 * _FINE), y), letter, font=font(36 * _FINE, bold=True), fill=ink, anchor="ma",
             stroke_width=3 * _FINE, stroke_fill=PAPER)
