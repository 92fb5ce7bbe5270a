"""Sessions of the console: opened in steps, bound to what the account may be where, and ended by anybody who may."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from domain.errors import Refusal
from domain.roles import RIGHTS, Actor, Deed, Role, Where
from models.accounts import account_party, account_post
from models.base import Tx
from models.secret import fingerprint
from models.tables import account, community, console_session, party
from services import accounts, audit

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
HALF = timedelta(minutes=10)  # to give the code, or a new password
KEPT = timedelta(days=90)  # what ended so long ago is removed
SEEN_EVERY = timedelta(minutes=1)
OPEN, CODE, ENROL, CHANGE = "open", "code", "enrol", "change"
EVERYWHERE = 0  # stands for every community where one is chosen; of no community: what takes it for one finds nothing by it


@dataclass(frozen=True, slots=True)
class Post:
    """What an account is somewhere; None: in every community."""

    community_id: int | None
    role: Role


@dataclass(frozen=True, slots=True)
class Login:
    """An account that is signed in, as what it may act now, and how far the session has come."""

    account_id: int
    username: str
    actor: Actor
    seen_at: datetime
    session_id: int
    stage: str
    posts: tuple[Post, ...]
    place: str = ""  # the community on the screen; '' for all
    across: frozenset[int] = frozenset()  # all of one's own are on the screen, and these are they
    linked: bool = False  # a link led to that community: the links of its page lead there too

    @property
    def where(self) -> Where:
        """What lists, figures and searches show: a community, all of one's own, every one."""
        return self.across if self.across and self.actor.community_id == EVERYWHERE else self.actor.community_id

    @property
    def several(self) -> bool:
        """True when there is another community to go to."""
        return len(self.posts) > 1 or any(p.community_id is None for p in self.posts)


def posts_of(tx: Tx, account_id: int) -> tuple[Post, ...]:
    """What the account is, and where."""
    return tuple(Post(row.community_id, Role(row.role)) for row in tx.all(
        select(account_post).where(account_post.c.account_id == account_id).order_by(account_post.c.id)))


def parties_of(tx: Tx, account_id: int, community_id: int | None) -> frozenset[int]:
    """For which parties of a community the account acts, if its role there is to act for parties."""
    return frozenset(tx.connection.scalars(select(account_party.c.party_id).join_from(account_party, party).where(
        account_party.c.account_id == account_id, party.c.community_id == community_id, party.c.closed_at.is_(None))))


def several(posts: tuple[Post, ...]) -> frozenset[int]:
    """The communities that the account may see together: those it is admin of as a street, if there are several."""
    found = frozenset(p.community_id for p in posts if p.community_id is not None and p.role.may(Deed.SEVERAL))
    return found if len(found) > 1 else frozenset()


def acting(account_id: int, posts: tuple[Post, ...], wanted: int | None) -> Actor:
    """The account in the community it wants to be in, else in all of them, all of its own together, or the first of its own."""
    def best(found: list[Post]) -> Role:
        return max((p.role for p in found), key=lambda role: len(RIGHTS[role]))

    who, all_over = f"account:{account_id}", [p for p in posts if p.community_id is None]
    here = [p for p in posts if p.community_id == wanted] if wanted is not None else []
    if wanted is not None and (here or all_over):
        return Actor(who, best(here + all_over), wanted)
    if all_over:
        return Actor(who, best(all_over), None)
    if several(posts):
        return Actor(who, Role.STREET_ADMIN, EVERYWHERE)
    first = min(p.community_id for p in posts if p.community_id is not None)
    return Actor(who, best([p for p in posts if p.community_id == first]), first)


def begin(tx: Tx, tried: accounts.Try, *, stage: str, address: str, agent: str, now: datetime) -> str:
    """After the right password: takes the count of the try back and opens a session at this stage; returns its token."""
    assert tried.account_id is not None
    accounts.forgive(tx, tried)
    tx.execute(delete(console_session).where(console_session.c.created_at < now - KEPT))
    if stage == OPEN:
        _note_login(tx, tried.account_id, now)
    return _new(tx, tried.account_id, stage, None, address, agent, now)


def go_on(tx: Tx, login: Login, *, stage: str, now: datetime) -> str:
    """The next step of signing in under a new token; the old one is worth nothing any more."""
    row = tx.execute(select(console_session).where(console_session.c.id == login.session_id)).one()
    _end(tx, now, console_session.c.id == login.session_id)
    if stage == OPEN and login.stage != OPEN:
        _note_login(tx, login.account_id, now)
    return _new(tx, login.account_id, stage, row.community_id, row.address, row.agent, now)


def signed_in(tx: Tx, token: str, *, now: datetime) -> Login | None:
    """Who this session belongs to, while it is neither idle for too long nor too old nor ended."""
    s = console_session.c
    columns = (s.seen_at, s.created_at, s.stage, s.community_id, s.id.label("session_id"), account.c.id, account.c.username)
    row = tx.first(select(*columns)
                   .join_from(console_session, account, s.account_id == account.c.id)
                   .where(s.token_hash == fingerprint(token), s.ended_at.is_(None), account.c.disabled_at.is_(None), *_alive(now)))
    posts = posts_of(tx, row.id) if row else ()
    if row is None or not posts or (row.stage != OPEN and row.created_at <= now - HALF):
        return None
    actor = _actor(tx, row.id, posts, row.community_id)
    here = actor.community_id
    place = tx.scalar(select(community.c.name).where(community.c.id == here)) if here is not None else ""
    return Login(row.id, row.username, actor, row.seen_at, row.session_id, row.stage, posts, place or "",
                 several(posts) if here == EVERYWHERE else frozenset())


def at(tx: Tx, login: Login, wanted: int, *, linked: bool = False) -> Login:
    """The same account in one of its communities, for one page, `linked` by an address; as it was where it may not go."""
    actor = _actor(tx, login.account_id, login.posts, wanted)
    name = tx.scalar(select(community.c.name).where(community.c.id == wanted))
    return replace(login, actor=actor, place=name, linked=linked) if name is not None and actor.community_id == wanted else login


def _actor(tx: Tx, account_id: int, posts: tuple[Post, ...], wanted: int | None) -> Actor:
    """The account as it acts, and for which parties."""
    actor = acting(account_id, posts, wanted)
    return replace(actor, parties=parties_of(tx, account_id, actor.community_id)) if actor.may(Deed.ORDERS) else actor


def touch(tx: Tx, login: Login, *, now: datetime) -> None:
    """Notes that the session is in use."""
    tx.execute(update(console_session).where(console_session.c.id == login.session_id).values(seen_at=now))


def sign_out(tx: Tx, login: Login, *, now: datetime) -> None:
    """Ends the session on the server."""
    _end(tx, now, console_session.c.id == login.session_id)
    audit.note(tx, login.actor, "account.logout", f"account:{login.account_id}", now=now)


def change_password(tx: Tx, login: Login, tried: accounts.Try, *, password_hash: str, now: datetime) -> str:
    """Sets a new password, ends every session of the account, and returns the token of a new one."""
    accounts.forgive(tx, tried)
    accounts.set_password(tx, login.account_id, password_hash=password_hash)
    audit.note(tx, login.actor, "account.password", f"account:{login.account_id}", now=now)
    token = go_on(tx, login, stage=OPEN, now=now)
    _end(tx, now, console_session.c.account_id == login.account_id, console_session.c.token_hash != fingerprint(token))
    return token


def go_to(tx: Tx, login: Login, community_id: int, *, now: datetime) -> None:
    """Puts another of the account's communities on the screen; EVERYWHERE for all of them."""
    everywhere = any(p.community_id is None for p in login.posts)
    known = tx.scalar(select(community.c.id).where(community.c.id == community_id)) is not None
    if community_id == EVERYWHERE:
        if not everywhere and not several(login.posts):
            raise Refusal("account.not_yours")
    elif not known or not (everywhere or any(p.community_id == community_id for p in login.posts)):
        raise Refusal("account.not_yours")
    tx.execute(update(console_session).where(console_session.c.id == login.session_id).values(community_id=community_id or None))


def places(tx: Tx, login: Login) -> list[tuple[int, str, Role]]:
    """The communities the account can go to: id, name, and as what."""
    found = tx.all(select(community.c.id, community.c.name).order_by(community.c.id))
    seen = [(row, acting(login.account_id, login.posts, row.id)) for row in found]
    return [(row.id, row.name, actor.role) for row, actor in seen if actor.community_id == row.id]


def listed(tx: Tx, account_id: int, *, now: datetime) -> list[Any]:
    """The account's sessions that still live, the one used last first."""
    s = console_session.c
    return tx.all(select(s.id, s.created_at, s.seen_at, s.stage, s.address, s.agent).where(
        s.account_id == account_id, s.ended_at.is_(None), *_alive(now)).order_by(s.seen_at.desc(), s.id.desc()))


def end(tx: Tx, actor: Actor, account_id: int, *, now: datetime, one: int | None = None, but: int | None = None) -> int:
    """Ends one session of the account, or all, or all but one; returns how many there were."""
    s = console_session.c
    narrowed = [s.id == one] if one is not None else [s.id != but] if but is not None else []
    ended = _end(tx, now, s.account_id == account_id, *narrowed)
    if ended:
        audit.note(tx, actor, "account.sessions_ended", f"account:{account_id}", now=now, count=ended)
    return ended


def _alive(now: datetime) -> tuple[Any, ...]:
    return console_session.c.seen_at > now - IDLE, console_session.c.created_at > now - ABSOLUTE


def _note_login(tx: Tx, account_id: int, now: datetime) -> None:
    audit.note(tx, accounts.itself(tx, account_id), "account.login", f"account:{account_id}", now=now)


def _new(tx: Tx, account_id: int, stage: str, place: int | None, address: str, agent: str, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    tx.add(console_session, token_hash=fingerprint(token), account_id=account_id, created_at=now, seen_at=now, stage=stage,
           community_id=place, address=address[:64], agent=agent[:64])
    return token


def _end(tx: Tx, now: datetime, *which: Any) -> int:
    return tx.execute(update(console_session).where(console_session.c.ended_at.is_(None), *which).values(ended_at=now)).rowcount
