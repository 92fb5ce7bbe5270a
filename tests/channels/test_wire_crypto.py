"""Our envelope against the library's, and what it does with junk."""

import base64
import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto as MpPrp
from wechatpy.work.crypto import PrpCrypto as WorkPrp

from bot.channels.crypto import Envelope
from bot.message import WireError
from tests.channels import kit

RAW_KEY = base64.b64decode(kit.KEY + "=")
TEXTS = ["", "x", "你好", "🛗👩‍👩‍👧", *("投" * size for size in range(0, 40)), "a" * 5000, "🗳" * 3000]


@pytest.mark.parametrize(
    "peer,receiver", [(MpPrp, kit.APP_ID), (WorkPrp, "wx5823bf96d3bd56c7"), (WorkPrp, "")]
)
def test_ours_and_the_librarys_open_each_other(peer: type, receiver: str) -> None:
    ours, theirs = Envelope(receiver, kit.KEY), peer(RAW_KEY)
    for text in TEXTS:
        assert ours.open(theirs.encrypt(text, receiver).decode()) == (text.encode(), 0)
        assert theirs.decrypt(ours.seal(text.encode()), receiver) == text


def test_sealing_twice_gives_two_envelopes() -> None:
    envelope = Envelope("", kit.KEY)
    assert envelope.seal(b"P1") != envelope.seal(b"P1")


@pytest.mark.parametrize("receiver", ["wxother", kit.APP_ID + "x", kit.APP_ID[:-1], ""])
def test_letter_for_somebody_else_is_refused(receiver: str) -> None:
    with pytest.raises(WireError):
        Envelope(receiver, kit.KEY).open(Envelope(kit.APP_ID, kit.KEY).seal(b"text"))


def padded_by_hand(plain: bytes) -> str:
    cipher = Envelope("", kit.KEY)._ciphers[0].encryptor()
    return base64.b64encode(cipher.update(plain) + cipher.finalize()).decode()


HEAD = b"0" * 16 + (1).to_bytes(4, "big") + b"x"  # 21 bytes


@pytest.mark.parametrize(
    "tail",
    [
        b"\x0b" * 10 + b"\x0b",
        b"\x00" * 11,
        b"\x0a" * 10 + b"\x0b",
        b"\x01" * 10 + b"\x21",
        b"\xff" * 11,
        b"y" * 10 + b"\x01",
    ],
)
def test_only_whole_padding_is_accepted(tail: bytes) -> None:
    sealed = padded_by_hand(HEAD + tail)
    if tail == b"\x0b" * 11:
        assert Envelope("", kit.KEY).open(sealed) == (b"x", 0)
        return
    with pytest.raises(WireError):
        Envelope("", kit.KEY).open(sealed)


@pytest.mark.parametrize("length", [2, 12, 100, 2**31, 2**32 - 1])
def test_length_beyond_the_end_is_refused(length: int) -> None:
    sealed = padded_by_hand(b"0" * 16 + length.to_bytes(4, "big") + b"x" + b"\x0b" * 11)
    with pytest.raises(WireError):
        Envelope("", kit.KEY).open(sealed)


@given(
    st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode()))
)
@settings(derandomize=True, max_examples=300, deadline=None)
def test_junk_is_a_wire_error_and_nothing_else(sealed: str) -> None:
    with pytest.raises(WireError):
        Envelope(kit.APP_ID, kit.KEY, kit.OLD_KEY).open(sealed)


def test_random_blocks_are_a_wire_error() -> None:
    dice, envelope = random.Random(7), Envelope(kit.APP_ID, kit.KEY)
    for _ in range(500):
        with pytest.raises(WireError):
            envelope.open(base64.b64encode(dice.randbytes(32 * dice.randint(1, 8))).decode())


def test_every_flipped_bit_is_refused_or_changes_only_the_text() -> None:
    envelope = Envelope(kit.APP_ID, kit.KEY)
    raw = base64.b64decode(envelope.seal(b"P1 yes"))
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        try:
            text, key = envelope.open(base64.b64encode(changed).decode())
        except WireError:
            continue
        assert key == 0 and len(text) == 6


def test_prefix_comes_from_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "urandom", lambda size: b"r" * size)
    envelope = Envelope("", kit.KEY)
    assert envelope.seal(b"x") == envelope.seal(b"x", prefix=b"r" * 16)
