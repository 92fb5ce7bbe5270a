"""What happens to a poll's ballots when it ends: they are counted, put in a tree, and stay as they are."""

from typing import Any

from sqlalchemy import Row

from domain import merkle
from domain.firmness import firm
from models.base import Tx
from models.tables import poll_tree
from services import decisions, published, secrecy, standing

SEARCHED = 3000  # different ballots of an order or a budget, among which a search still takes less than a second


def freeze(tx: Tx, row: Row[Any], *, asked: int) -> tuple[dict[str, Any], str]:
    """The result facts and the root of the published ballots; a secret poll's choices lose their persons here."""
    broken = secrecy.burn(tx, row) if row.secret else []
    result, decided = standing.counted(tx, row), None
    if row.secret and result["ballots"] < standing.SECRET_LEAST:
        result = {"ballots": result["ballots"], "winners": [], "tied": [], "few": True}
    else:
        decided = decisions.facts(tx, row, result, asked)
        margin = decisions.firm(tx, row, result, decided) if decided else _firm(tx, row, result, asked)
        result |= {"firm": margin} if margin is not None else {}
    result["asked"] = max(asked, result["ballots"])
    if decided is not None:
        result["class"] = decided
    if broken:
        result["broken"] = sorted(broken)
    tree = published.tree(tx, row)
    tx.add(poll_tree, poll_id=row.id, size=tree.size, levels=merkle.packed(tree))
    return result, tree.root.hex()


def _firm(tx: Tx, row: Row[Any], result: dict[str, Any], asked: int) -> dict[str, Any] | None:
    """How firm the result is: what it would have taken to turn it."""
    counts, absent = standing.counts(tx, row), asked > result["ballots"]
    if row.kind == "signup" or not result["ballots"] or (row.kind in ("ranked", "budget") and len(counts) > SEARCHED):
        return None
    found = firm(row.kind, counts, len(row.options), row.rules, result, max(asked, result["ballots"]))
    return None if found is None else {
        "changed": found.changed, "exact": found.exact, "rival": found.rival, "absent": found.absent_could if absent else None,
        "agree": found.agree}
