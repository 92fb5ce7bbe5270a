"""Console accounts: passwords, and a brake on guessing that outlives Redis. Sessions are in logins.py, roles in posts.py.

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
from domain.roles import ACCOUNT_ROLES, Actor, Role
from models.accounts import account_post
from models.base import Tx
from models.secret import fingerprint
from models.tables import account, login_failure
from services import audit

SHORTEST_PASSWORD = 10
LONGEST_NAME = 64
WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 5, 20
_hasher = PasswordHasher()
_hashing = threading.Semaphore(2)  # each hash takes 64 MB
_NOBODY = _hasher.hash(secrets.token_hex(8))  # compared with when the user does not exist, so that both take as long


@dataclass(frozen=True, slots=True)
class Try:
    """A try to give the right password: counted, not yet judged."""

    counted: dict[str, int]  # who (account, address) and the row that counts this try
    account_id: int | None
    password_hash: str


def create(tx: Tx, actor: Actor, *, username: str, password: str, community_id: int | None, now: datetime,
           role: Role | None = None, must_change: bool = False) -> int:
    """Creates an account with one post: in one community (an admin unless told), or in all (an admin of the system)."""
    _check(password)
    username = username.strip()
    if not username or len(username) > LONGEST_NAME or not username.isprintable() \
            or tx.first(select(account.c.id).where(account.c.username == username)) is not None:
        raise Refusal("account.taken")
    role = role or (Role.SYSTEM_ADMIN if community_id is None else Role.ADMIN)
    if role not in ACCOUNT_ROLES or (role is Role.SYSTEM_ADMIN) > (community_id is None):
        raise Refusal("account.no_such_role")
    new = tx.add(account, username=username, password_hash=_hasher.hash(password), created_at=now, must_change=must_change)
    tx.add(account_post, account_id=new, community_id=community_id, role=role)
    audit.note(tx, actor, "account.create", f"account:{new}", now=now, community_id=community_id, role=role)
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
    row = tx.first(select(account.c.id, account.c.password_hash).where(
        account.c.username == username, account.c.disabled_at.is_(None),
        select(account_post.c.id).where(account_post.c.account_id == account.c.id).exists()))
    return Try(counted, row.id, row.password_hash) if row else Try(counted, None, _NOBODY)


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
    audit.note(tx, itself(tx, tried.account_id or 0), "account.login_failed", f"account:{tried.account_id or '?'}", now=now)


def forgive(tx: Tx, tried: Try) -> None:
    """Forgets the account's failures, and of the address only this try: other accounts may be under attack from there."""
    by_account, by_address = tried.counted
    tx.execute(delete(login_failure).where(login_failure.c.who == by_account))
    tx.execute(delete(login_failure).where(login_failure.c.id == tried.counted[by_address]))


def locked(tx: Tx, username: str, *, now: datetime) -> bool:
    """True while the account may not even try, after too many wrong passwords."""
    return _failures(tx, _user(username), now) >= PER_ACCOUNT


def unlock(tx: Tx, username: str) -> None:
    """Forgets the wrong passwords of the account."""
    tx.execute(delete(login_failure).where(login_failure.c.who == _user(username)))


def itself(tx: Tx, account_id: int) -> Actor:
    """The account as records name it before it is known what it may: with its community, when it has only one."""
    places = set(tx.connection.scalars(select(account_post.c.community_id).where(account_post.c.account_id == account_id)))
    return Actor(f"account:{account_id}", Role.RESIDENT, places.pop() if len(places) == 1 else None)


def new_hash(password: str) -> str:
    """The hash of a password that is long enough. Called outside any transaction."""
    _check(password)
    with _hashing:
        return _hasher.hash(password)


def set_password(tx: Tx, account_id: int, *, password_hash: str, must_change: bool = False) -> None:
    """Stores the hash of a new password; the caller ends sessions and notes who did it."""
    tx.execute(update(account).where(account.c.id == account_id).values(password_hash=password_hash, must_change=must_change))


def _limits(username: str, address: str) -> dict[str, int]:
    return {_user(username): PER_ACCOUNT, f"ip:{_network(address)}": PER_ADDRESS}


def _user(username: str) -> str:
    return f"user:{fingerprint(username)[:32]}"


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


def _too_many() -> Refusal:
    return Refusal("account.too_many", minutes=int(WINDOW.total_seconds()) // 60)


def _check(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal("account.short_password", least=SHORTEST_PASSWORD)
