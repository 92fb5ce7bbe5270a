"""How residents vote in their own words; what is not certainly a vote is never counted."""

import re
from collections.abc import Sequence

from texts.ballots import EDGE, Ballot, Choice, Read, Unclear, ballot_of
from texts.normal import plain

__all__ = ["Choice", "Unclear", "doubt", "poll_number", "read_choice"]

LONGEST = 80
_POLL = re.compile(r"^[/#\s]*(?:投票|投)?\s?[Pp]\s?(\d{1,6})(?!\d)[\s,:。;、]*")

_ASKING = re.compile(r"[?]|吗|在哪|哪里|(?<![a-z\d])(?:[a-j]|\d{1,2})还是(?:[a-j]|\d)|呢$|么$|还是.{1,12}好|能不能|可不可以|"
    r"行不行|好不好|要不要|怎么|咋|谁|哪个|哪项|多少|为什么|为啥|是不是|什么")
_ASKS_OTHERS = re.compile(r"大家|你们|各位|谁|怎么[投选样]|咋[投选]|有人")
_IFS = re.compile(r"如果|要是|假如|假设|倘若|只要|除非|若是|若能|万一|前提|的话|才[同赞支投选能行]|先.{1,15}(?:再|才|后)|"
    r"等.{1,12}再|看情况|看.{0,6}再说|不然|否则|要不|"
                  r"(?:便宜|免费|降价|补偿|到位|公开)了?(?:我)?就")
_OTHERS = re.compile(
    r"[我他她你俺咱](?:妈妈|爸爸|老公|老婆|爱人|儿子|女儿|闺女|婆婆|公公|奶奶|爷爷|妈|爸|哥|姐|弟|妹|媳妇|先生|太太|"
    r"家老[头公婆]|们?家?(?:那位|领导))|"
    r"老[公婆伴头]|孩子[他说]|家人|家里人|房东|租客|租户|室友|邻居|隔壁|对门|楼[上下]|(?<![a-z0-9其])[他她](?!家?的)|他们|她们|"
    r"人家|别人|有人|听说|据说|好多人|很多人|大家|你们|"
    r"(?:老|小)(?!区|伙|人|议|时|心|意|门|孩|于|是|路)[\u4e00-\u9fff](?:说|也|家|同意|反对|支持|选|投)|"
    r"[\u4e00-\u9fff](?:阿姨|叔叔?|大爷|大妈|奶奶|师傅|老师|哥|姐)(?:说|也|家|同意|反对|支持|选|投)|"
    r"[替帮代](?:我[妈爸老家]|他|她|人|别|家|老)|物业|业委会|社区|居委")
_WEAK = re.compile(
    r"[不别]改|不见得|谈不上|[并绝]非不|不是(?:很|太|特别|完全|那么)|不算(?:反对|同意|支持)|[唔勿冇没]反对|唔系好|不排斥|"
    r"不拒绝|不能说不|犹豫|拿不准|纠结|不好说|说不好|"
    r"还没想好|没想好|两可|不反对|不会反对|不太反对|没(?:有|人)?反对|不是(?:不|反对)|没有?不(?:同意|支持|赞成|行|可以)|"
    r"不太(?:同意|支持|"
    r"赞成|行)|不大(?:同意|支持|赞成|行)|不怎么|不一定|也不是|"
    r"不能不|不得不|未必|勉强|不想(?:同意|反对)|不完全|不敢|有点(?:同意|反对)|基本上?(?:同意|支持|反对)|原则上|暂时|可能|"
    r"也许|大概|好像|应该(?!是)|[不别没](?:选|投|要选|要投|想投|会投|能选)|难道")
_NO_CHOICE = re.compile(r"(?:我|我要|我想|我来|来|已)?(?:投票|投了|投过了|选好了|投好了|改票|改投票|改一下|我?投错了|改投|改|"
    r"反悔|我反悔了|反悔了)了?|(?:我)?(?:随便|都行|都可以|都好|无所谓|随意|随大流|都选|全选|哪个都行|看着办)[吧啦啊的]?")
_CHANGE = re.compile(
    r"^(?:我们?家?|俺|咱|要|想|请|麻烦|帮我|把|从|由|刚才|刚刚|之前|票|投|选|的|了|[a-j\d]|第[一二三四五]个|同意|反对|弃权|"
    r"[ ,]){0,8}?"
    r"(?:改成|改投|改选|改为|改到|换成|换到|换投|改(?!造|建|装|善)|换(?!成?新)|更正[为成]?|反悔了?|投错了|选错了|按错了|"
    r"点错了|不对|错了)[了我,。,:\s应该是要]{0,6}")
_LOOSE = re.compile(
    r"同意(?!书)|赞成|反对|支持|弃权|举手|投票|"
    r"(?:选|投|要|[改换](?:成|投)?)[第a-j1-9一二三四五](?![股超题座区栋幢楼级线型点块次天元盒斤个月年这那\d])|"
    r"(?<![a-z])[a-j]还是[a-j](?![a-z])")
_CIRCLED = re.compile("[\u2460-\u2469\u2776-\u277f]")
_STANCE = re.compile(r"同意(?!书)|赞成|反对|弃权|支持")
_STOP = re.compile(r"[,。;!~\n]")
_PICKS = re.compile(r"(?:我|俺|咱|那)?(?:要?选|要?投)")
_PURE = re.compile(r"[\s,、和]*(?:[a-j]|\d{1,2})(?:[\s,、和~\-至到&+]+(?:[a-j]|\d{1,2}))+")


def poll_number(text: str) -> tuple[int | None, str]:
    """The poll named before the vote, and the rest: P5 同意 is (5, 同意)."""
    words = plain(text)
    found = _POLL.match(words)
    return (int(found[1]), words[found.end():]) if found else (None, words)


def read_choice(text: str, options: Sequence[str], *, most: int = 1) -> Choice | Unclear | None:
    """Reads a vote; None when the words are no vote at all."""
    said = plain(_CIRCLED.sub(r" \g<0> ", text)).lower().removeprefix("@小议").strip(EDGE)
    if not said or len(said) > LONGEST or not options:
        return None
    ballot = ballot_of(tuple(plain(o).lower().strip(EDGE) for o in options))
    exact = ballot.exact(said)
    if exact is not None:
        return exact
    read = ballot.read(said)
    if isinstance(read, Read) and not read.spoken and not read.marked and len(said) > 4:
        return None
    if doubt := _doubt(said, ballot, read):
        return doubt if _sounds_like_vote(said, ballot) or read is not None else None
    change = False
    if read is None and (changed := _CHANGE.match(said)):
        change, read = True, ballot.read(said[changed.end():])
        said = said[changed.end():]
    if read is None:
        read = _with_remark(said, ballot)
    if read is None:
        return _unread(said, ballot, change)
    if isinstance(read, Unclear):
        return read
    return _limited(read, most, len(options), change)


def doubt(said: str, options: Sequence[str]) -> Unclear | None:
    """Why words like these, in their plain spelling, are not counted, whatever else they say."""
    return _doubt(said, ballot_of(tuple(plain(o).lower().strip(EDGE) for o in options)), None)


def _limited(read: Read, most: int, options: int, change: bool) -> Choice | Unclear:
    picked = read.picked
    if any(not 0 <= i < options for i in picked):
        return Unclear("invalid_option")
    if most == 1 and len(picked) > 1 and read.mixed:
        return Unclear("ambiguous")
    return Choice(picked, change) if len(picked) <= most else Unclear("over_max")


def _doubt(said: str, ballot: Ballot, read: Read | Unclear | None) -> Unclear | None:
    """The first reason not to count words like these, whatever else they say."""
    words = _without_options(said, ballot)
    if _WEAK.search(words):
        return Unclear("weak_negation")
    if _ASKING.search(words):
        return Unclear("question")
    if _IFS.search(words):
        return Unclear("conditional")
    if read is None and _OTHERS.search(words):
        return Unclear("third_party")
    return None


def _without_options(said: str, ballot: Ballot) -> str:
    """The words without the options' own, which may themselves sound like a doubt: 看情况再说, 物业管理."""
    for option in ballot.options:
        if len(option) > 2 and any(p.search(option) for p in (_WEAK, _ASKING, _IFS, _OTHERS)):
            said = said.replace(option, "")
    return said


def _sounds_like_vote(said: str, ballot: Ballot) -> bool:
    if _ASKS_OTHERS.search(said) and not _STANCE.search(said):
        return False
    return bool(_LOOSE.search(said)) or any(len(o) > 1 and o in said for o in ballot.options)


def _unread(said: str, ballot: Ballot, change: bool) -> Unclear | None:
    if _NO_CHOICE.fullmatch(said) or (change and not said):
        return Unclear("no_choice")
    if _PURE.fullmatch(said):
        return Unclear("ambiguous")
    named = any(len(o) > 1 and o in said for o in ballot.options)
    telling = change or _STANCE.search(said) or _PICKS.match(said)
    return Unclear("ambiguous") if len(said) <= 20 and (named or (telling and _LOOSE.search(said))) else None


def _with_remark(said: str, ballot: Ballot) -> Read | Unclear | None:
    """A whole vote, then a remark: 行吧我同意,不过夜里得留个小门."""
    stop = _STOP.search(said)
    if stop is None:
        return None
    head, tail = said[: stop.start()], said[stop.end():]
    read = ballot.read(head)
    if read is None or isinstance(read, Unclear) or _OTHERS.search(head):
        return None
    if ballot.read(tail.strip(EDGE)) is not None or _LOOSE.search(tail):
        return Unclear("ambiguous")
    if read.spoken:
        return read
    return Unclear("ambiguous") if len(said) <= 20 else None  # 可以,麻烦你… is an answer to somebody else
