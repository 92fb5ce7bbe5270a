"""Who looks after console accounts: giving and taking roles, shutting and opening, a password for whoever lost theirs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from domain.errors import Refusal
from domain.roles import ACCOUNT_ROLES, Actor, Deed, Role
from models.accounts import account_factor, account_party, account_post
from models.base import Tx
from models.tables import account, community, console_session, party
from services import accounts, audit, factors, logins
from services.logins import Post

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Account:
    """One account as those who look after it see it."""

    id: int
    username: str
    created_at: datetime
    disabled_at: datetime | None
    posts: tuple[Post, ...]
    second: bool
    locked: bool
    sessions: int
    seen_at: datetime | None


def grantable(actor: Actor) -> tuple[Role, ...]:
    """The roles this one may give: what their own covers; who holds several communities is made only by an admin of the system."""
    return tuple(role for role in ACCOUNT_ROLES if actor.may(Deed.ACCOUNTS) and actor.role.covers(role)
                 and (actor.may(Deed.SYSTEM) or not role.may(Deed.SEVERAL)))


def listed(tx: Tx, actor: Actor, *, now: datetime) -> list[Account]:
    """The accounts of the actor's community, or of all."""
    query = select(account.c.id).order_by(account.c.username)
    if actor.community_id is not None:
        query = query.where(account.c.id.in_(select(account_post.c.account_id).where(
            account_post.c.community_id == actor.community_id)))
    return [found for key in tx.connection.scalars(query) if (found := _account(tx, key, now))]


def one(tx: Tx, actor: Actor, account_id: int, *, now: datetime) -> Account | None:
    """The account, if it has to do with the actor's community; None as for one that does not exist."""
    found = _account(tx, account_id, now)
    if found is None or (actor.community_id is not None and actor.community_id not in {p.community_id for p in found.posts}):
        return None
    return found


def may_tend(actor: Actor, found: Account) -> bool:
    """True when everything this account is, the actor could have given it, and it is not their own."""
    return _other(actor, found) and (actor.may(Deed.SYSTEM) or all(_in_reach(actor, p) for p in found.posts))


def may_move(actor: Actor, found: Account) -> bool:
    """True when the actor may change what the account is in the actor's community, whatever it is elsewhere."""
    here = [p for p in found.posts if p.community_id == actor.community_id]
    return _other(actor, found) and (actor.may(Deed.SYSTEM) or all(_in_reach(actor, p) for p in here))


def _other(actor: Actor, found: Account) -> bool:
    return actor.may(Deed.ACCOUNTS) and actor.who != f"account:{found.id}"


def _in_reach(actor: Actor, post: Post) -> bool:
    return post.community_id == actor.community_id and post.role in grantable(actor)


def new_password() -> str:
    """A password to be read out once: three groups of five letters."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))


def create(tx: Tx, actor: Actor, *, username: str, role: Role, community_id: int | None, password: str, now: datetime) -> int:
    """A new account with a password that has to be changed at once."""
    _may_give(tx, actor, role, community_id)
    return accounts.create(tx, actor, username=username, password=password, community_id=community_id, now=now, role=role,
                           must_change=True)


def give(tx: Tx, actor: Actor, account_id: int, *, role: Role, community_id: int | None, now: datetime) -> None:
    """Makes the account something in a community, in place of what it was there."""
    _may_give(tx, actor, role, community_id)
    found = _tended(tx, actor, account_id, now, may_move)
    before = next((p.role for p in found.posts if p.community_id == community_id), None)
    if before is role:
        return
    if before is Role.SYSTEM_ADMIN:
        _not_the_last(tx, account_id)
    _leave(tx, account_id, community_id)
    tx.add(account_post, account_id=account_id, community_id=community_id, role=role)
    _changed(tx, actor, account_id, "account.role", now, community_id, before=before, after=role)


def take(tx: Tx, actor: Actor, account_id: int, *, community_id: int | None, now: datetime) -> None:
    """Ends what the account is in a community; without any post nobody comes in."""
    if not actor.may(Deed.SYSTEM) and community_id != actor.community_id:
        raise Refusal("account.no_such_role")
    found = _tended(tx, actor, account_id, now, may_move)
    before = next((p.role for p in found.posts if p.community_id == community_id), None)
    if before is None:
        return
    if before is Role.SYSTEM_ADMIN:
        _not_the_last(tx, account_id)
    _leave(tx, account_id, community_id)
    _changed(tx, actor, account_id, "account.role", now, community_id, before=before, after=None)


def act_for(tx: Tx, actor: Actor, account_id: int, party_ids: list[int], *, community_id: int | None, now: datetime) -> None:
    """Says for which parties of a community the account acts, where it is there to act for parties."""
    found = _tended(tx, actor, account_id, now, may_move)
    here = any(p.community_id == community_id and p.role.may(Deed.ORDERS) for p in found.posts)
    if not here or (not actor.may(Deed.SYSTEM) and community_id != actor.community_id):
        raise Refusal("account.no_such_role")
    known = select(party.c.id).where(party.c.community_id == community_id)
    before = logins.parties_of(tx, account_id, community_id)
    tx.execute(delete(account_party).where(account_party.c.account_id == account_id, account_party.c.party_id.in_(known)))
    chosen = list(tx.connection.scalars(known.where(party.c.closed_at.is_(None), party.c.id.in_(party_ids)).order_by(party.c.id)))
    for each in chosen:
        tx.add(account_party, account_id=account_id, party_id=each)
    audit.note(tx, actor, "account.parties", f"account:{account_id}", now=now, community_id=community_id, before=sorted(before),
               after=chosen)


def disable(tx: Tx, actor: Actor, account_id: int, *, now: datetime) -> None:
    """Shuts the account and ends its sessions; what it did stays on record."""
    _tended(tx, actor, account_id, now)
    _not_the_last(tx, account_id)
    here = update(account).where(account.c.id == account_id, account.c.disabled_at.is_(None))
    if tx.execute(here.values(disabled_at=now)).rowcount:
        _changed(tx, actor, account_id, "account.disable", now)


def enable(tx: Tx, actor: Actor, account_id: int, *, now: datetime) -> None:
    """Opens a shut account again, with the password and second factor it had."""
    _tended(tx, actor, account_id, now)
    shut = update(account).where(account.c.id == account_id, account.c.disabled_at.is_not(None))
    if tx.execute(shut.values(disabled_at=None)).rowcount:
        _note(tx, actor, "account.enable", account_id, now)


def unlock(tx: Tx, actor: Actor, account_id: int, *, now: datetime) -> None:
    """Forgets wrong passwords and codes, so that the account may try at once."""
    found = _tended(tx, actor, account_id, now)
    accounts.unlock(tx, found.username)
    factors.unlock(tx, account_id)
    _note(tx, actor, "account.unlock", account_id, now)


def reset_password(tx: Tx, actor: Actor, account_id: int, *, password_hash: str, now: datetime) -> None:
    """Sets a password that has to be changed at once, and ends every session."""
    _tended(tx, actor, account_id, now)
    accounts.set_password(tx, account_id, password_hash=password_hash, must_change=True)
    _changed(tx, actor, account_id, "account.password_reset", now)


def drop_second(tx: Tx, actor: Actor, account_id: int, *, now: datetime) -> None:
    """Takes the second factor away from somebody who lost their phone, and ends every session."""
    _tended(tx, actor, account_id, now)
    factors.remove(tx, actor, account_id, now=now)
    logins.end(tx, actor, account_id, now=now)


def end_sessions(tx: Tx, actor: Actor, account_id: int, *, now: datetime) -> None:
    """Signs the account out everywhere."""
    _tended(tx, actor, account_id, now)
    logins.end(tx, actor, account_id, now=now)


def id_of(tx: Tx, username: str) -> int | None:
    """The account with this name."""
    found: int | None = tx.scalar(select(account.c.id).where(account.c.username == username))
    return found


# --- the rules ------------------------------------------------------------------------------------------------------
def _may_give(tx: Tx, actor: Actor, role: Role, community_id: int | None) -> None:
    if not actor.may(Deed.ACCOUNTS) or role not in grantable(actor) or (role is Role.SYSTEM_ADMIN) > (community_id is None):
        raise Refusal("account.no_such_role")
    if not actor.may(Deed.SYSTEM) and community_id != actor.community_id:
        raise Refusal("account.no_such_role")
    if community_id is not None and tx.scalar(select(community.c.id).where(community.c.id == community_id)) is None:
        raise Refusal("account.no_such_role")


def _tended(tx: Tx, actor: Actor, account_id: int, now: datetime,
            allowed: Callable[[Actor, Account], bool] = may_tend) -> Account:
    found = one(tx, actor, account_id, now=now)
    if found is None:
        raise Refusal("account.unknown")
    if not allowed(actor, found):
        raise Refusal("account.not_tended")
    return found


def _not_the_last(tx: Tx, account_id: int) -> None:
    """There is always somebody who can let the others in."""
    system = select(account_post.c.account_id).join_from(account_post, account).where(
        account_post.c.role == Role.SYSTEM_ADMIN, account.c.disabled_at.is_(None)).with_for_update()
    keepers = set(tx.connection.scalars(system))
    if keepers == {account_id}:
        raise Refusal("account.last")


def _leave(tx: Tx, account_id: int, community_id: int | None) -> None:
    """Nothing of what the account was there stays, nor for whom it acted."""
    tx.execute(delete(account_post).where(*_at(account_id, community_id)))
    tx.execute(delete(account_party).where(account_party.c.account_id == account_id, account_party.c.party_id.in_(
        select(party.c.id).where(party.c.community_id == community_id))))


def _at(account_id: int, community_id: int | None) -> tuple[Any, ...]:
    place = account_post.c.community_id
    return account_post.c.account_id == account_id, place.is_(None) if community_id is None else place == community_id


def _changed(tx: Tx, actor: Actor, account_id: int, action: str, now: datetime, community_id: int | None = None,
             **detail: object) -> None:
    """On record, and no session goes on with what the account was before."""
    audit.note(tx, actor, action, f"account:{account_id}", now=now, community_id=community_id, **detail)
    logins.end(tx, actor, account_id, now=now)


def _note(tx: Tx, actor: Actor, action: str, account_id: int, now: datetime) -> None:
    audit.note(tx, actor, action, f"account:{account_id}", now=now)


def _account(tx: Tx, account_id: int, now: datetime) -> Account | None:
    row = tx.first(select(account).where(account.c.id == account_id))
    if row is None:
        return None
    second = tx.scalar(select(account_factor.c.confirmed_at).where(account_factor.c.account_id == account_id)) is not None
    seen = tx.scalar(select(func.max(console_session.c.seen_at)).where(console_session.c.account_id == account_id))
    return Account(row.id, row.username, row.created_at, row.disabled_at, logins.posts_of(tx, account_id), second,
                   accounts.locked(tx, row.username, now=now) or factors.locked(tx, account_id, now=now),
                   len(logins.listed(tx, account_id, now=now)), seen)
