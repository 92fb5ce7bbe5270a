"""The facts of a sentence, by its intent: what the words give, and nothing else."""

import re
from collections.abc import Callable
from typing import Any

from texts.numbers import number
from texts.places import place, room
from texts.words import decided, given, slightly
from understanding import jielong, staff_slots, votes
from understanding.context import Context
from understanding.danger import threat
from understanding.facets import RISKS
from understanding.features import Heard
from understanding.picks import wrong
from understanding.targets import issue_of, poll_of, topic_of

Slots = dict[str, Any]
Judge = Callable[[str], str | None]  # a learned facet of this sentence by name; None when nothing speaks for any value

_ANONYMOUS = re.compile(r"匿名|不(?:要|想|愿|用|方便)?(?:写|说|留|公开|透露|显示|暴露|提|让.{0,6}知道).{0,6}(?:名|我是谁|"
    r"身份|我说的|谁)|(?:保密|别说|莫说|别讲|勿要讲)(?:是)?(?:我)?|隐去|别提我|不具名|不露名|隐名")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)|(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)")
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?!\d)")
_NAME = re.compile(r"(?:我叫|我是|名字是|姓名[:是]?|联系人[:是]?|本人)\s?([\u4e00-\u9fff]{2,3})(?=[,。,电手住身\s1]|$)")
_SCORE = re.compile(r"([1-5一二三四五两])\s?(?:分|星|颗星)|(?:打|给|评)\s?([1-5一二三四五])(?:分|星)?|(⭐+|★+)")
_MEDIA = re.compile(r"照片|图片|拍了|视频|录像|录音|看图|见图|截图|附图|\[图片\]|\[视频\]|图\d|上图|这张图|发图|📷|📸|🎥")
_URGES = re.compile(r"催|快点|赶紧|抓紧|尽快|等.{0,8}(?:了|久)|多久|几天了|拖|没下文|没消息|没动静|给个(?:说法|准信|话)|到底|"
    r"还[没不]|还要|还管不管|猴年马月|石沉大海|没人理|加急|急|不是说")
_CONTACTED = re.compile(r"(?:没|没有|未)(?:人)?(?:来)?.{0,4}(?:联系|打电话|来过|问过)|(?:联系|打电话|回访|上门).{0,4}(?:过|"
    r"了)")


def slots_of(intent: str, heard: Heard, judge: Judge) -> Slots:
    """The slots of this sentence, as its intent has them."""
    if intent.startswith("command_"):
        found = staff_slots.read(intent, heard)
        return found if heard.context.staff else {"authorized": False, **found}
    reader = _READERS.get(intent)
    found = reader(heard, judge) if reader is not None else {}
    return {key: value for key, value in found.items() if value is not None and value != []}


def _register(heard: Heard, judge: Judge) -> Slots:
    words, hotline = heard.words, judge("danger")
    urgency = "critical" if hotline else judge("urgency") or "normal"
    urgency = "urgent" if urgency == "critical" and not hotline else urgency
    danger = heard.danger if hotline else None
    risks = [risk for risk in RISKS if risk in heard.risks and judge(f"risk:{risk}") == "yes"]
    about, _ = topic(heard, judge)
    if danger is not None and danger.kind in ("fire", "gas"):
        about = danger.kind
    elif danger is not None and danger.kind == "elevator":
        about = "elevator"
    elif hotline == "120" and about not in _WHERE_PEOPLE_FALL:
        about = "elderly_child" if "elderly" in risks else "other"
    elif hotline == "110":
        about = "security"
    about = given(about, words)
    if hotline is None and threat(words):
        hotline = "110"
        risks += ["violence"] if "violence" not in risks else []
        urgency = "urgent"
    return {"category": about, "location": _where(heard), "urgency": urgency, "risk": risks, "hotline": hotline,
            "kind": "suggestion" if judge("kind") == "suggestion" else None,
            "anonymous": True if _ANONYMOUS.search(words) else None, "pii": personal(words)}


def topic(heard: Heard, judge: Judge) -> tuple[str, tuple[str, ...]]:
    """What a report is about, with the community's own words that decided it; none where what was learned did, or nothing."""
    word = heard.own_word(lambda kind: kind != "place", word=True)
    if word is not None:
        return heard.context.vocabulary[word], (word,)
    own = decided(heard.words)
    if own is not None:
        return own
    learned = judge("category") or "other"
    return (learned if learned != "other" else slightly(heard.words) or learned), ()


_WHERE_PEOPLE_FALL = frozenset({"road", "elevator", "utility", "falling_object", "facility_public", "elderly_child",
    "traffic"})


def _where(heard: Heard) -> str | None:
    """An address before a spot, a spot of the community's own before a common one."""
    found = place(heard.words)
    own = heard.own_word(lambda kind: kind == "place", word=True)
    return found if found and (own is None or found[0].isdigit()) else own or found


def personal(words: str) -> list[str]:
    """The kinds of personal data in the words."""
    found = (("room", _FULL_ROOM), ("name", _NAME), ("phone", _PHONE), ("id_card", _ID_CARD))
    return [kind for kind, pattern in found if pattern.search(words)]


_FULL_ROOM = re.compile(r"(?:幢|栋|号楼|单元|座|-)\s?[\d零一二三四五六七八九]{3,4}(?![\d年月日元块])|(?<!\d)\d{3,4}(?:室|房|"
    r"那户|家|的(?=在|把|又))")


def _second(heard: Heard, judge: Judge) -> Slots:
    quote = heard.context.quote
    issue = issue_of(heard)
    if issue is None and (heard.legacy_quote is not None or (quote is not None and quote.kind == "chat")):
        return {"target": "quoted_chat"}
    return {"issue_id": issue or issue_of(heard, heard.context.recent_issue, heard.context.active_discussion)}


def _supplement(heard: Heard, judge: Judge) -> Slots:
    context = heard.context
    return {"issue_id": issue_of(heard, context.recent_issue, mine=True),
            "has_media": True if _MEDIA.search(heard.words) else None}


def _own(heard: Heard, judge: Judge) -> Slots:
    return {"issue_id": issue_of(heard, heard.context.recent_issue if not heard.context.my_issues else None, mine=True)}


def _vote(heard: Heard, judge: Judge) -> Slots:
    reading = heard.vote
    if reading is None:
        return {}
    poll = reading.poll
    choice = None
    if poll is not None and reading.choice is not None:
        names = poll.names()
        choice = [names[i] for i in sorted(reading.choice)]
    return {"poll_id": poll.id if poll else None, "choice": choice,
            "proxy": True if _PROXY.search(heard.words) else None}


_PROXY = re.compile(
    r"(?:代表?|替|帮|受)(?:了)?(?:我|咱|俺|阿拉|\d+[幢栋-]\d*)?(?:们)?(?:全?家|老[公婆伴头]|爸|妈|爱人|爷|奶|婆|公|儿|女|父|"
    r"母|对门|邻居|他|她|\d{3,4}|这户)|"
    r"全家|我们家|我家(?=都|也|选|投|同意|反对|支持|一致|[两三四五几]口)|阿拉屋里|咱家(?=都|也|选|投|同意|反对|支持)|一家人|"
    r"两口子|"
    r"家里(?:人)?(?:都|一致|商量)")


def _cancel(heard: Heard, judge: Judge) -> Slots:
    return {"poll_id": poll_of(heard, heard.context.my_vote)}


def _unclear(heard: Heard, judge: Judge) -> Slots:
    reading = heard.vote
    reason = judge("reason")
    if reading is not None and reading.several and not reading.named and reason not in ("conditional", "third_party",
        "eligibility", "weak_negation"):
        return {"reason": "ambiguous_poll"}
    problem = None if reading is None or reading.poll is None else wrong(heard.words, reading.poll, heard.raw)
    known = problem if reason in ("no_choice", "over_max", "invalid_option", None) else None
    known = known or {"invalid_option": "invalid_option",
        "over_max": "over_max"}.get((reading.reason if reading else None) or "")
    several = reading is not None and reading.several
    reason = "no_choice" if reason == "ambiguous_poll" and not several else reason
    return {"poll_id": None if several else poll_of(heard), "reason": known or reason}


def _progress(heard: Heard, judge: Judge) -> Slots:
    context = heard.context
    issue = issue_of(heard, mine=True) or issue_of(heard, context.recent_issue, context.active_discussion)
    return {"issue_id": issue, "target": topic_of(heard.words) if issue is None else None,
            "urge": True if judge("urge") == "yes" or _URGES.search(heard.words) and judge("urge") != "no" else None}


def _result(heard: Heard, judge: Judge) -> Slots:
    return {"poll_id": poll_of(heard, heard.context.recent_result)}


def _objection(heard: Heard, judge: Judge) -> Slots:
    poll = poll_of(heard, heard.context.recent_result)
    return {"poll_id": poll} if poll else {"issue_id": issue_of(heard, heard.context.recent_issue)}


def _rate(heard: Heard, judge: Judge) -> Slots:
    words = heard.words
    found = _SCORE.search(words)
    score = None if found is None else len(found[3]) if found[3] else number(found[1] or found[2])
    contacted = _CONTACTED.search(words)
    return {"issue_id": issue_of(heard, heard.context.pending_rating, heard.context.recent_issue),
            "level": None if score else judge("level"), "score": score if score and score <= 5 else None,
            "resolved": {"yes": True, "no": False}.get(judge("resolved") or ""),
            "contacted": None if contacted is None else not re.match(r"没|未", contacted[0])}


def _opinion(heard: Heard, judge: Judge) -> Slots:
    return {"issue_id": issue_of(heard, heard.context.active_discussion), "stance": judge("stance")}


def _task(heard: Heard, judge: Judge) -> Slots:
    return {"issue_id": issue_of(heard, heard.context.recent_issue)}


def _bind(heard: Heard, judge: Judge) -> Slots:
    return {"room": room(heard.words), "pii": personal(heard.words)}


def _anonymous(heard: Heard, judge: Judge) -> Slots:
    return {"issue_id": issue_of(heard, heard.context.recent_issue, mine=True), "anonymous": True}


def _list(heard: Heard, judge: Judge) -> Slots:
    return jielong.read(heard.raw, heard.context)


_LEAVES = re.compile(r"签退|退签|离(?:开|场|岗)|先走|撤了|结束了|下岗|收工|回(?:家|去)|走了|忙完|干完|完事")
_REDEEMS = re.compile(r"换|兑|领(?:一|个|了|袋|瓶)|抵|花(?:掉|分)")
_ACTIVITY = re.compile(
    r"(?P<a>[\u4e00-\u9fff]{0,6}?(?:议事会|恳谈会|协商会|听证会|座谈会|居民会议|业主大会|会议|讲座|义诊|大扫除|清扫|巡逻队?|"
    r"值守|值班|护学岗|护苗岗|志愿服务队|志愿队|调解队|清洁家园|消防演练|运动会|邻居节|百家宴|跳蚤市场|送餐|助餐|送餐活动|"
    r"垃圾分类|植树|观影|活动|劝导岗?|普查))")


def first(pattern: re.Pattern[str], heard: Heard) -> str | None:
    """The first words that fit, as they were said."""
    found = pattern.search(heard.words)
    return found[0] if found else None


def activity(heard: Heard) -> str | None:
    """The meeting or activity that is named."""
    found = _ACTIVITY.search(heard.words)
    if found is None:
        return None
    return re.sub(_LEADING, "", found["a"]) or None


_LEADING = re.compile(
    r"^(?:我们?|报名|参加|去|来|到|的|那个|这个|这次|[今明后]天|[今明]晚|[下本]?周[一二三四五六日末]|下午|上午|晚上|想|要|能|"
    r"可以|一起|"
    r"一个|是|在|给|本|社区|已|加入|算进|算我|当|做|个|也)+")
_EVENT_DAY = re.compile(r"(?:[今明后]天|[今明]晚|(?:[下本这]个?)?(?:周|星期|礼拜)[一二三四五六日天末])(?:早上|上午|中午|下午|"
    r"晚上)?")


_READERS: dict[str, Callable[[Heard, Judge], Slots]] = {
    "register_issue": _register, "second_issue": _second, "supplement_issue": _supplement, "withdraw_issue": _own,
    "reopen_issue": _own, "vote": _vote, "change_vote": _vote, "cancel_vote": _cancel, "vote_unclear": _unclear,
    "jielong": _list, "ask_progress": _progress, "ask_result": _result, "objection": _objection, "rate": _rate,
    "opinion": _opinion, "claim_task": _task, "bind_identity": _bind, "privacy_anonymous": _anonymous,
    "attend": lambda heard, judge: {"status": judge("status"), "activity": activity(heard), "time": first(_EVENT_DAY, heard)},
    "checkin": lambda heard, judge: {"status": "out" if _LEAVES.search(heard.words) else "in", "activity": activity(heard)},
    "ask_points": lambda heard, judge: {"redeem": True if _REDEEMS.search(heard.words) else None},
    "join_volunteer": lambda heard, judge: {"activity": activity(heard)},
    "ask_policy": lambda heard, judge: {"topic": judge("topic")},
}
__all__ = ["Context", "Slots", "personal", "slots_of", "votes"]
