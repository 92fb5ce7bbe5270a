"""The published and community test vectors, in both directions."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.channels import xml
from bot.channels.crypto import Envelope
from bot.channels.signing import sign, verify
from bot.message import WireError, WireRequest
from tests.channels import kit

WECOM = ("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
WECOM_ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
WECOM_TEXT = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/s"
    "YYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJ"
    "YuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGU"
    "callcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDY"
    "A5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)
MP = ("AAAAA", "A" * 43, "wxba5fad812f8e6fb9")
MP_SAFE = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv"
    "6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNq"
    "J4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
XML = ("weixin", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxbad0b45542aa0b5e")
XML_SAFE = (
    "MNn4+jJ/VsFh2gUyKAaOJArwEVYCvVmyN0iXzNarP3O6vXzK62ft1/KG2/XPZ4y5bPWU/jfIfQxODRQ7sLkUsrDRqsWimuhIT8Eq+w4E"
    "/28m+XDAQKEOjWTQIOp1p6kNsIV1DdC3B+AtcKcKSNAeJDr7x7GHLx5DZYK09qQsYDOjP6R5NqebFjKt/NpEl/GU3gWFwG8LCtRNuIYd"
    "K5axbFSfmXbh5CZ6Bk5wSwj5fu5aS90cMAgUhGsxrxZTY562QR6c+3ydXxb+GHI5w+qA+eqJjrQqR7u5hS+1x5sEsA7vS+bZ5LYAR3+P"
    "Z243avQkGllQ+rg7a6TeSGDxxhvLw+mxxinyk88BNHkJnyK//hM1k9PuvuLAASdaud4vzRQlAmnYOslZl8CN7gjCjV41skUTZv3wwGPx"
    "vEqtm/nf5fQ="
)


def at(stamp: str) -> datetime:
    return datetime.fromtimestamp(int(stamp), UTC)


@pytest.mark.parametrize(
    "signature,parts",
    [
        ("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", (WECOM[0], "1409659589", "263014780", WECOM_ECHO)),
        ("477715d11cdb4164915debcba66cb864d751f3e6", (WECOM[0], "1409659813", "1372623149", WECOM_TEXT)),
        ("f464b24fc39322e44b38aa78f5edd27bd1441696", (MP[0], "1714036504", "1514711492")),
        ("899cf89e464efb63f54ddac96b0a0a235f53aa78", (MP[0], "1714037059", "486452656")),
        ("6c5c811b55cc85e0e1b54100749188c20beb3f5d", (MP[0], "1714112445", "415670741")),
        ("046e02f8204d34f8ba5fa3b1db94908f3df2e9b3", (MP[0], "1714112445", "415670741", MP_SAFE)),
        ("35703636de2f9df2a77a662b68e521ce17c34db4", (XML[0], "1414243737", "1792106704")),
        ("6147984331daf7a1a9eed6e0ec3ba69055256154", (XML[0], "1414243737", "1792106704", XML_SAFE)),
    ],
)
def test_published_signature_is_ours_and_is_accepted(signature: str, parts: tuple[str, ...]) -> None:
    assert sign(*parts) == signature
    query = {"msg_signature": [signature], "timestamp": [parts[1]], "nonce": [parts[2]]}
    stamp = verify(query, "msg_signature", parts[0], at(parts[1]), *parts[3:])
    assert (stamp.timestamp, stamp.nonce) == parts[1:3]
    with pytest.raises(WireError):
        verify(query, "msg_signature", parts[0] + "x", at(parts[1]), *parts[3:])


def test_wecom_sample_opens() -> None:
    envelope = Envelope(WECOM[2], WECOM[1])
    assert envelope.open(WECOM_ECHO) == (b"1616140317555161061", 0)
    fields = xml.read(envelope.open(WECOM_TEXT)[0])
    assert (fields["Content"], fields["FromUserName"], fields["MsgId"]) == (
        "hello",
        "mycreate",
        "4561255354251345929",
    )


def test_mp_sample_opens() -> None:
    assert json.loads(Envelope(MP[2], MP[1]).open(MP_SAFE)[0]) == {
        "ToUserName": "gh_97417a04a28d",
        "FromUserName": "o9AgO5Kd5ggOC-bXrbNODIiE3bGY",
        "CreateTime": 1714112445,
        "MsgType": "event",
        "Event": "debug_demo",
        "debug_str": "hello world",
    }


def test_mp_sample_seals_to_the_same_bytes() -> None:
    sealed = Envelope(MP[2], MP[1]).seal(b'{"demo_resp":"good luck"}', prefix=b"707722b803182950")
    assert (
        sealed == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )
    assert sign(MP[0], "1713424427", "415670741", sealed) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


def test_mp_handshake_answers_the_echo() -> None:
    channel = kit.build(replace(kit.MP, token=MP[0]), redis=None, clock=lambda: at("1714036504"))
    answer = channel.handshake(
        WireRequest(
            "GET",
            {
                "signature": ["f464b24fc39322e44b38aa78f5edd27bd1441696"],
                "timestamp": ["1714036504"],
                "nonce": ["1514711492"],
                "echostr": ["4375120948345356249"],
            },
            b"",
        )
    )
    assert answer.body == b"4375120948345356249"


def test_community_xml_goes_through_the_whole_channel() -> None:
    account = replace(kit.MP, token=XML[0], aes_key=XML[1], app_id=XML[2])
    channel = kit.build(account, redis=None, clock=lambda: at("1414243737"))
    body = (
        f"<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[{XML_SAFE}]]></Encrypt></xml>".encode()
    )
    message = channel.parse(
        WireRequest(
            "POST",
            {
                "signature": ["35703636de2f9df2a77a662b68e521ce17c34db4"],
                "timestamp": ["1414243737"],
                "nonce": ["1792106704"],
                "encrypt_type": ["aes"],
                "msg_signature": ["6147984331daf7a1a9eed6e0ec3ba69055256154"],
            },
            body,
        ),
        now=at("1414243737"),
    )
    assert message is not None
    assert (message.sender, message.kind) == ("oIDrpjpQ8j8mBuQ8nM26HWzNEZgg", "text") and message.text
