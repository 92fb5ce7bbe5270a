"""What a ballot leaves behind: a receipt short enough to write down, and hashes that give nobody away."""

import json
from hashlib import sha256

from domain.errors import Refusal

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O, U
BITS = 40
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(thing: object) -> bytes:
    """The one way in which a thing is written before it is hashed or published."""
    return _ENCODER.encode(thing).encode()


def code(bits: int) -> str:
    """The receipt for 40 random bits, like 7K3M-Q9XD. The caller draws again when the poll knows it already."""
    if not 0 <= bits < 1 << BITS:
        raise ValueError("a receipt holds 40 bits")
    text = "".join(ALPHABET[bits >> shift & 31] for shift in range(BITS - 5, -1, -5))
    return f"{text[:4]}-{text[4:]}"


def read(said: str) -> str:
    """The receipt that somebody typed or read from a note: small letters, spaces, no dash, O for 0, I and L for 1."""
    wide = {ord("０") + i: str(i) for i in range(10)} | {ord("Ａ") + i: chr(65 + i) for i in range(26)}
    plain = said.translate(wide | {ord("ａ") + i: chr(65 + i) for i in range(26)}).upper().translate(_MISREAD)
    text = "".join(c for c in plain if not c.isspace() and c not in "-—–－_·")
    if len(text) * 5 != BITS or any(c not in ALPHABET for c in text):
        raise Refusal("receipt.unreadable")
    return f"{text[:4]}-{text[4:]}"


def voter_hash(salt: str, voter: str) -> str:
    """Who voted, for those who know the salt; for others a number that says nothing."""
    return sha256((salt + voter).encode()).hexdigest()


def commitment(receipt: str, choice: str, salt: str = "") -> str:
    """What the poll's log says of a ballot: without the salt nobody can find out the choice.

    In a named poll there is no salt, so that everybody can look up each published ballot in the log.
    """
    return sha256(salt.encode() + canonical({"choice": choice, "receipt": receipt})).hexdigest()
