"""The category model of a city or a community, learned from its own history: where it is kept, loading it, asking it.

Light to import: NumPy comes with the first model, scikit-learn only with training (learning.fit).
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from learning.linear import Model

CITY = "city"  # the model of all communities together
_CODE = re.compile(r"[\w-]{1,64}")


def place(folder: Path, community: str = CITY) -> Path:
    """Where the model of a community, or of the city, is kept."""
    if not _CODE.fullmatch(community):
        raise ValueError(community)
    return folder / "models" / f"category-{community}.npz"


def newest(folder: Path, community: str) -> Path | None:
    """The model to ask for a community: its own, else the city's, else none."""
    return next((path for path in (place(folder, community), place(folder)) if path.exists()), None)


def load(path: Path) -> "Model":
    """The model in this file; read once, and again when the file has been replaced."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> "Model":
    from learning.linear import read
    return read(path)
