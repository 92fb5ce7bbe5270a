"""The platform's signature and envelope (AES-256-CBC, PKCS7 to 32 bytes), written from its documentation."""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class BadEnvelope(Exception):
    """A signature or an encrypted text is not what the key would have made."""


def sign(*parts: str) -> str:
    """Signs the parts the platform's way: sorted, joined, SHA-1."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compares two signatures in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def encrypt_bytes(aes_key: str, data: bytes) -> bytes:
    """Seals a picture for the store of 智能机器人: no envelope, the key's first half is the IV."""
    pad = BLOCK - len(data) % BLOCK
    sealer = _cipher(aes_key).encryptor()
    return sealer.update(data + bytes([pad]) * pad) + sealer.finalize()


def encrypt(aes_key: str, text: str, receiver: str, *, prefix: bytes | None = None) -> str:
    """Seals a text for one receiver: appid, corpid, or nothing for an 智能机器人."""
    body = text.encode()
    plain = (prefix or secrets.token_bytes(16)) + len(body).to_bytes(4, "big") + body + receiver.encode()
    pad = BLOCK - len(plain) % BLOCK
    sealer = _cipher(aes_key).encryptor()
    return base64.b64encode(sealer.update(plain + bytes([pad]) * pad) + sealer.finalize()).decode()


def decrypt(aes_key: str, sealed: str, receiver: str) -> str:
    """Opens a sealed text, and insists that it was meant for this receiver."""
    try:
        opener = _cipher(aes_key).decryptor()
        padded = opener.update(base64.b64decode(sealed, validate=True)) + opener.finalize()
    except ValueError as error:
        raise BadEnvelope("not a whole number of blocks") from error
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= BLOCK or padded[-pad:] != bytes([pad]) * pad:
        raise BadEnvelope("bad padding")
    plain = padded[:-pad]
    end = 20 + int.from_bytes(plain[16:20], "big")
    if end > len(plain) or plain[end:] != receiver.encode():
        raise BadEnvelope("meant for somebody else")
    return plain[20:end].decode()
