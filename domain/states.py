"""Where an issue can stand."""

from enum import StrEnum


class State(StrEnum):
    """Where an issue stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    CONSULTING = "consulting"
    VOTING = "voting"
    PUBLICITY = "publicity"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    TRANSFERRED = "transferred"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
