"""Accounts of before keep what they could do; on the way down nobody gets more than they had."""

from typing import Any

from sqlalchemy import inspect

from models.base import Database
from ops import database
from tests.models.test_upgrade import _put, _rows, old

__all__ = ["old"]


def test_accounts_keep_their_rights(old: Database) -> None:
    """An admin of one community, one of all, and afterwards roles the old shape does not know."""
    database.upgrade(old, "0010")
    place, other = _put(old, "community", code="east"), _put(old, "community", code="west")
    one = _put(old, "account", username="one", role="admin", community_id=place)
    every = _put(old, "account", username="all", role="admin")
    session = _put(old, "console_session", account_id=one, token_hash="t")
    before = _rows(old, "account")
    database.upgrade(old, "0013")
    assert _posts(old) == {(one, place, "admin"), (every, None, "system_admin")}
    assert _rows(old, "console_session")[session]["stage"] == "open"
    grid = _put(old, "account", username="grid")
    _put(old, "account_post", account_id=grid, community_id=place, role="grid_worker")
    both = _put(old, "account", username="both")
    for where in (place, other):
        _put(old, "account_post", account_id=both, community_id=where, role="street_admin")
    nobody = _put(old, "account", username="nobody")
    _put(old, "account_factor", account_id=one, secret="sealed")
    _put(old, "console_session", account_id=grid, token_hash="half", stage="code")
    database.downgrade(old, "0010")
    after = _rows(old, "account")
    assert {key: after[key] for key in before} == before
    assert all(after[key]["disabled_at"] is not None for key in (grid, both, nobody))
    assert all(row["ended_at"] is not None for row in _rows(old, "console_session").values() if row["token_hash"] == "half")
    database.upgrade(old, "0013")
    assert {(one, place, "admin"), (every, None, "system_admin")} <= _posts(old)


def test_photos_of_forms_have_no_place_in_the_old_shape(old: Database) -> None:
    """Those that people sent stay; for whom accounts act is new."""
    database.upgrade(old, "0019")
    place = _put(old, "community", code="east")
    firm, who = _put(old, "party", community_id=place), _put(old, "person", community_id=place)
    key = _put(old, "account", username="one")
    _put(old, "account_party", account_id=key, party_id=firm)
    sent, brought = (_put(old, "photo", community_id=place, person_id=person) for person in (who, None))
    assert set(_rows(old, "photo")) == {sent, brought}
    database.downgrade(old, "0017")
    assert set(_rows(old, "photo")) == {sent} and "account_party" not in inspect(old.engine).get_table_names()
    database.upgrade(old, "0019")
    assert _rows(old, "account_party") == {}


def _posts(db: Database) -> set[tuple[Any, ...]]:
    return {(r["account_id"], r["community_id"], r["role"]) for r in _rows(db, "account_post").values()}


