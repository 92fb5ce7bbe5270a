"""What residents send: signed and sealed as the platform does it, built before the clock starts.

70 % ballots (new and changed), 20 % reports in varied words, 10 % looking up and standing behind.
"""

import itertools
import pickle
import random
import time
from dataclasses import dataclass
from pathlib import Path

from simulator import crypto

RESIDENTS = 1000
OPTIONS = ("同意", "反对", "弃权")
_BALLOTS = ("1", "2", "3", "A", "b", "①", "②", "同意", "反对", "弃权", "投第二个", "P1 同意", "我选1", "P1 2")
_THINGS = ("电梯停了没人修", "楼道灯不亮", "垃圾堆满了很臭", "下水道堵了返水", "门禁坏了刷不开", "消防通道被占用", "路面有个大坑", "水管漏水",
           "有人高空抛物", "绿化带枯死没人管", "充电桩坏了", "车位被占", "外墙脱落很危险", "健身器材松动", "监控坏了", "路灯不亮", "围墙塌了一段",
           "井盖不见了", "天台漏水", "广场舞太吵")
_SINCE = ("", "，已经一周了", "，好几天了", "，昨天开始的", "，请尽快处理", "，老人出门很不方便", "，晚上特别明显", "，跟物业说过也没用")
_serial = itertools.count(int(time.time()) * 10_000_000)


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests in a file, and the message ids in them."""

    path: Path
    ids: list[str]


def openid(number: int) -> str:
    """The platform's name for a resident."""
    return f"oBench{number:022d}"


def report(number: int) -> str:
    """A complaint; different numbers differ in place or matter."""
    building, entrance = number % 24 + 1, number // 24 % 3 + 1
    return f"{building}幢{entrance}单元{_THINGS[number % len(_THINGS)]}{_SINCE[number // 7 % len(_SINCE)]}"


def kind_of(text: str) -> str:
    """Which of the three kinds of message this is."""
    return "ballot" if text in _BALLOTS else "report" if len(text) > 8 else "other"


def words(luck: random.Random) -> str:
    """One message of the mix."""
    kind = luck.random()
    if kind < 0.7:
        return luck.choice(_BALLOTS)
    if kind < 0.9:
        return ("反映 " if luck.random() < 0.8 else "") + report(luck.randrange(4000))
    return luck.choice(("P1", f"附议 I{luck.randrange(1, 51)}", "议题", f"I{luck.randrange(1, 51)}", "帮助", "进度"))


def request(secrets: dict[str, str], app_id: str, sender: str, text: str, port: int, luck: random.Random) -> tuple[bytes, str]:
    """One callback in safe mode, whole, and its message id."""
    number, now, nonce = str(next(_serial)), str(int(time.time())), str(luck.randrange(10**9))
    inner = (f"<xml><ToUserName><![CDATA[gh_bench0000000]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
             f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
             f"<MsgId>{number}</MsgId></xml>")
    sealed = crypto.encrypt(secrets["LINYI_MP_AES_KEY"], inner, app_id)
    token = secrets["LINYI_MP_TOKEN"]
    query = (f"signature={crypto.sign(token, now, nonce)}&timestamp={now}&nonce={nonce}&openid={sender}&encrypt_type=aes"
             f"&msg_signature={crypto.sign(token, now, nonce, sealed)}")
    body = (f"<xml><ToUserName><![CDATA[gh_bench0000000]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>").encode()
    head = (f"POST /wire/mp?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    return head.encode() + body, number


def build(path: Path, count: int, secrets: dict[str, str], app_id: str) -> Batch:
    """So many requests, in a file for the load generator."""
    luck = random.Random(next(_serial))
    made = [request(secrets, app_id, openid(luck.randrange(1, RESIDENTS + 1)), words(luck), 80, luck) for _ in range(count)]
    path.write_bytes(pickle.dumps([m[0] for m in made]))
    return Batch(path, [m[1] for m in made])
