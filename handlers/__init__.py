"""What residents and staff talk about, a file per subject; importing the package registers everything."""

from handlers import binding, help, issue, issue_staff, poll, privacy, stale, vote  # noqa: F401
