"""The data keys: they seal names, phones and addresses at rest, and can be changed while everything runs.

A sealed value says by which key it was sealed: v1.<key>.<base64 of nonce and AES-256-GCM>. The first key seals; the others
only open, until `app.py key rotate` has sealed everything with the first. What was sealed before there were data keys
(Fernet, by the installation's secret) is opened too.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORM = "v1."
_NONCE = 12
_MARK = 8  # letters of a key's name
_HEAD = len(_FORM) + _MARK + 1
OLD, PLAIN = "old", "plain"  # sealed before there were data keys; not sealed at all


class WrongKey(Exception):
    """What was sealed has been changed, or was sealed with a key we do not have."""


@dataclass(frozen=True, slots=True)
class _Key:
    name: str  # tells keys apart and gives nothing of them away
    cipher: AESGCM
    index: bytes

    @classmethod
    def of(cls, words: str) -> "_Key":
        raw = hashlib.sha256(b"linyi-data:" + words.encode()).digest()
        name, index = (hmac.new(raw, what, hashlib.sha256) for what in (b"name", b"index"))
        return cls(name.hexdigest()[:_MARK], AESGCM(raw), index.digest())


class Keyring:
    """One key that seals, and those that still open."""

    def __init__(self, secret: str, data_key: str = "", previous: Sequence[str] = ()):
        self.own = bool(data_key)  # False: the installation's secret stands in
        self._first = _Key.of(data_key or secret)
        keys = [self._first, *map(_Key.of, previous), _Key.of(secret)]
        self._keys = {key.name: key for key in reversed(keys)}
        self._old = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"linyi:" + secret.encode()).digest()))
        self.opening = f"{_FORM}{self._first.name}."  # how everything begins that the first key sealed

    @property
    def name(self) -> str:
        """The name of the key that seals."""
        return self._first.name

    def seal(self, words: str) -> str:
        """The words, unreadable without the key; never twice the same."""
        return self.opening + base64.b64encode(self._sealed(words.encode())).decode()

    def seal_bytes(self, data: bytes) -> bytes:
        """Bytes, unreadable without the key; as long as they were, and a line of 40."""
        return self.opening.encode() + self._sealed(data)

    def _sealed(self, data: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._first.cipher.encrypt(nonce, data, None)

    def open(self, sealed: str) -> str:
        """The words again; WrongKey when that cannot be."""
        try:
            if sealed.startswith(_FORM):
                return self._opened(sealed[:_HEAD], base64.b64decode(sealed[_HEAD:])).decode()
            return self._old.decrypt(sealed.encode()).decode()
        except (KeyError, ValueError, InvalidTag, InvalidToken):
            raise WrongKey from None

    def open_bytes(self, sealed: bytes) -> bytes:
        """The bytes again; WrongKey when that cannot be."""
        try:
            return self._opened(sealed[:_HEAD].decode("ascii"), sealed[_HEAD:])
        except (KeyError, ValueError, InvalidTag):
            raise WrongKey from None

    def _opened(self, head: str, raw: bytes) -> bytes:
        return self._keys[head[len(_FORM):-1]].cipher.decrypt(raw[:_NONCE], raw[_NONCE:], None)

    def knows(self, name: str) -> bool:
        """True when what the key of this name sealed can be opened."""
        return name in self._keys

    def marks(self, words: str) -> list[str]:
        """The keyed hashes under which the words may stand in an index: by the key that seals, then by the others."""
        return [hmac.new(key.index, words.encode(), hashlib.sha256).hexdigest() for key in
                (self._first, *(k for k in self._keys.values() if k is not self._first))]


def sealer(sealed: str | bytes) -> str:
    """The name of the key that sealed a stored value; OLD or PLAIN when none of these did."""
    sealed = sealed if isinstance(sealed, str) else sealed[:_HEAD].decode("latin-1")
    if sealed.startswith(_FORM):
        return sealed[len(_FORM):_HEAD - 1]
    return OLD if sealed.startswith("gAAAA") else PLAIN


def fresh() -> str:
    """A new key to put into the environment: 256 bits of chance."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()
