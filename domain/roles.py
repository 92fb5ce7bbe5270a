"""Who may do what: one table of roles and deeds, for the chat and the console alike."""

from dataclasses import dataclass
from enum import StrEnum

Where = int | frozenset[int] | None  # a community, some of them, every one


class Role(StrEnum):
    """Somebody's standing. People in chat are residents, grid workers or admins; console accounts may be any but residents."""

    RESIDENT = "resident"
    PROPERTY = "property"
    COMMITTEE = "committee"
    AUDITOR = "auditor"
    GRID_WORKER = "grid_worker"
    ADMIN = "admin"
    STREET_ADMIN = "street_admin"
    SYSTEM_ADMIN = "system_admin"

    def may(self, *deeds: "Deed") -> bool:
        """True when this role may do all of this."""
        return RIGHTS[self].issuperset(deeds)

    def covers(self, needed: "Role") -> bool:
        """True when this role may do what the needed role may do; to act for a party of one's own is no rank."""
        return RIGHTS[needed] - {Deed.ORDERS} <= RIGHTS[self]


class Deed(StrEnum):
    """What can be allowed; every page and button of the console needs some of these."""

    LOOK = "look"  # promises and figures
    MATTERS = "matters"  # issues that are no private matter, without names
    ORDERS = "orders"  # what was given to a party of one's own, and to do there what its members do in chat
    VOTES = "votes"  # polls: counts, and who took part, as far as the poll's secrecy allows
    REGISTER = "register"  # how complete the owners' register is
    PRIVATE = "private"  # private tickets
    TALK = "talk"  # what was said and sent
    PEOPLE = "people"  # residents and homes, and the names behind issues
    EXPORT = "export"  # take a list away as a file
    AUDIT = "audit"  # the record of who did what
    WORK = "work"  # everything staff do with issues, polls and posts
    SET_UP = "set_up"  # roles, names, register, dictionary: how the community is set up
    REVEAL = "reveal"  # see, with a reason, what is hidden from staff
    ACCOUNTS = "accounts"  # console accounts of the own communities
    SEVERAL = "several"  # hold more than one community
    SYSTEM = "system"  # every community, and accounts like the own


_PROPERTY = {Deed.LOOK}
_COMMITTEE = _PROPERTY | {Deed.MATTERS, Deed.VOTES, Deed.REGISTER}
_AUDITOR = _COMMITTEE | {Deed.PRIVATE, Deed.TALK, Deed.PEOPLE, Deed.EXPORT, Deed.AUDIT}
_GRID = _COMMITTEE | {Deed.PRIVATE, Deed.TALK, Deed.PEOPLE, Deed.EXPORT, Deed.WORK}
_ADMIN = _AUDITOR | _GRID | {Deed.SET_UP, Deed.REVEAL, Deed.ACCOUNTS}
_STREET = _ADMIN | {Deed.SEVERAL}
RIGHTS: dict[Role, frozenset[Deed]] = {
    Role.RESIDENT: frozenset(), Role.PROPERTY: frozenset(_PROPERTY | {Deed.ORDERS}),
    Role.COMMITTEE: frozenset(_COMMITTEE | {Deed.ORDERS}),
    Role.AUDITOR: frozenset(_AUDITOR), Role.GRID_WORKER: frozenset(_GRID), Role.ADMIN: frozenset(_ADMIN),
    Role.STREET_ADMIN: frozenset(_STREET), Role.SYSTEM_ADMIN: frozenset(_STREET | {Deed.SYSTEM}),
}
PERSON_ROLES = (Role.RESIDENT, Role.GRID_WORKER, Role.ADMIN)  # what somebody in chat can be; parties have members of their own
ACCOUNT_ROLES = tuple(role for role in Role if role is not Role.RESIDENT)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever does something: a person in chat, an account in the console, or the clock."""

    who: str  # person:7 | account:3 | system
    role: Role
    community_id: int | None  # None: every community
    person_id: int | None = None
    parties: frozenset[int] = frozenset()  # of an account: those it acts for

    @property
    def beside_person(self) -> str | None:
        """Who did it, where a person alone does not say it: an account, the clock, or somebody who is not to be named."""
        return None if self.who == f"person:{self.person_id}" else self.who

    def may(self, *deeds: Deed) -> bool:
        """True when their role may do all of this."""
        return self.role.may(*deeds)


NOBODY = Actor("nobody", Role.RESIDENT, None)
SYSTEM = Actor("system", Role.SYSTEM_ADMIN, None)
