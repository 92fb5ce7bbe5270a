"""What a round says, computed from its material. Holds ids, counts and theme words, no sentences and no persons, so that
what is kept of it stands in the way of nobody's right to be forgotten.

Imports numpy and scipy through opinions; the scheduler and tools import it, pages and handlers never do.
"""

import json
from collections.abc import Iterable
from typing import Any

from opinions import findings, matrix, rounds
from services.round_material import Material
from services.round_themes import themes

VERSION = 1
ORDERS = {"floor": ("ground", "lower", "middle", "upper", "top")}


def compute(material: Material, *, about: str = "", warm: str | None = None) -> dict[str, Any]:
    """The findings as plain data for JSON; `warm` is the state of the last map, so that groups keep their places."""
    last = rounds.State.from_json(json.loads(warm)) if warm else None
    votes = matrix.from_events(((p, s, v) for p, s, v, _ in material.votes), out=material.hidden)
    found = findings.of(votes, material.groups, last, orders=ORDERS)
    for each in found["divided"]:
        each["reasons"] = [by_theme(material, side, about) for side in each["reasons"]]
    shown = [i for i, row in material.statements.items() if row.state == "shown"]
    return found | {"version": VERSION, "shown": shown, "voices": {str(i): material.voices.get(i, 0) for i in shown},
                    "themes": by_theme(material, shown, about)}


def by_theme(material: Material, ids: Iterable[int], about: str) -> list[list[Any]]:
    """The statements under the words that several of them share: [word, ids]."""
    return [[word, keys] for word, keys in themes({i: material.statements[i].text for i in ids}, about=about)]
