"""Words that hold a choice and are still no ballot: half-said, turned down, told of others, compared, or about something else.

Rules that may only forbid: what they find is asked about or left alone, never counted.
"""

import re

from understanding.context import PollSeen

_STANCE = r"(?:不?同意|不?赞成|不?支持|反对|弃权)"
_HALF = re.compile(
    r"同意(?:不了|个|你个|你说|一半|(?:的|嘅)(?:人|都)|倒是|或|还是)|才怪|大头鬼|个屁|个鬼|差点就?(?:投|选|同意|反对)|"
    r"(?:没|未|难|还没|没有)(?:决定|想好|考虑好|想清楚)|(?:先|暂时)(?:别|不)算我?|有条件|一半一半|原则上|看情况|"
    r"谁" + _STANCE + r"谁|"
    r"该" + _STANCE + r"还是|" + _STANCE + r"也行|也不是不|谈不上|不一定|未必|本来(?:想|要)|要投.{0,6}也得|"
    r"让我投|(?<!我)说" + _STANCE + r"$|"
    r"凭什么|为(?:啥|什么)要?" + _STANCE + r"|" + _STANCE + r"(?:的|得)?(?:前提|条件)")
_OTHERS = re.compile(
    r"(?:^|[,。!;\s])(?![^,。!;]*我)[^,。!;]{1,6}"
    r"(?:楼|栋|幢|层|户|单元|门|隔壁|他们|人家|邻居|老[\u4e00-\u9fff])(?:里|的人|们)?都?"
    + _STANCE)
_TURNED = re.compile(
    r"(?:(?<![a-z])[a-j]|第[一二三四五六七八九十]个?|[一二三四五六]号)\s?(?:不行|不好|不要|还?是?算了|为(?:什么|啥)|比\s?[a-j])|"
    r"(?:不能?是|除了|别[选投]|不[选投]|不要)\s?(?:[a-j](?![a-z])|第[一二三四五六七八九十]个)|[选投]\s?[a-j]的", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"买|奶茶|咖啡|理发|外卖|下单|这局|打不过|好吃|下班|加班|国货|好友|[A-J]卷|考|穿|天气|天热|真热|确实热|冷死|电影|球",
    re.IGNORECASE)
_OBJECT = re.compile(r"(?:^|[,。!\s我])(?:" + _STANCE + r")([\u4e00-\u9fff]{2,6})[。!~]*$")
_PLAIN = re.compile(
    r"这个|这样|一下|楼上|前面|以上|上面|大家|你们|物业|方案|意见|提议|做法|的呀|的啊|"
    r"了吧|了啊|哈哈|谢谢|票|选项|安装|加装|改造|举手|双手")


def no_ballot(words: str, poll: PollSeen) -> bool:
    """True when the choice in these words must not be counted."""
    return bool(_HALF.search(words) or _OTHERS.search(words) or _TURNED.search(words))


def elsewhere(words: str, poll: PollSeen) -> bool:
    """True when the words choose, but nothing this poll asks about; only for what is said to nobody."""
    known = poll.title + "".join(poll.options)
    found = _ELSEWHERE.search(words)
    if found is not None and found[0] not in known:
        return True
    what = _OBJECT.search(words)
    return what is not None and _PLAIN.search(what[1]) is None and not set(what[1]) & set(known)
