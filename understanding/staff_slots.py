"""The facts of a staff command: numbers, people, dates and reasons, verbatim as they were said."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from texts.draft import parse_draft
from texts.normal import plain
from texts.numbers import number
from understanding.features import Heard
from understanding.targets import issue_ids, issue_of, poll_ids, poll_of

Slots = dict[str, Any]
_ANY_DAY = datetime(2026, 1, 5, 4, tzinfo=UTC)  # only where words end matters here, not which day they name

_N = r"(?:\d{1,3}|[一二两三四五六七八九十半]{1,3})"
_SPAN = rf"{_N}\s?个?(?:半)?\s?(?:工作日|小时|钟头|分钟|天|周|星期|礼拜|月|日(?![\d前]))"
_PART = r"(?:凌晨|早上|上午|中午|下午|傍晚|晚上|夜里|早|晚)"
_CLOCK = rf"(?:\d{{1,2}}:\d{{2}}|{_N}点(?:半|[一三]刻|{_N}分?)?)"
_DAY = (r"(?:大后天|今天|明天|后天|今晚|明晚|后晚|明早|今早|明儿|后儿|下下?个?(?:周|星期|礼拜)[一二三四五六日天末]|(?:这|"
    r"本)?个?(?:周|星期|礼拜)[一二三四五六日天末]|"
        r"(?:(?:今年|明年)?\d{1,2}|[一二三四五六七八九十]{1,2})月(?:\d{1,2}|[一二三四五六七八九十]{1,3})[日号]?|"
        r"\d{4}-\d{1,2}-\d{1,2}|(?<![\d.])\d{1,2}[./]\d{1,2}(?![\d.])|"
        r"\d{1,2}[日号](?![楼幢栋院])|(?:下|本|这)?个?月(?:底|末|初)|年底|(?:国庆|春节|元旦|中秋|五一|端午|清明|节)(?:节|"
        r"假期)?(?:前|后)(?:第.个工作日)?)")
_WHEN = re.compile(rf"(?:{_DAY}(?:的?{_PART})?\s?(?:{_CLOCK})?|{_PART}\s?{_CLOCK}|{_SPAN}|(?<!\d){_CLOCK})(?:之内|以内|内|"
    rf"之前|以前|前|之后|后)?")
_DEADLINE = re.compile(rf"(?:截止|截至|到期|限|在|于|要求|最迟|最晚|务必)?(?:时间|日期)?(?:到|至|为|是|"
    rf":)?\s?(?P<when>{_WHEN.pattern})")
_MULTI = re.compile(r"(?:最多|可|限|至多|能|任)(?:可?以?)?(?:选|投|挑)?\s?([\d一二两三四五六七八九十]{1,2})\s?(?:个|项|样|种|"
    r"条)|(?:选|多选|限选)\s?([\d二两三四五六七八九])\s?(?:个|项|样)?|(多选)")
_ANON = re.compile(r"匿名|不记名|无记名")
_RULE = re.compile(r"(?:每户|一户|按户|每家|一家)(?:只能?投?|只?限?)?(?:一票|计票|投票|算|为准)?|每人一票|一人一票|"
    r"过半(?:数)?(?:通过|有效|算数)?|(?:超过?)?(?:三分之二|2/3|四分之三|3/4|一半)(?:以上)?(?:同意|通过|参与)?(?:就?算?通过|"
    r"才算|有效)?|实名(?:投票)?|双过半|少数服从多数")
_SCOPE = re.compile(r"(?:范围|仅限|只限|只给|限于|只让|面向|参与人)[\s:是]*(?P<a>[^\s,。;、]{2,12}?)(?=$|[\s,。;、]|投|参|"
    r"的人|住户|业主|居民)|(?P<b>全小区|全社区|本群|(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?:幢|栋|"
    r"号楼)(?:\d单元)?)(?=的?(?:业主|住户|居民|范围|参加|投票|才能|可投))")
_ASSIGN = re.compile(
    r"(?:派(?:单|工)?|指派|转派|分派|分|交|转|安排|指定|发|给|推)(?:给|到|由|至|交给|往)?\s?(?P<who>(?:物业|保洁|保安|工程|"
    r"维修|维保|社区|街道|城管|网格|绿化|电梯|水电|居委|业委|派出所|交警|消防|市政|供电|供水|燃气|环卫|司法|民政|住建|市监|"
    r"市场监管)[\u4e00-\u9fff]{0,8}?|"
    r"[\u4e00-\u9fff]{1,3}(?:师傅|工|经理|主任|书记|队长|老师|姐|哥|主管|科长|班长|站长|所长|警官|管家|阿姨|叔)|"
    r"[老小][\u4e00-\u9fff]{1,2}|[\u4e00-\u9fff]{2,4})"
    r"(?=$|[\s,。;、!]|去|来|处理|跟进|负责|办|看|修|弄|限|在|\d|[一二两三四五六七八九十今明后本这下]|吧|那边|落实|解决|完成|"
    r"牵头|联系|尽快|抓紧|马上|了|啊|呗|哈)")
_REASON = re.compile(r"(?:原因|理由|因为|由于|因)[是:\s]*(?P<a>.{2,80})$")
_REJECTS = re.compile(r"(?:不予受理|不受理|驳回|拒绝受理|拒了|拒绝|不收|不接|退单|退回|退了|打回|退给[\u4e00-\u9fff]{2,6}|退|"
    r"延期|延长|推迟|宽限|顺延|作废|取消|撤销|废了|撤了|撤下|办结|结案|处理完毕|处理完|结掉|结束|关闭|关掉|关了|截止|打回)")
_POINTS = re.compile(r"(?:加|奖|奖励|记|发|给|扣|减|\+|-)\s?(?:上|他|她|掉)?\s?(?P<n>\d{1,4}|"
    r"[一二两三四五六七八九十百]{1,4})\s?(?:个)?(?:积分|分)|(?P<m>\d{1,4})\s?(?:积分|分)|[+](?P<p>\d{1,4})(?!\d)")
_WHO = re.compile(r"(?:给|为|帮|把|扣|奖励?|@)\s?(?P<who>[\u4e00-\u9fff\w]{1,12}?(?:阿姨|大爷|大妈|叔叔?|师傅|老师|姐|哥|"
    r"奶奶|爷爷|先生|女士|同学|志愿者|住户|家|队|组)?)\s?(?=各?(?:加|奖|记|发|扣|减|\+|\d|的积分)|每人|一?人)")
_MONTH = (r"(?:\d{4}年)?(?:\d{1,2}|[一二三四五六七八九十]{1,2})月(?:份)?(?:到(?:\d{1,2}|"
    r"[一二三四五六七八九十]{1,2})月(?:份)?)?")
_PERIOD = re.compile(rf"(?:上半年|下半年|今年|去年|本年度?|全年|(?:第?[一二三四1-4]季度)|(?:上|本|这|下)个?(?:季度|月|周|"
    rf"星期|礼拜)|(?:最近|近|过去)\s?{_N}\s?(?:个)?(?:天|周|月|年)|{_MONTH}|\d{{4}}年(?:度)?|今天|昨天|当月|本日|{_N}月)")
_UPWARD = re.compile(r"街道(?:办)?|城管(?:中队|局|执法队)?|派出所|公安|消防(?:大队|队|救援)?|住建(?:局|委)?|市监(?:所|局)?|"
    r"市场监管(?:所|局)?|交警(?:队|大队)?|市政|环保(?:局)?|生态环境局|燃气公司|供电(?:所|局|公司)?|水务(?:局|公司)?|"
    r"综合执法(?:队|局)?|应急(?:办|局)?|司法所|社区(?:书记|主任)?|书记|区里|物业公司|电力公司|上级")
_EDGE = " ,。.;:!、~"


def read(intent: str, heard: Heard) -> Slots:
    """The slots of this command."""
    found = _READERS[intent](heard)
    return {key: value for key, value in found.items() if value not in (None, [], "")}


def _poll(heard: Heard) -> Slots:
    words = re.sub(r"^[/#\s]*(?:请|麻烦|帮(?:我|忙)|给(?:我|大家))*\s*", "", heard.words).removesuffix("#")
    words = re.sub(r"^(?:就|关于)?\s?[Ii]\d+\s*", "", words)
    words = re.sub(r"^(?:小议[\s,，]*)*(?:给(?:咱|我|大家)们?)?(?:发起|发个|发|新建|建|开始|开启|开|搞|弄|做|创建|组织|来|"
        r"起)?(?:一)?(?:个|次|场|项|轮)?(?:新的?)?(?:匿名|"
        r"不记名|实名|多选|单选)?(?:的)?(?:投票|表决|意见征集|意向征集|征集|民意调查|票)[,:\s。]*", "发起投票 ", words)
    draft = parse_draft(words, now=_ANY_DAY)
    multi = _MULTI.search(heard.words)
    scope, rule = _SCOPE.search(heard.words), _RULE.search(heard.words)
    deadline = draft.deadline_text
    if not deadline and (found := re.search(rf"(?P<when>{_WHEN.pattern})\s?(?:截止|结束|为止|截至)|(?:截止|截至|"
        rf"到)[\s:到至]*(?P<after>{_WHEN.pattern})", heard.words)):
        deadline = found["when"] or found["after"]
    title, options = draft.title, list(draft.options)
    if not options:
        title, options = _split(draft.title)
    title = re.sub(r"^.{0,10}?(?:投票|表决|征集)[\s,:。]*", "", title).strip(_EDGE + "#")
    return {"title": title, "options": options, "deadline": deadline.strip(_EDGE) or None,
            "multi": _count(multi, len(draft.options)), "anonymous": True if _ANON.search(heard.words) else None,
            "rule": rule[0] if rule else None, "scope": (scope["a"] or scope["b"]) if scope else None}


_CANDIDATES = re.compile(r"[\s,，:：]*(?:候选人?|选项|备选)[\s:：]*(?P<list>.+)$")
_GLUED = re.compile(r"(?:^|\s)(\d)\s?[.、)]?\s?(?=[^\d\s])")
_EITHER = re.compile(r"[\s,，:：](?P<a>[^\s,，:：]{1,10}?)还是(?P<b>[^\s,，:：?？]{1,10})[?？]?$")


def _split(said: str) -> tuple[str, list[str]]:
    """Title and options that stand together without a word between: 地垫颜色 红 蓝 绿; 几点停，八点半还是九点."""
    if found := _CANDIDATES.search(said):
        return said[: found.start()], _items(found["list"])
    marks = list(_GLUED.finditer(said))
    if len(marks) > 1 and [int(m[1]) for m in marks] == list(range(1, len(marks) + 1)):
        ends = [m.start() for m in marks[1:]] + [len(said)]
        return said[: marks[0].start()], [said[m.end(): end].strip(_EDGE) for m, end in zip(marks, ends, strict=True)]
    if found := _EITHER.search(said):
        return said[: found.start()], [found["a"], found["b"]]
    for sign in ",，:： ":
        head, _, tail = said.rpartition(sign)
        if head and len(_items(tail)) > 1:
            return head, _items(tail)
    first, *others = said.split(" ")
    return (first, others) if len(others) > 1 and all(len(o) <= 12 for o in others) else (said, [])


def _items(words: str) -> list[str]:
    return [w.strip(_EDGE) for w in re.split(r"[、/|;；]", words) if w.strip(_EDGE)]


def _count(found: re.Match[str] | None, options: int) -> int | None:
    if found is None:
        return None
    said = found[1] or found[2]
    return number(said) if said else options or None


def _remind(heard: Heard) -> Slots:
    words = heard.words
    private = re.search(r"私信|私聊|单独|私下|一对一|悄悄|别在群|不要在群|勿在群", words)
    group = re.search(r"(?<!别)(?<!不要)(?<!勿)(?:在|到)?群里?(?:里|发|喊|@|提醒|吱)|群发|@所有人|"
        r"@全体", words) and not private
    missing = re.search(r"没(?:有)?(?:投|表决|参与|参加|回|选|填|交|表态)|未(?:投|表决|参与|参加|表态)|还没|不投|差的", words)
    return {"poll_id": poll_of(heard), "scope": "non_voters" if missing else None,
            "channel": "private" if private else "group" if group else None}


def _close(heard: Heard) -> Slots:
    """Ends a poll, or reports an issue done."""
    target = poll_of(heard, heard.context.recent_result) if poll_ids(heard.words) or not issue_ids(heard.words) else None
    target = target or issue_of(heard, heard.context.recent_issue)
    rest = _reason(heard.words)
    return {"target": target, "result" if (target or "").startswith("I") else "reason": rest,
            "publish": True if target and target[0] == "P" and re.search(r"公布|公示|发(?:布|"
            r"出)?结果", heard.words) else None}


def _publish(heard: Heard) -> Slots:
    return {"target": poll_of(heard, heard.context.recent_result) if not issue_ids(heard.words) else issue_of(heard)}


def _issue(heard: Heard) -> str | None:
    context = heard.context
    return issue_of(heard, context.recent_issue, context.active_discussion, mine=False)


def _assign(heard: Heard) -> Slots:
    words = _without_numbers(heard.words)
    who = _ASSIGN.search(words)
    when = _DEADLINE.search(words)
    return {"issue_id": _issue(heard), "assignee": _person(who["who"]) if who else _last_resort(words, when),
            "deadline": when["when"] if when else None}


def _person(said: str) -> str:
    return re.sub(r"^(?:给|到|由|让)", "", said)


def _last_resort(words: str, when: re.Match[str] | None) -> str | None:
    """What is left of `/派单 I1070 物业工程部 周五前` without verb, number and time."""
    rest = words.replace(when[0], " ") if when else words
    rest = re.sub(r"^[/#\s]*(?:把|将)?\s*(?:派单|派工|派|指派|转派|分派|交办)#?", " ", rest)
    left = [w for w in rest.split() if re.fullmatch(r"[\u4e00-\u9fff]{2,8}", w)]
    return left[0] if left else None


def _accept(heard: Heard) -> Slots:
    return {"issue_id": _issue(heard)}


def _with_reason(heard: Heard) -> Slots:
    return {"issue_id": _issue(heard), "reason": _reason(heard.words)}


def _extend(heard: Heard) -> Slots:
    words = _without_numbers(heard.words)
    verb = re.search(rf"(?:延期|延长|延|推迟|宽限|顺延|再给|加|多给|放宽|往后|晚)(?:到|"
        rf"至)?.{{0,6}}?(?P<when>{_WHEN.pattern})", words)
    span = verb["when"] if verb else (m[0] if (m := _WHEN.search(words)) else None)
    to = bool(span and re.search(rf"(?:到|至|为|改)\s?{re.escape(span)}", words))
    poll = next(iter(poll_ids(heard.words)), None)
    if poll is None and not issue_ids(heard.words) and re.search("投票|表决|截止", words):
        poll = poll_of(heard)
    reason = words[words.find(span) + len(span):] if span else ""
    reason = re.sub(r"^(?:吧|截止|再|,|。|\s|了|,?(?:原因|理由|因为|由于)[是:]?)+", "", reason).strip(_EDGE)
    key = "poll_id" if poll else "issue_id"
    return {key: poll or _issue(heard), "deadline" if to else "extend": span,
            "reason": reason if len(reason) >= 2 else _reason(words, bare=False)}


def _merge(heard: Heard) -> Slots:
    words = heard.words
    said = issue_ids(words)
    if len(said) < 2:
        said = list(dict.fromkeys(f"I{int(n)}" for n in re.findall(r"(?<![\dPp])\d{1,6}(?!\d)", words)))
    quoted = issue_of(heard, heard.context.recent_issue)
    if len(said) == 1 and quoted and quoted not in said:
        said.append(quoted)
    return {"issue_ids": said}


def _escalate(heard: Heard) -> Slots:
    colour = re.search(r"([红橙黄蓝])(?:色|牌|灯|$|预警|标|[,。!])|标([红橙黄蓝])|(?:到|为|成)([红橙黄蓝])", heard.words)
    said = next((g for g in colour.groups() if g), None) if colour else None
    upward = _UPWARD.search(heard.words)
    return {"issue_id": _issue(heard), "level": said, "assignee": upward[0] if upward else None}


def _export(heard: Heard) -> Slots:
    words = _without_numbers(heard.words)
    period = _PERIOD.search(words)
    target = [*poll_ids(heard.words), *issue_ids(heard.words)]
    return {"period": period[0] if period else None, "target": target[0] if target else None}


def _cancel_poll(heard: Heard) -> Slots:
    return {"poll_id": poll_of(heard), "reason": _reason(heard.words)}


def _points(heard: Heard) -> Slots:
    words = heard.words
    found = _POINTS.search(words)
    said = next((g for g in (found["n"], found["m"], found["p"]) if g), "") if found else ""
    value = number(said) if said else None
    if value is not None and found and re.search(r"扣|减|-\s?\d", words[max(0, found.start() - 2): found.end()]):
        value = -value
    who = _WHO.search(words)
    targets = [t for t in re.split(r"[、和,及与]", who["who"]) if t] if who else []
    reason = words[found.end():] if found else ""
    reason = re.sub(r"^(?:,|。|\s|吧|:|\(|,?(?:原因|理由|因为|由于|表扬|奖励)[是:]?)+", "", reason).strip(_EDGE + "()")
    return {"targets": targets, "points": value, "reason": reason or None}


def _notice(heard: Heard) -> Slots:
    words = re.sub(r"^[/#\s]*(?:请|帮忙|帮我|麻烦|群里)?(?:在群里)?(?:发(?:布|个|一个|条|一条)?|群发|出个?|推送?|转发|说一声|"
        r"替物业发个?|给)?\s?(?:一?个|条|则|一条)?(?:群)?"
                   r"(?:通知|公告|通告|广播|消息)?(?:一下|大家|:|,|\s|#)*", "", heard.words)
    when = _WHEN_RANGE.search(words)
    where = _PLACE.search(words)
    scope = re.search(r"全体(?:业主|居民|住户)?|各位(?:业主|居民|住户|邻居)|全小区|(?:\d{1,2}(?:幢|栋|号楼)[、和]?){1,6}|"
        r"各(?:楼|幢|单元)(?:长)?|党员|志愿者|楼长", words)
    title = words
    for found in (when, where, scope):
        title = title.replace(found[0], "", 1) if found else title
    title = re.sub(r"^(?:[\s,:。;]|的人|的|在|地点|时间|说|定时发|一条|大家|请|将|要|有)+", "", title)
    first = re.split(r"[,。;!\n]", title, maxsplit=1)[0] if len(title) > 14 else title
    return {"title": first.strip(_EDGE) or None, "time": when[0] if when else None, "place": where["p"] if where else None,
            "scope": scope[0] if scope else None}


_WHEN_RANGE = re.compile(rf"(?:{_WHEN.pattern}|本?周末)(?:\s?[-到至~]\s?(?:{_WHEN.pattern}))?")
_PLACE = re.compile(r"(?:在|到|地点[:是]?|于)\s?(?P<p>[\u4e00-\u9fffA-Za-z\d]{2,12}?(?:会议室|活动室|办公室|架空层|室|厅|"
    r"中心|广场|门口|楼下|花园|亭|大堂|院|场|站|楼|底下|门))(?=$|[\s,。;、]|集|开|办|举|参|领|进|排)")


def _reason(words: str, *, bare: bool = True) -> str | None:
    """What follows 因为, or simply the rest behind the verb and the number."""
    if said := _REASON.search(words):
        return said["a"].strip(_EDGE) or None
    if not bare:
        return None
    rest = words
    if verb := list(_REJECTS.finditer(words)):
        rest = words[verb[0].end():]
        head = words[: verb[0].start()].strip(_EDGE)
        tail = re.sub(r"^[\s,。;:]*(?:掉|回|了|吧|给.{1,6}(?=[,\s]))*[\s,。;:]*(?:[IiPp]\s?\d+|\d+号?)?(?:这个|那个|这条|吧|"
            r"了|掉|投票|议题|单子|工单)*[\s,。;:]*", "", rest).strip(_EDGE)
        if len(tail) >= 2:
            return tail
        head = re.sub(r"^[/#]*\s*(?:把|将|请)?\s*(?:[IiPp]\s?\d+|这[个条件单]|那[个条件单])?\s*(?:给|"
            r"先)?[\s,:]*", "", head).strip(_EDGE)
        return head if len(head) >= 4 else None
    return None


def _without_numbers(words: str) -> str:
    return re.sub(r"[IiPp]\s?\d{1,6}(?!\d)", " ", plain(words))


_READERS: dict[str, Callable[[Heard], Slots]] = {
    "command_poll": _poll, "command_remind": _remind, "command_close": _close, "command_publish": _publish,
    "command_assign": _assign, "command_accept": _accept, "command_reject": _with_reason, "command_return": _with_reason,
    "command_extend": _extend, "command_merge": _merge, "command_escalate": _escalate, "command_export": _export,
    "command_cancel_poll": _cancel_poll, "command_points": _points, "command_notice": _notice,
}
