"""How a poll is to be voted and counted, as the grid worker says it beside title and options: 排序, 打分 0-5, 业主表决 …"""

import re
from decimal import Decimal
from typing import Any

from texts.numbers import number

STANCES = ("同意", "反对", "弃权")
SEATS_MOST, EACH = 20, 5
_N = r"\d{1,3}|[一二两三四五六七八九十]{1,3}"
_EDGE, _STOP = r"(?:(?<=[\s,;。|、!?(])|^)", r"(?=$|[\s,;。|、!?):])"
_MONEY = r"(?P<{0}>\d{{1,9}}(?:\.\d{{1,2}})?)\s?(?P<{0}_unit>万元?|千元?|元|块钱?)"
_UNITS = {"万": 10_000, "千": 1000, "元": 1, "块": 1}
_PHRASE = re.compile("|".join(f"{_EDGE}(?:{phrase}){_STOP}" for phrase in (
    r"(?P<score>(?:按)?(?:打分|评分)(?:投票)?)(?:\s?\(?(?P<low>[01])\s?[-~到至]\s?(?P<high>\d{1,2})\s?分?\)?)?",
    rf"(?:排序|排名)?(?:选举|选出|当选)\s?(?P<seats>{_N})\s?(?:人|名|个|席)",
    r"(?P<pairs>排序比较|两两比较)",
    r"(?P<rank>(?:按)?(?:排序|排名|排队)(?:投票)?)",
    r"(?P<approval>不限(?:几|多少)?项|任选(?:几项)?|选几项都行|赞成投票|能接受的都选)",
    r"(?P<stance>表决)",
    rf"(?:接龙)?报名\s?(?:限|名额)?\s?(?P<places>{_N})\s?(?:人|个|名|位)?|名额\s?(?P<places2>{_N})\s?(?:人|个|名|位)?",
    rf"每[户人](?:最多|限)?(?:报|带)?\s?(?P<each>{_N})\s?(?:人|个|名|位)",
    r"(?:总)?预算\s?" + _MONEY.format("budget"),
    r"(?P<shares>平分预算|按份额)",
    r"(?P<times>约时间|约个?时间|选时间|定时间)",
    r"(?:提前)?公示\s?(?P<notice>\d{1,2}|[一二三四五六七八九十]{1,3})(?:\s?[天日])?",
    r"(?P<secret>秘密(?:投票)?|无记名(?:投票)?)",
    r"(?P<hides>(?:截止|结束)前不公布(?:结果|票数)?|(?:结果|票数)?(?:截止|结束)[后以]后?再?公布(?:结果|票数)?)",
    r"(?P<special>业主(?:大会)?(?:特别|重大(?:事项)?)表决)",
    r"(?P<ordinary>业主(?:大会)?(?:一般)?(?:表决|投票))",
    r"(?P<representatives>户代表(?:会议|大会)?(?:表决)?)",
    r"(?P<assembly>居民(?:会议|大会)(?:表决)?)",
    r"(?P<unanimous>(?:须|需|要)?一致同意)",
)))
_COST = re.compile(r"^(?P<name>.*?)[\s:(]*" + _MONEY.format("cost") + r"\)?$")
_CLASSES = {"special": "owner_special", "ordinary": "owner_ordinary", "representatives": "household", "assembly": "resident_adult",
            "unanimous": "unanimous"}


def take(words: str) -> tuple[dict[str, Any], str]:
    """The facts in these plain words, and the words without them."""
    facts: dict[str, Any] = {}

    def found(match: re.Match[str]) -> str:
        said = {name: text for name, text in match.groupdict().items() if text is not None}
        _note(said, facts)
        return " "

    rest = re.sub(r" {2,}", " ", _PHRASE.sub(found, words)).strip()
    return facts, rest if facts else words


def costs(options: tuple[str, ...]) -> tuple[tuple[str, ...], list[int | None]]:
    """The options of a budget without their prices, and the prices in fen; a price standing alone belongs to the name before."""
    names: list[str] = []
    prices: list[int | None] = []
    for option in options:
        priced = _COST.match(option)
        if priced is None:
            names.append(option)
            prices.append(None)
        elif priced["name"]:
            names.append(priced["name"].strip())
            prices.append(_fen(priced["cost"], priced["cost_unit"]))
        elif names and prices[-1] is None:
            prices[-1] = _fen(priced["cost"], priced["cost_unit"])
        else:
            names.append(option)
            prices.append(None)
    return tuple(names), prices


def _note(said: dict[str, str], facts: dict[str, Any]) -> None:
    rules = facts.setdefault("rules", {})
    if "score" in said:
        facts["kind"] = "score"
        rules |= {"low": int(said.get("low", 0)), "high": int(said.get("high", 5))}
    elif "seats" in said:
        facts["kind"] = "ranked"
        seats = number(said["seats"]) or 1
        rules |= {"method": "stv" if seats > 1 else "irv", "seats": seats}
    elif "rank" in said or "pairs" in said:
        facts["kind"] = "ranked"
        rules |= {"method": "schulze" if "pairs" in said else rules.get("method", "irv"), "seats": rules.get("seats", 1)}
    elif "places" in said or "places2" in said:
        facts["kind"] = "signup"
        rules |= {"places": number(said.get("places") or said["places2"]) or 0, "each": rules.get("each", EACH)}
    elif "each" in said:
        rules["each"] = number(said["each"]) or 1
    elif "budget" in said:
        facts["kind"] = "budget"
        rules |= {"limit": _fen(said["budget"], said["budget_unit"]), "method": rules.get("method", "greedy")}
    elif "notice" in said:
        facts["notice_days"] = number(said["notice"])
    elif "shares" in said:
        rules["method"] = "equal_shares"
    elif kinds := [name for name in ("approval", "stance", "times") if name in said]:
        facts["kind"] = kinds[0]
    elif classes := [name for name in _CLASSES if name in said]:
        facts["poll_class"] = _CLASSES[classes[0]]
    else:
        facts |= {name: True for name in ("secret", "hides") if name in said}


def _fen(amount: str, unit: str) -> int:
    return int(Decimal(amount) * _UNITS[unit[0]] * 100)
