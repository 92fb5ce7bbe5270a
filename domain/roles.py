"""Who may do what: an ordered list of roles, kept in the database and nowhere else."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A person's standing in the community."""

    RESIDENT = "resident"
    GRID_WORKER = "grid_worker"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """True when this role may do what the needed role may do."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever does something: a person in chat, an account in the console, or the clock."""

    who: str  # person:7 | account:3 | system
    role: Role
    community_id: int | None  # None: every community
    person_id: int | None = None


NOBODY = Actor("nobody", Role.RESIDENT, None)
SYSTEM = Actor("system", Role.ADMIN, None)
