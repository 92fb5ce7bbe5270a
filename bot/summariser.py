"""Asks a language model for a draft of a round's summary: any address that speaks OpenAI's chat completions; off by default.

It sends what services/round_draft.py gives it and hands back the words; it decides nothing, and redirections are not followed.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from models.base import Database
from services import audit, round_draft

log = logging.getLogger(__name__)
MOST = 256 * 1024  # bytes of an answer
LONGEST_S = 120.0  # of one answer, however slowly it comes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is; the key is a secret and stands in no message."""

    url: str
    model: str
    key: str = ""
    timeout_s: float = 60


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Nowhere else."""
        return None


class Summariser:
    """Writes the drafts that were asked for; two of these at once write each once."""

    def __init__(self, db: Database, endpoint: Endpoint | None, clock: Callable[[], datetime]):
        self.db, self.endpoint, self.clock = db, endpoint, clock

    def run_once(self) -> int:
        """Writes every draft that is due; returns how many were tried. The network is touched outside of any transaction."""
        if self.endpoint is None:
            return 0
        tried = 0
        while True:
            with self.db.read() as tx:  # an idle beat never takes the write lock
                if not round_draft.any_asked(tx, self.clock()):
                    return tried
            with self.db.write() as tx:
                mine = round_draft.claim(tx, self.clock())
            if mine is None:
                return tried
            answer = ask(self.endpoint, mine[1])
            with self.db.write() as tx:
                round_draft.keep(tx, mine[0], answer, now=self.clock())
                audit.seal(tx)
            tried += 1


def ask(endpoint: Endpoint, messages: list[dict[str, str]]) -> str | None:
    """What the model says; None when it cannot be reached or answers something else. Its words are never logged."""
    body = json.dumps({"model": endpoint.model, "messages": messages, "temperature": 0.2, "stream": False}, ensure_ascii=False)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {})
    request = Request(f"{endpoint.url.rstrip('/')}/chat/completions", body.encode(), headers, method="POST")
    here = urlsplit(endpoint.url).hostname in ("127.0.0.1", "localhost", "::1")
    opener = build_opener(_Stay, *([ProxyHandler({})] if here else []))
    until, data = time.monotonic() + LONGEST_S, bytearray()
    try:
        with opener.open(request, timeout=endpoint.timeout_s) as answer:
            while piece := answer.read1(65536):
                data += piece
                if len(data) > MOST or time.monotonic() > until:
                    log.warning("the summariser's answer was too long or too slow")
                    return None
    except (URLError, HTTPException, OSError) as error:
        log.warning("the summariser cannot be reached: %s", type(error).__name__)
        return None
    return _words(bytes(data))


def _words(data: bytes) -> str | None:
    try:
        found: Any = json.loads(data)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError):
        log.warning("the summariser answered something else")
        return None
    return found if isinstance(found, str) else None


def endpoint_of(url: str, model: str, key_env: str, timeout_s: float, env: Mapping[str, str]) -> Endpoint | None:
    """The endpoint of the settings; None when it is off."""
    return Endpoint(url, model, env.get(key_env, "") if key_env else "", timeout_s) if url and model else None
