"""The second factor: six digits that an authenticator app and we compute from one secret and the time (RFC 6238, SHA-1, 30 s)."""

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
DRIFT = 1  # steps a clock may be off, either way
RECOVERY_CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is misread on paper


def new_secret() -> str:
    """160 random bits in base 32, as authenticator apps take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code(secret: str, step: int, digits: int = DIGITS) -> str:
    """The digits of one step (HOTP, RFC 4226)."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return str((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 10 ** digits).zfill(digits)


def step_of(now: datetime) -> int:
    """The number of 30-second steps since 1970."""
    return int(now.timestamp()) // STEP_S


def matching_step(secret: str, said: str, *, now: datetime, after: int) -> int | None:
    """The step whose digits these are, near enough to now and later than `after`; None when there is none."""
    middle = step_of(now)
    found = None
    for step in range(middle - DRIFT, middle + DRIFT + 1):  # always all of them: the time taken tells nothing
        if hmac.compare_digest(code(secret, step).encode(), said.encode("utf-8", "replace")) and step > after:
            found = step
    return found


def address(secret: str, *, issuer: str, username: str) -> str:
    """The otpauth:// address that a QR code carries into the app."""
    label = quote(f"{issuer}:{username}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"


def recovery_codes() -> list[str]:
    """One-time codes to print: each of some 49 random bits, as ab3d-efgh-2j."""
    found = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    return [f"{c[:4]}-{c[4:8]}-{c[8:]}" for c in found]


def plain(said: str) -> str:
    """What was typed, without the blanks and dashes of its spelling, full-width digits as ordinary ones."""
    halves = said.translate({0xFF10 + n: str(n) for n in range(10)})
    return "".join(c for c in halves.lower() if c.isascii() and c.isalnum())
