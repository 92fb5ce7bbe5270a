"""The position in somebody's own words: for, against, neutral, or on a condition, which is kept as they said it."""

import re

from texts.normal import plain

_CONDITION = re.compile(
    r"(?:如果|要是|假如|只要|只有|除非|前提是?|条件是|但要先|得先)[^。;；!?]{2,80}"
    r"|能[^,，。;；!?]{1,40}就(?:同意|支持|赞成|行)")
_ABSTAIN = re.compile(r"中立|无所谓|都行|都可以|随大家|听大家|不反对|没意见")
_AGAINST = re.compile(r"反对|不同意|不赞成|不支持|不赞同|不行|不答应|坚决不|别搞|不要|不(?:应)?该|没必要|不必")
_FOR = re.compile(r"支持|同意|赞成|赞同|可以搞|应该|我要")
_ATTACK = re.compile(
    r"傻[逼比叉子瓜]|脑残|白痴|弱智|蠢[货猪驴]|智障|神经病|不要脸|臭不要脸|去死|滚(?:蛋|出去|开)|王八|混蛋|畜生|狗东西|"
    r"他妈的?|你妈|人渣|败类|垃圾人|老不死|泼妇|刁民|缺德鬼|有病吧|不是人|放屁")


_POSITION = re.compile(
    r"^(?:我们?家?|俺)?(?:坚决|完全|还是|都)?(?:不同意|不赞成|不支持|反对|支持|同意|赞成|中立|有条件)"
    r"[\s,，:：。]*(?:因为|理由是?)?[\s,，:：]*")
_WHY = r"因为|由于|理由(?:是|:|：)|主要是"
_AFTER_VOTE = re.compile(rf"(?:{_WHY}|[,，。;；!！])(?:是?{_WHY})?(?P<why>.{{4,}})", re.DOTALL)


def stance(text: str) -> tuple[str | None, str | None]:
    """(for | against | neutral | conditional or None, the condition in their words); negation is looked for before assent."""
    words = plain(text)
    condition = _CONDITION.search(words)
    if condition and (_FOR.search(words) or _AGAINST.search(words) or "有条件" in words):
        return "conditional", condition.group().strip(" ,，")
    if "有条件" in words:
        return "conditional", words.replace("有条件", "", 1).strip(" ,，:：") or None
    for name, pattern in (("neutral", _ABSTAIN), ("against", _AGAINST), ("for", _FOR)):
        if pattern.search(words):
            return name, None
    return None, None


def bare_reason(text: str) -> str:
    """What is said beside the position: `反对 收了也没车位` gives the reason alone."""
    return _POSITION.sub("", text.strip(), count=1).strip(" ,，。:：;；")


def vote_reason(text: str) -> str:
    """The reason said after a vote: `P1 反对，因为一楼采光会受影响` gives 一楼采光会受影响; '' when there is none."""
    found = _AFTER_VOTE.search(text)
    return found["why"].strip(" ,，。:：;；!！") if found else ""


def attacks(text: str) -> bool:
    """True when words are aimed at a person and not at the matter."""
    return _ATTACK.search(plain(text)) is not None
