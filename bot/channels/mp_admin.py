"""What is set up once for a 公众号 by hand: the menu under its chat, QR codes with a scene; and what can be looked at."""

import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from bot.channels.account import Account, Clock
from bot.channels.api import ApiClient
from bot.channels.codes import MP
from bot.channels.mp_events import MENU
from bot.channels.mp_js import JsTicket
from bot.channels.tokens import StableToken
from bot.message import ChannelError

SCENE = re.compile(r"join|poll:P[1-9][0-9]{0,5}|issue:I[1-9][0-9]{0,5}")  # nothing personal, nothing that votes
LONGEST_DAYS = 30
PICTURE_MOST = 1024 * 1024
_PICTURES = {"api.weixin.qq.com": "https://mp.weixin.qq.com"}  # the pictures of codes are served elsewhere


class MpAdmin:
    """The set-up side of one account; fetches its own token, which a stable token forgives."""

    def __init__(self, account: Account, *, clock: Clock, redis: Any = None):
        self.account, self.api = account, ApiClient(account.api_base, codes=MP)
        self.tokens = StableToken(account, self.api, redis=redis, clock=clock)
        self.tickets = JsTicket(account, self.api, tokens=self.tokens, redis=redis, clock=clock)

    def ask(self, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        """What the platform says of the account."""
        return self.api.get(path, (query or {}) | {"access_token": self.tokens.get()})

    def put_menu(self) -> None:
        """Puts up the menu: each button says one of our words."""
        buttons = [{"type": "click", "name": words, "key": key} for key, words in MENU.items()]
        self.tokens.spend(self.api, "/cgi-bin/menu/create", {"button": buttons})

    def code(self, scene: str, *, days: int) -> bytes:
        """The picture of a QR code with this scene, for some days, or for ever with 0 (of which an account has 100,000)."""
        if not SCENE.fullmatch(scene):
            raise ValueError("scene: join, poll:P5, issue:I12")
        if not 0 <= days <= LONGEST_DAYS:
            raise ValueError(f"days: 1 … {LONGEST_DAYS}, or 0")
        what: dict[str, Any] = {"action_info": {"scene": {"scene_str": scene}}}
        kind = {"action_name": "QR_STR_SCENE", "expire_seconds": days * 86400} if days else {"action_name": "QR_LIMIT_STR_SCENE"}
        ticket = self.tokens.spend(self.api, "/cgi-bin/qrcode/create", kind | what).get("ticket")
        if not isinstance(ticket, str) or not ticket:
            raise ChannelError("a code without a ticket", retryable=True)
        base = _PICTURES.get(urlsplit(self.account.api_base).hostname or "", self.account.api_base)
        return self.api.fetch(f"{base}/cgi-bin/showqrcode?{urlencode({'ticket': ticket})}", most=PICTURE_MOST)
