"""Draws how votes move from round to round: a bar for each round, cut by candidates, and bands from each to the next."""

from typing import TYPE_CHECKING, Any

from services import chart

if TYPE_CHECKING:
    from PIL import ImageDraw

BAR, GAP = 58, 92  # heights of a round's bar, and of the bands below it
STAYS, MOVES = "#edf3f0", "#8fb5a4"  # bands of those who keep their votes, and of those whose votes pass on
STEPS = 16  # of a band's curve
_SPAN = chart.WIDTH - 2 * chart.MARGIN


class Flow:
    """Rounds from top to bottom. Facts: `steps`, per round each candidate's part in thousandths (the last is what counts no more);
    `moves`, between two rounds, lists of from, to and thousandths; `strong`, who won. Candidates bear their numbers."""

    def __init__(self, facts: dict[str, Any]):
        self.steps, self.moves, self.strong = facts["steps"], facts["moves"], set(facts["strong"])
        self.height = len(self.steps) * BAR + len(self.moves) * GAP + 34

    def draw(self, pen: "ImageDraw.ImageDraw", y: int) -> None:
        """Draws it from here down: bands first, bars over their ends."""
        for n, moves in enumerate(self.moves):
            self._bands(pen, self.steps[n], self.steps[n + 1], moves, y + n * (BAR + GAP) + BAR)
        for n, parts in enumerate(self.steps):
            self._bar(pen, parts, y + n * (BAR + GAP))

    def _bar(self, pen: "ImageDraw.ImageDraw", parts: list[int], y: int) -> None:
        left = 0
        for i, part in enumerate(parts):
            if part:
                lost, strong = i == len(parts) - 1, i in self.strong
                x0, x1 = _x(left), _x(left + part)
                pen.rectangle((x0, y, max(x0, x1 - 4), y + BAR), fill=chart.TRACK if lost else chart.LEAD if strong else chart.BAR)
                if not lost and x1 - x0 >= 40:
                    pen.text(((x0 + x1 - 4) // 2, y + BAR // 2), str(i + 1), font=chart.font(30, bold=strong),
                             fill=chart.PAPER if strong else chart.INK, anchor="mm")
            left += part

    def _bands(self, pen: "ImageDraw.ImageDraw", above: list[int], below: list[int], moves: list[list[int]], y: int) -> None:
        from_, to = _edges(above), _edges(below)
        for source, target, part in sorted(moves):  # in the order of the bars, so that bands of one bar lie side by side
            ink = STAYS if source == target else MOVES
            a, b = from_[source], to[target]
            from_[source], to[target] = a + part, b + part
            left = [(_between(_x(a), _x(b), k), y + GAP * k // STEPS) for k in range(STEPS + 1)]
            right = [(_between(_x(a + part), _x(b + part), k), y + GAP * k // STEPS) for k in range(STEPS + 1)]
            pen.polygon([*left, *reversed(right)], fill=ink)


def _x(part: int) -> int:
    return chart.MARGIN + _SPAN * min(part, 1000) // 1000


def _edges(parts: list[int]) -> list[int]:
    found = [0]
    for part in parts:
        found.append(found[-1] + part)
    return found


def _between(a: int, b: int, step: int) -> int:
    """On a curve that leaves and arrives upright."""
    t = step / STEPS
    return int(a + (b - a) * t * t * (3 - 2 * t))
