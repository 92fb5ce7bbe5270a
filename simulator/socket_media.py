"""Pictures that bots lend to the platform over their connection: begun, brought in pieces, finished, then sent by number."""

import base64
import binascii
import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.limits import SlidingWindow
from simulator.socket_codes import No

Frame = dict[str, Any]
PIECE, MOST_PIECES, A_MINUTE = 512 * 1024, 100, 30


@dataclass(slots=True)
class _Upload:
    owner: str
    size: int
    total: int
    md5: str
    pieces: dict[int, bytes] = field(default_factory=dict)


class Uploads:
    """What is being brought, and what lies ready; each bot sees only its own."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._begun: dict[str, _Upload] = {}
        self._ready: dict[tuple[str, str], bytes] = {}  # (account, media_id) -> picture
        self._often = SlidingWindow(A_MINUTE, 60)

    def take(self, owner: str, what: str, body: Frame) -> Frame:
        """One step of an upload: init, chunk or finish; gives what the platform answers."""
        with self._lock:
            if what == "init":
                return self._begin(owner, body)
            upload = self._begun.get(str(body.get("upload_id")))
            if upload is None or upload.owner != owner:
                raise No(40058)
            return self._piece(upload, body) if what == "chunk" else self._finish(upload, str(body["upload_id"]))

    def picture(self, owner: str, part: Any) -> bytes:
        """The picture that a post names."""
        found = self._ready.get((owner, str(part.get("media_id")))) if isinstance(part, dict) else None
        if found is None:
            raise No(40007)
        return found

    def _begin(self, owner: str, body: Frame) -> Frame:
        size, total = body.get("total_size"), body.get("total_chunks")
        if body.get("type") != "image" or not body.get("filename") or not isinstance(size, int) or not isinstance(total, int):
            raise No(40058)
        if not 0 < total <= MOST_PIECES or not 0 < size <= total * PIECE:
            raise No(45002)
        if not self._often.allows(owner, self._clock()):
            raise No(45009)
        upload_id = secrets.token_hex(12)
        self._begun[upload_id] = _Upload(owner, size, total, str(body.get("md5")))
        return {"upload_id": upload_id}

    def _piece(self, upload: _Upload, body: Frame) -> Frame:
        number = body.get("chunk_index")
        try:
            data = base64.b64decode(str(body.get("base64_data")), validate=True)
        except binascii.Error:
            raise No(40058) from None
        if not isinstance(number, int) or not 0 <= number < upload.total or not 0 < len(data) <= PIECE:
            raise No(40058)
        upload.pieces[number] = data
        return {}

    def _finish(self, upload: _Upload, upload_id: str) -> Frame:
        data = b"".join(upload.pieces[n] for n in sorted(upload.pieces))
        if len(upload.pieces) != upload.total or len(data) != upload.size:
            raise No(40058)
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != upload.md5:
            raise No(301019)
        del self._begun[upload_id]
        media_id = secrets.token_urlsafe(24)
        self._ready[upload.owner, media_id] = data
        return {"type": "image", "media_id": media_id, "created_at": str(int(self._clock()))}
