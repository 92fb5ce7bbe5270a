"""网页授权 of a 公众号: the code that WeChat gave a browser becomes the openid of whoever holds the phone."""

import re

from bot.channels.api import ApiClient
from bot.message import ChannelError

_OPENID = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)


def openid_of(api: ApiClient, app_id: str, secret: str, code: str) -> str:
    """Exchanges the code, which is good once and for five minutes (40029 wrong, 40163 used); ChannelError otherwise."""
    answer = api.get("/sns/oauth2/access_token", {"appid": app_id, "secret": secret, "code": code[:256],
                                                  "grant_type": "authorization_code"})
    openid = answer.get("openid")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
        raise ChannelError("an authorisation without an openid", retryable=False)
    return openid
