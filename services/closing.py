"""What happens to a poll's ballots when it ends: they are counted, put in a tree, and stay as they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from domain import merkle
from models.base import Tx
from models.tables import poll_tree
from services import published, secrecy, standing


def freeze(tx: Tx, row: Row[Any], *, now: datetime) -> tuple[dict[str, Any], str]:
    """The result facts and the root of the published ballots; a secret poll's choices lose their persons here."""
    broken = secrecy.burn(tx, row) if row.secret else []
    result = standing.counted(tx, row)
    if row.secret and result["ballots"] < standing.SECRET_LEAST:
        result = {"ballots": result["ballots"], "winners": [], "tied": [], "few": True}
    if broken:
        result["broken"] = sorted(broken)
    with published.many_rows():
        tree = published.tree(tx, row)
    tx.add(poll_tree, poll_id=row.id, size=tree.size, levels=merkle.packed(tree))
    return result, tree.root.hex()
