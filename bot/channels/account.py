"""What a channel must know about one account on one platform; where it comes from is not its business."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

Clock = Callable[[], datetime]  # aware, UTC


@dataclass(frozen=True, slots=True)
class Account:
    """One account as configured; what is secret stays out of its printed form."""

    name: str
    kind: str  # a key of bot.channels.KINDS
    community: str
    api_base: str
    token: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)
    previous_aes_key: str = field(default="", repr=False)  # while the platform still uses the old one
    app_id: str = ""  # appid, corp id, or the id of an 智能机器人
    app_secret: str = field(default="", repr=False)
    corp: str = ""  # the 企业微信 corp of the account: accounts of one corp know people by the same userids
    mode: str = "safe"  # safe | compat | plain; only a 公众号 has a choice
    bot_name: str = "小议"
    agent_id: str = ""  # of a 自建应用
    oauth_base: str = "https://open.weixin.qq.com"  # where a 公众号's followers are sent to be known
    js_base: str = "https://res.wx.qq.com"  # where pages find the JS-SDK of a 公众号
    socket_url: str = "wss://openws.work.weixin.qq.com"  # of an 智能机器人 without a callback address
    # where an 智能机器人 finds the pictures people send it, and the only place they are fetched from
    media_base: str = "https://ww-aibot-img-1258476243.cos.ap-guangzhou.myqcloud.com"
    templates: dict[str, str] = field(default_factory=dict)  # a 公众号's notices: remind, result … -> template id

    @property
    def realm(self) -> str:
        """Within what a person's id means the same person: the corp, else this account alone (an openid is a 公众号's own)."""
        return f"corp:{self.corp}" if self.corp and self.kind != "mp" else f"account:{self.name}"
