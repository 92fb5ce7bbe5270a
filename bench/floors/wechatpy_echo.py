"""Floor E: Flask + wechatpy in safe mode; verifies, decrypts, parses, answers with the same words, encrypts."""

import os

from flask import Flask, request
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto

app = Flask(__name__)
crypto = WeChatCrypto(os.environ["LINYI_MP_TOKEN"], os.environ["LINYI_MP_AES_KEY"], os.environ["BENCH_APP_ID"])


@app.post("/wire/mp")
def echo() -> str:
    """One callback."""
    args = request.args
    text = crypto.decrypt_message(request.data, args["msg_signature"], args["timestamp"], args["nonce"])
    message = parse_message(text)
    reply = create_reply(message.content, message)
    return crypto.encrypt_message(reply.render(), args["nonce"], args["timestamp"])
