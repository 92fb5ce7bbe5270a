"""The second factor of console accounts: set up, proved, used once per code, and got around with printed codes."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from domain import totp
from domain.errors import Refusal
from domain.roles import Actor, Deed
from models.accounts import account_factor, recovery_code
from models.base import Tx
from models.secret import fingerprint
from models.tables import account, login_failure
from services import accounts, audit, logins

MOST = 5  # wrong codes in accounts.WINDOW
OPTIONAL, ADMINS, EVERYONE = "optional", "admins", "everyone"  # who must have one


def asked_of(posts: tuple[logins.Post, ...], policy: str) -> bool:
    """True when somebody with these posts must have a second factor."""
    return policy == EVERYONE or (policy == ADMINS and any(p.role.may(Deed.SET_UP) for p in posts))


def first_stage(tx: Tx, account_id: int, policy: str) -> str:
    """What comes after the right password."""
    return logins.CODE if proved(tx, account_id) else after_code(tx, account_id, policy)


def after_code(tx: Tx, account_id: int, policy: str) -> str:
    """What comes after the right code, or where none is needed."""
    if not proved(tx, account_id) and asked_of(logins.posts_of(tx, account_id), policy):
        return logins.ENROL
    return logins.CHANGE if tx.scalar(select(account.c.must_change).where(account.c.id == account_id)) else logins.OPEN


def proved(tx: Tx, account_id: int) -> bool:
    """True when the account has a second factor that works."""
    return tx.scalar(select(account_factor.c.confirmed_at).where(account_factor.c.account_id == account_id)) is not None


def pending(tx: Tx, account_id: int) -> str | None:
    """The secret that was shown and waits for its first code."""
    secret: str | None = tx.scalar(select(account_factor.c.secret).where(
        account_factor.c.account_id == account_id, account_factor.c.confirmed_at.is_(None)))
    return secret


def start(tx: Tx, login: logins.Login, *, now: datetime) -> str:
    """Makes a secret for the app; it counts only when `confirm` has seen a code of it."""
    if _locked(tx, login.account_id, confirmed=True) is not None:
        raise Refusal("second.is_there")
    tx.execute(delete(account_factor).where(account_factor.c.account_id == login.account_id))
    secret = totp.new_secret()
    tx.add(account_factor, account_id=login.account_id, secret=secret, made_at=now)
    return secret


def confirm(tx: Tx, login: logins.Login, said: str, *, now: datetime) -> list[str] | None:
    """The first code of the app: from now on it is asked for. Returns recovery codes to print, None for a wrong code."""
    row = _locked(tx, login.account_id, confirmed=False)
    if row is None:
        raise Refusal("second.not_begun")
    if not _fits(tx, login.account_id, row, said, now):
        return None
    tx.execute(update(account_factor).where(account_factor.c.id == row.id).values(confirmed_at=now))
    logins.end(tx, login.actor, login.account_id, now=now, but=login.session_id)
    audit.note(tx, login.actor, "account.second_on", f"account:{login.account_id}", now=now)
    return new_codes(tx, login, now=now)


def use(tx: Tx, account_id: int, said: str, *, now: datetime, printed: bool = True) -> bool:
    """Spends a code of the app, or a printed one; each works once. False for a wrong one, a Refusal after too many."""
    row = _locked(tx, account_id, confirmed=True)
    if row is None:
        return False
    if len(totp.plain(said)) == totp.DIGITS or not printed:
        return _fits(tx, account_id, row, said, now)
    brake(tx, account_id, now=now)
    spent = tx.execute(update(recovery_code).where(
        recovery_code.c.account_id == account_id, recovery_code.c.code_hash == _hashed(account_id, said),
        recovery_code.c.used_at.is_(None)).values(used_at=now)).rowcount
    if not spent:
        return _wrong(tx, account_id, now)
    unlock(tx, account_id)
    audit.note(tx, accounts.itself(tx, account_id), "account.recovery", f"account:{account_id}", now=now, left=left(tx, account_id))
    return True


def new_codes(tx: Tx, login: logins.Login, *, now: datetime) -> list[str]:
    """Recovery codes in place of all earlier ones; shown once, kept only as their marks."""
    codes = totp.recovery_codes()
    tx.execute(delete(recovery_code).where(recovery_code.c.account_id == login.account_id))
    for each in codes:
        tx.add(recovery_code, account_id=login.account_id, code_hash=_hashed(login.account_id, each))
    audit.note(tx, login.actor, "account.recovery_codes", f"account:{login.account_id}", now=now)
    return codes


def remove(tx: Tx, actor: Actor, account_id: int, *, now: datetime) -> None:
    """Takes the second factor and its printed codes away, as when a phone is lost."""
    tx.execute(delete(recovery_code).where(recovery_code.c.account_id == account_id))
    if tx.execute(delete(account_factor).where(account_factor.c.account_id == account_id)).rowcount:
        audit.note(tx, actor, "account.second_off", f"account:{account_id}", now=now)
    unlock(tx, account_id)


def left(tx: Tx, account_id: int) -> int:
    """How many printed codes have not been used."""
    return int(tx.scalar(select(func.count()).select_from(recovery_code).where(
        recovery_code.c.account_id == account_id, recovery_code.c.used_at.is_(None))))


def brake(tx: Tx, account_id: int, *, now: datetime) -> None:
    """Refuses after too many wrong codes."""
    if locked(tx, account_id, now=now):
        raise Refusal("account.too_many", minutes=int(accounts.WINDOW.total_seconds()) // 60)


def locked(tx: Tx, account_id: int, *, now: datetime) -> bool:
    """True while no code is looked at."""
    return int(tx.scalar(select(func.count()).select_from(login_failure).where(
        login_failure.c.who == _who(account_id), login_failure.c.at > now - accounts.WINDOW))) >= MOST


def unlock(tx: Tx, account_id: int) -> None:
    """Forgets the wrong codes."""
    tx.execute(delete(login_failure).where(login_failure.c.who == _who(account_id)))


def _locked(tx: Tx, account_id: int, *, confirmed: bool) -> Any:
    """The factor, held until the transaction ends: of two who bring the same code at once, one is late."""
    state = account_factor.c.confirmed_at.is_not(None) if confirmed else account_factor.c.confirmed_at.is_(None)
    return tx.first(select(account_factor).where(account_factor.c.account_id == account_id, state).with_for_update())


def _fits(tx: Tx, account_id: int, row: Any, said: str, now: datetime) -> bool:
    brake(tx, account_id, now=now)
    step = totp.matching_step(row.secret, totp.plain(said), now=now, after=row.last_step)
    if step is None:
        return _wrong(tx, account_id, now)
    tx.execute(update(account_factor).where(account_factor.c.id == row.id).values(last_step=step))
    unlock(tx, account_id)
    return True


def _wrong(tx: Tx, account_id: int, now: datetime) -> bool:
    tx.add(login_failure, who=_who(account_id), at=now)
    audit.note(tx, accounts.itself(tx, account_id), "account.code_failed", f"account:{account_id}", now=now)
    return False


def _who(account_id: int) -> str:
    return f"code:{account_id}"


def _hashed(account_id: int, said: str) -> str:
    return fingerprint("recovery", str(account_id), totp.plain(said))
