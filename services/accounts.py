"""Console accounts: passwords, sessions that end, and a brake on guessing that outlives Redis.

A try is counted before its password is looked at, and hashing happens outside every transaction: neither many
tries at once nor slow hashing gets past the brake or in the way of the chat.
"""

import ipaddress
import secrets
import threading
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
SEEN_EVERY = timedelta(minutes=1)
_hasher = PasswordHasher()
_hashing = threading.Semaphore(2)  # each hash takes 64 MB
_NOBODY = _hasher.hash(secrets.token_hex(8))  # compared with when the user does not exist, so that both take as long


@dataclass(frozen=True, slots=True)
class Login:
    """An account that is signed in."""

    account_id: int
    username: str
    actor: Actor
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Try:
    """A try to give the right password: counted, not yet judged."""

    counted: dict[str, int]  # who (account, address) and the row that counts this try
    account_id: int | None
    community_id: int | None
    password_hash: str


def create(tx: Tx, actor: Actor, *, username: str, password: str, community_id: int | None, now: datetime) -> int:
    """Creates an admin account for one community, or for all."""
    _check(password)
    if not username.strip() or tx.first(select(account.c.id).where(account.c.username == username)) is not None:
        raise Refusal("account.taken")
    new = tx.add(account, username=username, password_hash=_hasher.hash(password), role=Role.ADMIN,
                 community_id=community_id, created_at=now)
    audit.note(tx, actor, "account.create", f"account:{new}", now=now, community_id=community_id)
    return new


# --- a try, in the order of its steps ---------------------------------------------------------------------------
def brake(tx: Tx, *, username: str, address: str, now: datetime) -> None:
    """Refuses when this account or this address has failed too often; costs no write."""
    for name, most in _limits(username, address).items():
        if _failures(tx, name, now) >= most:
            raise _too_many()


def begin(tx: Tx, *, username: str, address: str, now: datetime) -> Try:
    """Counts the try as failed until it succeeds, and finds the account; the caller commits before `judge`."""
    tx.execute(delete(login_failure).where(login_failure.c.at < now - timedelta(days=1)))
    counted = {name: tx.add(login_failure, who=name, at=now) for name in _limits(username, address)}
    row = tx.first(select(account.c.id, account.c.community_id, account.c.password_hash).where(
        account.c.username == username, account.c.disabled_at.is_(None), account.c.role == Role.ADMIN))
    return Try(counted, row.id, row.community_id, row.password_hash) if row else Try(counted, None, None, _NOBODY)


def judge(tx: Tx, tried: Try, *, now: datetime) -> None:
    """Refuses a try that came together with too many others; only then is the password worth looking at."""
    for name, most in zip(tried.counted, (PER_ACCOUNT, PER_ADDRESS), strict=True):
        if _failures(tx, name, now) > most:
            raise _too_many()


def fits(tried: Try, password: str) -> bool:
    """True for the right password; as slow for an account that does not exist. Called outside any transaction."""
    with _hashing:
        try:
            _hasher.verify(tried.password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False
    return tried.account_id is not None


def fail(tx: Tx, tried: Try, *, now: datetime) -> None:
    """Notes a wrong password; the count of the try stays."""
    audit.note(tx, _as(tried.account_id or 0, tried.community_id), "account.login_failed",
               f"account:{tried.account_id or '?'}", now=now)


def succeed(tx: Tx, tried: Try, *, now: datetime) -> str:
    """Takes the count back and opens a session; returns its token."""
    assert tried.account_id is not None
    _forgive(tx, tried)
    audit.note(tx, _as(tried.account_id, tried.community_id), "account.login", f"account:{tried.account_id}", now=now)
    return _session(tx, tried.account_id, now)


# --- sessions -----------------------------------------------------------------------------------------------------
def signed_in(tx: Tx, token: str, *, now: datetime) -> Login | None:
    """Who this session belongs to, while it is neither idle for too long nor too old nor ended."""
    row = tx.first(select(console_session.c.seen_at, account.c.id, account.c.username, account.c.community_id)
                   .join_from(console_session, account)
                   .where(console_session.c.token_hash == fingerprint(token), console_session.c.ended_at.is_(None),
                          console_session.c.seen_at > now - IDLE, console_session.c.created_at > now - ABSOLUTE,
                          account.c.disabled_at.is_(None), account.c.role == Role.ADMIN))
    return Login(row.id, row.username, _as(row.id, row.community_id), row.seen_at) if row else None


def touch(tx: Tx, token: str, *, now: datetime) -> None:
    """Notes that the session is in use."""
    tx.execute(update(console_session).where(console_session.c.token_hash == fingerprint(token)).values(seen_at=now))


def sign_out(tx: Tx, login: Login, token: str, *, now: datetime) -> None:
    """Ends the session on the server."""
    tx.execute(update(console_session).where(console_session.c.token_hash == fingerprint(token)).values(ended_at=now))
    audit.note(tx, login.actor, "account.logout", f"account:{login.account_id}", now=now)


def new_hash(password: str) -> str:
    """The hash of a password that is long enough. Called outside any transaction."""
    _check(password)
    with _hashing:
        return _hasher.hash(password)


def change_password(tx: Tx, login: Login, tried: Try, *, password_hash: str, now: datetime) -> str:
    """Sets a new password, ends every session of the account, and returns the token of a new one."""
    _forgive(tx, tried)
    tx.execute(update(account).where(account.c.id == login.account_id).values(password_hash=password_hash))
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


def _limits(username: str, address: str) -> dict[str, int]:
    return {f"user:{fingerprint(username)[:32]}": PER_ACCOUNT, f"ip:{_network(address)}": PER_ADDRESS}


def _network(address: str) -> str:
    """The address; of IPv6 the /64 that one household or one attacker has whole."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _failures(tx: Tx, name: str, now: datetime) -> int:
    return int(tx.scalar(select(func.count()).select_from(login_failure).where(
        login_failure.c.who == name, login_failure.c.at > now - WINDOW)))


def _forgive(tx: Tx, tried: Try) -> None:
    """Forgets the account's failures, and of the address only this try: other accounts may be under attack from there."""
    by_account, by_address = tried.counted
    tx.execute(delete(login_failure).where(login_failure.c.who == by_account))
    tx.execute(delete(login_failure).where(login_failure.c.id == tried.counted[by_address]))


def _too_many() -> Refusal:
    return Refusal("account.too_many", minutes=int(WINDOW.total_seconds()) // 60)


def _check(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal("account.short_password", least=SHORTEST_PASSWORD)
