"""The envelope agrees with the platforms' published examples."""

import json

import pytest
from wechatpy.work.crypto import WeChatCrypto

from simulator import crypto
from tests.simulator.stage import KEY

WECOM_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
WECOM_ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
MP_KEY, MP_ID = "A" * 43, "wxba5fad812f8e6fb9"
MP_SEALED = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVza"
    "zhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwK"
    "SqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=")


def test_wecom_address_check_of_the_documentation() -> None:
    signature = crypto.sign("QDG6eK", "1409659589", "263014780", WECOM_ECHO)
    assert signature == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert crypto.decrypt(WECOM_KEY, WECOM_ECHO, "wx5823bf96d3bd56c7") == "1616140317555161061"


def test_mp_signatures_of_the_documentation() -> None:
    assert crypto.sign("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"
    assert crypto.sign("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    sealed = crypto.sign("AAAAA", "1714112445", "415670741", MP_SEALED)
    assert sealed == "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"


def test_mp_sealed_message_of_the_documentation() -> None:
    opened = json.loads(crypto.decrypt(MP_KEY, MP_SEALED, MP_ID))
    assert (opened["Event"], opened["debug_str"]) == ("debug_demo", "hello world")


def test_sealing_gives_the_bytes_of_the_documentation() -> None:
    sealed = crypto.encrypt(MP_KEY, '{"demo_resp":"good luck"}', MP_ID, prefix=b"707722b803182950")
    assert sealed == ("ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L3"
                      "2tmxSQ==")
    signature = crypto.sign("AAAAA", "1713424427", "415670741", sealed)
    assert signature == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


@pytest.mark.parametrize("length", range(0, 70, 3))
def test_wechatpy_opens_what_we_seal(length: int) -> None:
    text = "议" * length
    sealed = crypto.encrypt(KEY, text, "")
    signature = crypto.sign("tok", "1", "2", sealed)
    opened = WeChatCrypto("tok", KEY, "").check_signature(signature, "1", "2", sealed)
    assert (opened.decode() if isinstance(opened, bytes) else opened) == text
    assert crypto.decrypt(KEY, sealed, "") == text


@pytest.mark.parametrize("sealed", ["", "????", "AAAA", WECOM_ECHO[:-4] + "AAA=", MP_SEALED])
def test_what_the_key_did_not_seal_is_refused(sealed: str) -> None:
    with pytest.raises(crypto.BadEnvelope):
        crypto.decrypt(KEY, sealed, "")


def test_a_text_for_another_receiver_is_refused() -> None:
    with pytest.raises(crypto.BadEnvelope):
        crypto.decrypt(KEY, crypto.encrypt(KEY, "x", "wx1"), "wx2")
