"""Which issue, poll or quoted message a sentence points to: by number, by quoting, or by what it is about."""

import re
from collections.abc import Sequence

from texts.words import similar
from understanding.context import Context, IssueSeen
from understanding.features import Heard

_I = re.compile(r"(?<![A-Za-z\d])[Ii]\s?(\d{1,6})(?!\d)")
_P = re.compile(r"(?<![A-Za-z\d])[Pp]\s?(\d{1,6})(?!\d)")
_BARE = re.compile(r"(?<![\dIiPp.:\-])(\d{1,6})号?(?:议题|工单|事项|单子|单(?!元)|件|这条|这件|那件)|(?:议题|工单|事项|单子|"
    r"编号|"
    r"单号)(?:号)?\s?[#:]?\s?(\d{1,6})(?![\d点月天个])")
_TO_VERB = re.compile(r"(?:受理|办结|不予受理|不受理|退单|退回|撤回|合并|标红|派单|转派|附议|复议|补充|延期|"
    r"重开)\s?(\d{2,6})(?![\d点月天个时分])")
_TOPIC = re.compile(
    r"(?:关于|反映的?|说的|提的|报的|登记的|上次|之前|那个|那件|我那个|"
    r"我的)?(?P<topic>[\u4e00-\u9fffA-Za-z\d]{2,14}?)(?:的?(?:事情?|问题|议题|投诉|那事|那件事|报修|单子|工单)儿?)"
    r"(?=怎|咋|到|有|处|办|解|啥|什|现|还|进|是|$|[,。?!了后呢])")
_NOISE = re.compile(r"^(?:请问|麻烦|问一下|想问|我想问|我|你们|那个|上次|之前|反映|说|提|报|登记|关于|的)+")


def issue_ids(words: str) -> list[str]:
    """The issue numbers in the words, each once, in order."""
    said = [m[1] for m in _I.finditer(words)]
    said += [m[1] or m[2] for m in _BARE.finditer(words)] + [m[1] for m in _TO_VERB.finditer(words)]
    return list(dict.fromkeys(f"I{int(n)}" for n in said))


def poll_ids(words: str) -> list[str]:
    """The poll numbers in the words."""
    return list(dict.fromkeys(f"P{int(m[1])}" for m in _P.finditer(words)))


def issue_of(heard: Heard, *fallbacks: IssueSeen | None, mine: bool = False) -> str | None:
    """The one issue that is meant: by number, by the quoted card, by its subject, or what stands in the context."""
    context = heard.context
    if said := issue_ids(heard.words):
        return said[0]
    if (quote := context.quote) is not None:
        if quote.kind == "issue_card" and quote.id:
            return quote.id
        if quoted := issue_ids(quote.text):
            return quoted[0]
    known = [f for f in fallbacks if f is not None]
    if mine and context.my_issues:
        if named := _about(heard.words, context.my_issues):
            return named
        if len(context.my_issues) == 1 and not known:
            return context.my_issues[0].id
    return known[0].id if known else None


def poll_of(heard: Heard, *fallbacks: str | None) -> str | None:
    """The one poll that is meant."""
    context = heard.context
    if said := poll_ids(heard.words):
        return said[0]
    if (quote := context.quote) is not None and quote.kind == "poll_card":
        found = quote.id or next(iter(poll_ids(quote.text)), None)
        if found:
            return found
    if (named := _titled(heard.words, context)) is not None:
        return named
    if given := next((f for f in fallbacks if f), None):
        return given
    return context.open_polls[0].id if len(context.open_polls) == 1 else None


def topic_of(words: str) -> str | None:
    """The words that name a matter without its number: 那个电梯的事."""
    found = _TOPIC.search(words)
    if found is None:
        return None
    topic = _NOISE.sub("", found["topic"])
    return topic if len(topic) >= 2 else None


def _about(words: str, issues: Sequence[IssueSeen]) -> str | None:
    """The issue whose title shares the most with the words, if one stands out."""
    scored = sorted(((similar(words, i.title), i.id) for i in issues), reverse=True)
    if scored[0][0] >= 0.15 and (len(scored) == 1 or scored[0][0] > scored[1][0]):
        return scored[0][1]
    return None


def _titled(words: str, context: Context) -> str | None:
    scored = sorted(((similar(words, p.title), p.id) for p in context.open_polls), reverse=True)
    if len(scored) > 1 and scored[0][0] >= 0.2 and scored[0][0] > scored[1][0]:
        return scored[0][1]
    return None
