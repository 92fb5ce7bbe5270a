"""The platform's envelope: AES-256-CBC, PKCS#7 to 32 bytes, random, length, text, receiver. Verify first."""

import base64
import binascii
import hmac
import os
import re

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.message import WireError

_BLOCK = 32
_HEAD = 20  # 16 random bytes and the length
_PADS = [bytes([size]) * size for size in range(_BLOCK + 1)]
_KEY = re.compile(r"[0-9A-Za-z+/]{43}", re.ASCII)


class Envelope:
    """Opens and seals what travels between the platform and one receiver, by the current or previous key."""

    def __init__(self, receiver: str, aes_key: str, previous_aes_key: str = ""):
        self._receiver = receiver.encode()
        self._ciphers = [_cipher(key) for key in (aes_key, previous_aes_key) if key]

    @property
    def can_open(self) -> bool:
        """True when there is a key at all."""
        return bool(self._ciphers)

    def open(self, sealed: str) -> tuple[bytes, int]:
        """The text, and which key opened it (0 is the current one)."""
        ciphertext = _ciphertext(sealed)
        for number, cipher in enumerate(self._ciphers):
            plain = self._try(cipher, ciphertext)
            if plain is not None:
                return plain, number
        raise WireError("cannot be decrypted")

    def _try(self, cipher: Cipher[modes.CBC], ciphertext: bytes) -> bytes | None:
        opener = cipher.decryptor()
        padded = opener.update(ciphertext) + opener.finalize()
        pad = padded[-1]
        if not 1 <= pad <= _BLOCK or not padded.endswith(_PADS[pad]):
            return None
        end = _HEAD + int.from_bytes(padded[16:_HEAD], "big")
        last = len(padded) - pad
        if end > last or not hmac.compare_digest(padded[end:last], self._receiver):
            return None
        return padded[_HEAD:end]

    def seal(self, text: bytes, key: int = 0, *, prefix: bytes | None = None) -> str:
        """The text in an envelope; the 16 random bytes can be given to reproduce a published example."""
        plain = b"".join((prefix or os.urandom(16), len(text).to_bytes(4, "big"), text, self._receiver))
        sealer = self._ciphers[key].encryptor()
        sealed = sealer.update(plain + _PADS[_BLOCK - len(plain) % _BLOCK]) + sealer.finalize()
        return binascii.b2a_base64(sealed, newline=False).decode()


def _cipher(key: str) -> Cipher[modes.CBC]:
    if not _KEY.fullmatch(key):
        raise ValueError("an EncodingAESKey is 43 letters and digits")
    raw = base64.b64decode(key + "=")
    return Cipher(algorithms.AES(raw), modes.CBC(raw[:16]))


def _ciphertext(sealed: str) -> bytes:
    try:
        raw = binascii.a2b_base64(sealed, strict_mode=True)
    except ValueError:  # binascii.Error, and text outside ASCII
        raw = b""
    if not raw or len(raw) % _BLOCK:
        raise WireError("not an envelope", 400)
    return raw
