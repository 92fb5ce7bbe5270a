"""Keeps names and credentials unreadable in the database file; the key comes from the environment."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_cipher: Fernet | None = None
_pepper = b""


def set_key(secret: str) -> None:
    """Derives the cipher from the installation's secret; called once at start."""
    global _cipher, _pepper
    _pepper = hashlib.sha256(b"linyi-pepper:" + secret.encode()).digest()
    _cipher = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"linyi:" + secret.encode()).digest()))


def fingerprint(*parts: str) -> str:
    """A one-way name for a secret value (code, token); without the installation's key it cannot be guessed."""
    return hmac.new(_pepper, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


class Sealed(TypeDecorator[str]):
    """Text that is encrypted at rest; equality cannot be searched."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypts on the way in."""
        if value is None:
            return None
        return _need().encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Decrypts on the way out; a value sealed with another key reads as unreadable, not as a crash."""
        if value is None:
            return None
        try:
            return _need().decrypt(value.encode()).decode()
        except InvalidToken:
            return "?"


def _need() -> Fernet:
    if _cipher is None:
        raise RuntimeError("models.secret.set_key was not called")
    return _cipher
