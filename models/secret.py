"""Keeps names and credentials unreadable in the database file; the key comes from the environment."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_cipher: Fernet | None = None
_pepper = b""
_SALT = 16
_MORE, _LAST = b"more", b"last"


def set_key(secret: str) -> None:
    """Derives the cipher from the installation's secret; called once at start."""
    global _cipher, _pepper
    _pepper = hashlib.sha256(b"linyi-pepper:" + secret.encode()).digest()
    _cipher = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"linyi:" + secret.encode()).digest()))


def fingerprint(*parts: str) -> str:
    """A one-way name for a secret value (code, token); without the installation's key it cannot be guessed."""
    return hmac.new(_pepper, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


class Unreadable(Exception):
    """What was sealed has been changed or cut, or was sealed with another key."""


def seal_stream(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Encrypts piece by piece, in order, with an end that shows when the tail is missing; the key is new for each stream."""
    salt = secrets.token_bytes(_SALT)
    cipher, number = _stream_cipher(salt), 0
    yield salt
    for piece in pieces:
        yield _framed(cipher.encrypt(number.to_bytes(12), piece, _MORE))
        number += 1
    yield _framed(cipher.encrypt(number.to_bytes(12), b"", _LAST))


def open_stream(source: BinaryIO) -> Iterator[bytes]:
    """The pieces again; Unreadable at the first that is not as it was sealed."""
    cipher, number = _stream_cipher(source.read(_SALT)), 0
    while head := source.read(4):
        sealed = source.read(int.from_bytes(head))
        try:
            yield cipher.decrypt(number.to_bytes(12), sealed, _MORE)
        except InvalidTag:
            break
        number += 1
    try:
        cipher.decrypt(number.to_bytes(12), sealed if head else b"", _LAST)
    except InvalidTag:
        raise Unreadable from None


def _stream_cipher(salt: bytes) -> AESGCM:
    return AESGCM(hmac.new(_pepper, b"stream:" + salt, hashlib.sha256).digest())


def _framed(sealed: bytes) -> bytes:
    return len(sealed).to_bytes(4) + sealed


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
