"""The demo as a stranger starts it, once for all tests of this folder: real processes, real wire, real pages."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.demo import free_port

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def demo(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The demo, started as a stranger starts it; ends on the signal of Ctrl-C."""
    folder = tmp_path_factory.mktemp("demo")
    process = subprocess.Popen([sys.executable, "app.py", "demo", "--port", str(free_port(8900)), "--folder", str(folder)],
                               cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    found: dict[str, str] = {}
    said = ""
    for line in process.stdout:
        said += line
        if address := re.search(r"打开 (http://\S+)", line):
            found["phones"] = address.group(1)
        if address := re.search(r"管理后台 (http://\S+)", line):
            found["console"] = address.group(1)
            break
    assert set(found) == {"phones", "console"}, said
    yield found
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=40) == 0
