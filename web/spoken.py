"""A request of the web speaks with the words of the community it is about; when it is over, nobody's are left in the thread."""

from typing import Any

from flask import g

from domain.roles import Where
from models.base import Tx
from services import voices
from texts import voice


def speak(tx: Tx, where: Where) -> None:
    """From here on this request says and hears things as this community does; of several or all: as all of them do."""
    silence()
    g.voice = voice.use(voices.of(tx, where or None if isinstance(where, int) else None))


def silence(_error: Any = None) -> None:
    """Speaks as before the request."""
    if "voice" in g:
        voice.back(g.pop("voice"))
