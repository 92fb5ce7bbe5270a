"""Fetches the pictures people send to an 智能机器人: encrypted, at an address of the platform's store and nowhere else."""

import base64
import binascii
import re
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.channels.api import ApiClient
from bot.message import MEDIA_BYTES, ChannelError, Media

_BLOCK = 32
_URL = re.compile(r"[!-~]{1,2048}", re.ASCII)


class Pictures:
    """The store of one platform; `base` is the only scheme and host that is asked."""

    def __init__(self, base: str, aes_key: str = ""):
        self._api, self._aes_key = ApiClient(base), aes_key

    def fetch(self, media: Media) -> bytes:
        """The picture, opened by its own key or the account's."""
        if not self._ours(media.url):
            raise ChannelError("not an address of the platform's store", retryable=False)
        return opened(self._api.download(media.url, most=MEDIA_BYTES + _BLOCK), media.key or self._aes_key)

    def _ours(self, url: str) -> bool:
        base = urlsplit(self._api.base)
        try:
            given = urlsplit(url)
        except ValueError:
            return False
        return bool(_URL.fullmatch(url)) and (given.scheme, given.netloc) == (base.scheme, base.netloc)


def opened(sealed: bytes, aes_key: str) -> bytes:
    """What lies under AES-256-CBC with PKCS#7 to 32 bytes, whose first half of the key is its IV."""
    try:
        key = base64.b64decode(aes_key + "=" * (-len(aes_key) % 4), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32 or not sealed or len(sealed) % 16:
        raise ChannelError("a picture that cannot be opened", retryable=False)
    opener = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    padded = opener.update(sealed) + opener.finalize()
    pad = padded[-1]
    if not 1 <= pad <= _BLOCK or not padded.endswith(bytes([pad]) * pad):
        raise ChannelError("a picture that cannot be opened", retryable=False)
    return padded[:-pad]
