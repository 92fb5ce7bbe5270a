"""Web workers stay small: what only the scheduler needs is not loaded by them."""

import subprocess
import sys


def test_web_workers_load_no_scipy() -> None:
    """Comparing all issues with all is the scheduler's work (services/grouping.py)."""
    code = "import services.proposals, handlers.similar, web, sys; print([m for m in ('texts.themes', 'services.grouping') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
