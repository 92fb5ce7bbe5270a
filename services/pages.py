"""Addresses of the pages for phones: one for each issue and poll, not to be guessed from its number."""

import hmac
from base64 import b64encode
from io import BytesIO

import segno
from sqlalchemy import select

from models.base import Tx
from models.secret import fingerprint
from models.tables import community

_base = ""


def configure(public_url: str) -> None:
    """Tells where phones reach the pages; '' means nowhere, and no links are given. Called once at start."""
    global _base
    _base = public_url.rstrip("/")


def base() -> str:
    """Where phones reach the pages, without a path; '' when that is not set."""
    return _base


def url_of(tx: Tx, kind: str, community_id: int, number: int) -> str:
    """The page of a poll or an issue; '' when no pages are served."""
    if not _base:
        return ""
    code = tx.scalar(select(community.c.code).where(community.c.id == community_id))
    return f"{_base}{path_of(kind, code, number)}"


def notices_url(tx: Tx, community_id: int) -> str:
    """The page where somebody allows a one-time notice; '' when no pages are served."""
    return f"{_base}/m/{tx.scalar(select(community.c.code).where(community.c.id == community_id))}/notices" if _base else ""


def path_of(kind: str, code: str, number: int) -> str:
    """The path of a poll's, an issue's, a round's or its result's page: /m/cuiyuan/P5-1f0c…"""
    letter = {"poll": "P", "issue": "I", "round": "V", "report": "R"}[kind]
    return f"/m/{code}/{letter}{number}-{_mark(kind, code, number)}"


def door_url(url: str, poll_id: int, home_id: int) -> str:
    """A poll's address as it stands on the slip for one home: who opens it has been reached."""
    return f"{url}?u={home_id}-{_door(poll_id, home_id)}" if url else ""


def door(poll_id: int, said: str) -> int | None:
    """The home of such a slip; None when it is not ours."""
    home_id, _, mark = said.partition("-")
    if not home_id.isascii() or not home_id.isdigit() or len(home_id) > 12:
        return None
    return int(home_id) if hmac.compare_digest(_door(poll_id, int(home_id)).encode(), mark.encode("utf-8", "replace")) else None


def _door(poll_id: int, home_id: int) -> str:
    return fingerprint("door", str(poll_id), str(home_id))[:12]


def qr_png(url: str) -> bytes:
    """The address as a QR code to print, with the quiet edge that scanners need."""
    picture = BytesIO()
    segno.make(url, error="m", micro=False).save(picture, kind="png", scale=10, border=4)
    return picture.getvalue()


def qr_data(url: str) -> str:
    """The same as an address of its own, for a page that loads nothing else."""
    return f"data:image/png;base64,{b64encode(qr_png(url)).decode()}" if url else ""


def genuine(kind: str, code: str, number: int, mark: str) -> bool:
    """True when the mark is ours, so that pages are found by those who were given their address."""
    return hmac.compare_digest(_mark(kind, code, number).encode(), mark.encode("utf-8", "replace"))


def _mark(kind: str, code: str, number: int) -> str:
    return fingerprint("page", kind, code, str(number))[:12]
