"""Keeps names and credentials unreadable in the database file; the keys come from the environment."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from models.keyring import PLAIN, Keyring, WrongKey, sealer

_ring: Keyring | None = None
_pepper = b""
_SALT = 16
_MORE, _LAST = b"more", b"last"
UNREADABLE = "?"  # what stands for a value whose key is gone


def set_key(secret: str, data_key: str = "", previous: Sequence[str] = ()) -> None:
    """Takes the installation's secret and its data keys; called once at start. Without a data key the secret stands in."""
    global _ring, _pepper
    _pepper = hashlib.sha256(b"linyi-pepper:" + secret.encode()).digest()
    _ring = Keyring(secret, data_key, previous)


def ring() -> Keyring:
    """The keys that seal and open what is kept."""
    if _ring is None:
        raise RuntimeError("models.secret.set_key was not called")
    return _ring


def mark(words: str) -> str:
    """The keyed hash by which a sealed value is found again; it is written anew when the key changes."""
    return ring().marks(words)[0]


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
        return None if value is None else ring().seal(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Decrypts on the way out; a value sealed with another key reads as unreadable, not as a crash."""
        if value is None:
            return None
        try:
            return ring().open(value)
        except WrongKey:
            return UNREADABLE


class SealedJson(TypeDecorator[Any]):
    """A list or an object that is encrypted at rest; what was kept before it was sealed is read as it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encrypts on the way in."""
        return None if value is None else ring().seal(json.dumps(value, ensure_ascii=False))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Decrypts on the way out; what cannot be opened is nothing."""
        if value is None:
            return None
        try:
            return json.loads(value if sealer(value) == PLAIN else ring().open(value))
        except WrongKey:
            return []


class SealedBytes(TypeDecorator[bytes]):
    """A picture that is encrypted at rest; what was kept before pictures were sealed is read as it is."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Encrypts on the way in."""
        return None if value is None else ring().seal_bytes(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Decrypts on the way out; what cannot be opened is empty."""
        if value is None or sealer(value) == PLAIN:
            return value
        try:
            return ring().open_bytes(value)
        except WrongKey:
            return b""
