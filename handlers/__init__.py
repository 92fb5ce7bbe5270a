"""What residents and staff talk about, a file per subject; importing the package registers everything."""

from handlers import (  # noqa: F401
    binding,
    confirm,
    correction,
    events,
    forward,
    group_tasks,
    help,
    issue,
    issue_spoken,
    issue_staff,
    joining,
    mine,
    poll,
    privacy,
    receipt,
    similar,
    solitaire,
    staff_spoken,
    stale,
    vote,
)
