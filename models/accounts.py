"""The tables of console accounts beside their passwords: what each may be where, and second factors."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from models.base import Utc
from models.secret import Sealed
from models.tables import BigId, metadata


def _of_account(name: str, *columns: Column | UniqueConstraint | Index, unique: bool = False) -> Table:
    return Table(name, metadata, Column("id", BigId, primary_key=True, autoincrement=True),
                 Column("account_id", BigId, ForeignKey("account.id"), nullable=False, unique=unique, index=not unique), *columns)


account_post = _of_account(
    "account_post", Column("community_id", BigId, ForeignKey("community.id")),  # NULL: every community
    Column("role", String(16), nullable=False), UniqueConstraint("account_id", "community_id"),
)
account_party = _of_account(  # for whom a property's or a committee's account acts
    "account_party", Column("party_id", BigId, ForeignKey("party.id"), nullable=False), UniqueConstraint("account_id", "party_id"),
)
account_factor = _of_account(
    "account_factor", Column("secret", Sealed, nullable=False), Column("last_step", Integer, nullable=False, server_default="0"),
    Column("made_at", Utc, nullable=False), Column("confirmed_at", Utc),  # NULL: shown, and not yet proved to be in the app
    unique=True,
)
recovery_code = _of_account(
    "recovery_code", Column("code_hash", String(64), nullable=False), Column("used_at", Utc),
    UniqueConstraint("account_id", "code_hash"),
)
