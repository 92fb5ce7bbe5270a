"""The menu of the console: which pages stand in it, in which group; everybody sees what their role may open."""

from dataclasses import dataclass

from flask import current_app, request, url_for

from web.door import may

# A name that has no page is left out, so that a part of the console can be taken away without touching this.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("work", ("overview", "jobs", "board", "issues", "similar", "polls", "rounds", "sessions", "promises", "figures")),
    ("talk", ("search", "live", "messages", "outbox", "notices", "forwards", "tasks")),
    ("people", ("people", "homes", "points", "register", "requests")),
    ("keep", ("audit", "accounts", "setup", "words", "understand")),
)
WAITING = ("forwards", "tasks")  # lists that open with what has to be done
_CHILDREN = {
    "issue": "issues", "poll": "polls", "paper": "polls", "doors": "polls", "figure_issues": "figures", "round": "rounds",
    "session": "sessions", "ledger": "points", "job": "jobs", "job_deed": "jobs", "request": "requests", "person_data": "people",
    **dict.fromkeys(("account_of", "account_new", "account_deed", "account_give", "account_take"), "accounts"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    name: str
    address: str
    here: bool


def groups() -> list[tuple[str, list[Entry]]]:
    """The groups that have something for whoever is signed in."""
    here = current_app.view_functions
    found = [(group, [_entry(n) for n in names if f"console.{n}" in here and may(n)]) for group, names in GROUPS]
    return [(group, entries) for group, entries in found if entries]


def _entry(name: str) -> Entry:
    at = (request.endpoint or "").removeprefix("console.")
    return Entry(name, url_for(f"console.{name}", kind="waiting" if name in WAITING else None), _CHILDREN.get(at, at) == name)
