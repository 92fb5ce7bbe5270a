"""Console accounts: passwords, sessions that end, and a brake on guessing that outlives Redis."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, func, select, update

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.secret import fingerprint
from models.tables import account, console_session, login_failure
from services import audit

SHORTEST_PASSWORD = 10
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 5, 20
_SEEN_EVERY = timedelta(minutes=1)
_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_hex(8))  # compared with when the user does not exist, so that both take as long


@dataclass(frozen=True, slots=True)
class Login:
    """An account that is signed in."""

    account_id: int
    username: str
    actor: Actor


def create(tx: Tx, actor: Actor, *, username: str, password: str, community_id: int | None, now: datetime) -> int:
    """Creates an admin account for one community, or for all."""
    _check(password)
    if not username.strip() or tx.first(select(account.c.id).where(account.c.username == username)) is not None:
        raise Refusal("account.taken")
    new = tx.add(account, username=username, password_hash=_hasher.hash(password), role=Role.ADMIN,
                 community_id=community_id, created_at=now)
    audit.note(tx, actor, "account.create", f"account:{new}", now=now, community_id=community_id)
    return new


def sign_in(tx: Tx, *, username: str, password: str, address: str, now: datetime) -> str | None:
    """The token of a new session, or None when name or password are wrong; a Refusal after too many tries."""
    names = (f"user:{fingerprint(username)[:32]}", f"ip:{address}")
    _brake(tx, names, now)
    row = tx.first(select(account).where(account.c.username == username, account.c.disabled_at.is_(None)))
    if not _fits(row.password_hash if row else _NOBODY, password) or row is None:
        for name in names:
            tx.add(login_failure, who=name, at=now)
        tx.execute(delete(login_failure).where(login_failure.c.at < now - timedelta(days=1)))
        audit.note(tx, _as(0, None), "account.login_failed", "account:?", now=now)
        return None
    tx.execute(delete(login_failure).where(login_failure.c.who == names[0]))
    audit.note(tx, _as(row.id, row.community_id), "account.login", f"account:{row.id}", now=now)
    return _session(tx, row.id, now)


def signed_in(tx: Tx, token: str, *, now: datetime) -> Login | None:
    """Who this session belongs to, while it is neither idle for too long nor too old nor ended."""
    row = tx.first(select(console_session.c.seen_at, account.c.id, account.c.username, account.c.community_id)
                   .join_from(console_session, account)
                   .where(console_session.c.token_hash == fingerprint(token), console_session.c.ended_at.is_(None),
                          console_session.c.seen_at > now - IDLE, console_session.c.created_at > now - ABSOLUTE,
                          account.c.disabled_at.is_(None)))
    return Login(row.id, row.username, _as(row.id, row.community_id)) if row else None


def needs_touch(tx: Tx, token: str, *, now: datetime) -> bool:
    """True when the session was seen long enough ago to be worth a write."""
    return tx.first(select(console_session.c.id).where(
        console_session.c.token_hash == fingerprint(token), console_session.c.seen_at < now - _SEEN_EVERY)) is not None


def touch(tx: Tx, token: str, *, now: datetime) -> None:
    """Notes that the session is in use."""
    tx.execute(update(console_session).where(console_session.c.token_hash == fingerprint(token)).values(seen_at=now))


def sign_out(tx: Tx, token: str, *, now: datetime) -> None:
    """Ends the session on the server."""
    tx.execute(update(console_session).where(console_session.c.token_hash == fingerprint(token)).values(ended_at=now))


def change_password(tx: Tx, login: Login, *, old: str, new: str, now: datetime) -> str:
    """Sets a new password, ends every session of the account, and returns the token of a new one."""
    row = tx.execute(select(account.c.password_hash).where(account.c.id == login.account_id)).one()
    if not _fits(row.password_hash, old):
        raise Refusal("account.wrong_password")
    _check(new)
    tx.execute(update(account).where(account.c.id == login.account_id).values(password_hash=_hasher.hash(new)))
    tx.execute(update(console_session).where(console_session.c.account_id == login.account_id,
                                             console_session.c.ended_at.is_(None)).values(ended_at=now))
    audit.note(tx, login.actor, "account.password", f"account:{login.account_id}", now=now)
    return _session(tx, login.account_id, now)


def _as(account_id: int, community_id: int | None) -> Actor:
    return Actor(f"account:{account_id}", Role.ADMIN, community_id)


def _session(tx: Tx, account_id: int, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    tx.add(console_session, token_hash=fingerprint(token), account_id=account_id, created_at=now, seen_at=now)
    return token


def _brake(tx: Tx, names: tuple[str, str], now: datetime) -> None:
    for name, most in zip(names, (PER_ACCOUNT, PER_ADDRESS), strict=True):
        tries = tx.scalar(select(func.count()).select_from(login_failure).where(
            login_failure.c.who == name, login_failure.c.at > now - WINDOW))
        if tries >= most:
            raise Refusal("account.too_many", minutes=int(WINDOW.total_seconds()) // 60)


def _check(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal("account.short_password", least=SHORTEST_PASSWORD)


def _fits(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False
