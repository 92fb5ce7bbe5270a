"""From a sentence to its meaning: rules where a rule is really a rule, else the classifier, else silence.

    made ready -> list? -> settings? -> danger? -> what is possible here -> classifier -> ballots read twice -> sure enough?
"""

from collections.abc import Callable, Iterator
from typing import Any

from texts.choices import Choice
from texts.words import decided
from texts.words import sure as sure_words
from understanding import jielong
from understanding.context import Context
from understanding.features import Heard
from understanding.halves import elsewhere, no_ballot
from understanding.meaning import Meaning, Step
from understanding.model import Model
from understanding.slots import slots_of
from understanding.targets import issue_ids, poll_ids
from understanding.votes import doubts_right

COUNTED = 0.4  # a ballot is counted only above this
FREELY_COUNTED = 0.8  # the same, when its words say more than a choice
SHORT = 8  # characters of a choice without any remark
OTHERS_COUNTED = 0.95  # the same, when they speak of other people too
SURELY = 0.3  # the same for words that name a thing of the community and its fault
DESPITE = 0.01  # how likely a report must be for such words to be one despite the classifier
NEVER = 2.0
SPOKEN_TO_ALL = 0.45  # what is said to nobody in particular is acted on only above this
ISSUE_TO_ALL = 0.6  # the same for reports,
IDLE_TO_ALL = 0.93  # and for what also sounds like trade, praise, jokes or other places
_BALLOTS = frozenset({"vote", "change_vote"})
HISTORY = 0.6  # the category that local history teaches is taken from here on
Judge = Callable[[str], tuple[str, float]]  # a category's code and how likely it is
_SPOKEN_OF = frozenset({"register_issue", "second_issue", "supplement_issue", "rate", "opinion"})
_TAKES_POLL = frozenset({"vote", "change_vote", "vote_unclear"})


class Reader:
    """Understands sentences with one trained model."""

    def __init__(self, model: Model, history: Judge | None = None):
        self.model, self.history = model, history

    def read(self, text: str, context: Context, *, intent: str | None = None) -> Meaning:
        """The meaning of the sentence; with an intent that grammar has settled, only its facts."""
        heard = Heard(text, context)
        steps: list[Step] = [("heard", {"words": heard.words})]
        if intent is not None:
            steps.append(("grammar", {"intent": intent}))
            return self._meaning(heard, intent, 0.99, steps)
        settled = self._settled(heard, steps)
        if settled is not None:
            return self._meaning(heard, settled, 0.99, steps)
        chosen, sure = self._judged(heard, steps)
        return self._meaning(heard, chosen, sure, steps)

    def plain_ballot(self, text: str, context: Context) -> Meaning | None:
        """The meaning of words that are nothing but a choice; for them nothing but the open polls need be known."""
        heard = Heard(text, context)
        ballot = _sure_ballot(heard)
        if ballot is None or jielong.is_list(heard.raw) or heard.injection:
            return None
        return self._meaning(heard, ballot, 0.99, [("heard", {"words": heard.words}), ("ballot", {"read": "clear"})])

    def _judged(self, heard: Heard, steps: list[Step]) -> tuple[str, float]:
        likely = self.model.intent.predict(heard.example, frozenset(_possible(heard, self.model.intent.classes)))
        steps.append(("likely", {"likely": [(name, round(p, 2)) for name, p in likely[:3]]}))
        odds = dict(likely)
        chosen, sure = likely[0]
        if chosen in _TAKES_POLL or _plain_ballot(heard):
            chosen, sure = _ballot(heard, odds, chosen, steps)
        doubtful = chosen == "chitchat" or (sure < COUNTED and chosen != "register_issue")
        named = heard.complaint or (heard.addressed and decided(heard.words) is not None)  # by the community's own words
        if doubtful and named and odds.get("register_issue", 0.0) > DESPITE:
            steps.append(("complaint", {}))
            chosen, sure = "register_issue", max(ISSUE_TO_ALL, odds["register_issue"])
        floor = SPOKEN_TO_ALL
        if chosen in _SPOKEN_OF:
            vague = heard.idle or (chosen == "register_issue" and "ours" not in heard.says and not sure_words(heard.words))
            floor = SURELY if heard.complaint else IDLE_TO_ALL if vague else ISSUE_TO_ALL
        if chosen == "rate" and ("chats" in heard.says or "rates" not in heard.says):
            floor = NEVER
        if chosen == "second_issue" and not heard.joins_a_matter:
            steps.append(("talk_quoted", {}))
            return "chitchat", odds.get("chitchat", 1 - sure)
        if chosen == "register_issue" and not heard.ours:
            floor = NEVER  # nothing of the community is named
        idle = chosen == "register_issue" and heard.idle and not heard.complaint  # said to the bot, and still no report
        if (idle or not heard.addressed) and chosen not in ("chitchat", "vote_unclear") and sure < floor:
            steps.append(("unsure", {"intent": chosen, "sure": round(sure, 2), "floor": floor}))
            return "chitchat", odds.get("chitchat", 1 - sure)
        return chosen, sure

    def _judge(self, intent: str, heard: Heard, facet: str) -> str | None:
        """A facet of the sentence; of the category, what was learned from local history comes first when it is sure."""
        if facet == "category" and self.history is not None:
            code, sure = self.history(heard.words)
            if sure >= HISTORY:
                return code
        return self.model.danger(heard) if facet == "danger" else self.model.judge(intent, heard, facet)

    def _settled(self, heard: Heard, steps: list[Step]) -> str | None:
        """What needs no judging of the intent."""
        if jielong.is_list(heard.raw):
            steps.append(("list", {}))
            return "jielong"
        if heard.injection:
            steps.append(("injection", {}))
            return "chitchat"
        if (ballot := _sure_ballot(heard)) is not None:
            steps.append(("ballot", {"read": "clear"}))
            return ballot
        if self.model.danger(heard):
            return "register_issue"
        if not any(c.isalnum() or ord(c) > 0x2000 for c in heard.words):
            steps.append(("empty", {}))
            return "help" if heard.addressed and heard.words.strip() in ("?", "??") else "chitchat"
        return None

    def _meaning(self, heard: Heard, intent: str, sure: float, steps: list[Step]) -> Meaning:
        slots = slots_of(intent, heard, lambda facet: self._judge(intent, heard, facet))
        if slots.get("authorized") is False:
            steps.append(("unauthorized", {"role": heard.context.role}))
        if slots.get("hotline"):
            steps.append(("danger", {"hotline": slots["hotline"]}))
        choice = None
        if intent in _BALLOTS and heard.vote is not None:
            choice = heard.vote.choice
        return Meaning(intent, slots, sure, tuple(steps), choice)




def _possible(heard: Heard, classes: tuple[str, ...]) -> Iterator[str]:
    """The intents that this situation allows."""
    context, words = heard.context, heard.words
    quoted = context.quote is not None or heard.legacy_quote is not None
    points = bool(issue_ids(words)) or quoted
    polls = heard.vote is not None
    needs: dict[str, Any] = {
        "jielong": False, "vote": polls, "change_vote": polls, "vote_unclear": polls or heard.addressed,
        "opinion": context.active_discussion or (quoted and context.quote and context.quote.kind == "issue_card"),
        "rate": context.pending_rating or points or heard.addressed,
        "second_issue": points or context.recent_issue or context.active_discussion,
        "objection": context.recent_result or poll_ids(words) or heard.addressed or context.open_polls or quoted,
    }
    return (name for name in classes if needs.get(name, True))


def _plain_ballot(heard: Heard) -> bool:
    """Little but a choice, for the poll that is named, or said to the bot while a poll is open."""
    reading = heard.vote
    if reading is None or (reading.poll is None and not reading.several):
        return False
    return reading.named and reading.read is not None or (
        heard.addressed and isinstance(reading.read, Choice) and len(heard.words) <= SHORT)


def _sure_ballot(heard: Heard) -> str | None:
    """Nothing but a choice, said to the bot while one poll can be meant: no judge is needed."""
    reading = heard.vote
    if reading is None or reading.poll is None or not heard.addressed or len(heard.words) > SHORT:
        return None
    if heard.context.quote is not None and heard.context.quote.kind != "poll_card":
        return None
    if not isinstance(reading.read, Choice) or doubts_right(heard.words) or heard.doubtful or no_ballot(heard.words, reading.poll):
        return None
    return "change_vote" if reading.change and heard.context.my_vote == reading.poll.id else "vote"


def _ballot(heard: Heard, odds: dict[str, float], chosen: str, steps: list[Step]) -> tuple[str, float]:
    """A ballot counts only when the reading of its words and the classifier agree; else it is asked about, or left alone."""
    reading = heard.vote
    others = sorted(((p, name) for name, p in odds.items() if name not in _TAKES_POLL), reverse=True)
    ballot = odds.get("vote", 0.0) + odds.get("change_vote", 0.0)
    unclear = odds.get("vote_unclear", 0.0)
    if reading is None or (reading.poll is None and not reading.several):
        return ("vote_unclear", unclear) if chosen == "vote_unclear" else (others[0][1], others[0][0])
    if reading.poll is not None and not heard.addressed and not reading.named and elsewhere(heard.words, reading.poll):
        return others[0][1], others[0][0]
    right = reading.poll is not None and not doubts_right(heard.words) and not no_ballot(heard.words, reading.poll)
    strict = right and isinstance(reading.read, Choice)
    free = right and reading.loose is not None and not heard.doubtful
    read = "clear" if strict else "free" if free else reading.reason or ("several" if reading.several else "none")
    steps.append(("ballot", {"read": read}))
    sure = ballot >= COUNTED and ballot > unclear or (reading.named and unclear < 0.5 and ballot + unclear > 0.3)
    floor = OTHERS_COUNTED if "others" in heard.says and "proxy" not in heard.says else FREELY_COUNTED
    if (strict and sure) or (free and ballot >= floor and unclear < 0.1):
        change = odds.get("change_vote", 0.0) > odds.get("vote", 0.0)
        return ("change_vote" if change else "vote"), ballot
    if _plain_ballot(heard):
        return ("vote", max(ballot, COUNTED)) if strict and not heard.doubtful else ("vote_unclear", max(unclear, COUNTED))
    if reading.read is None and not free and chosen in _BALLOTS:
        return ("vote_unclear", unclear) if unclear >= others[0][0] else (others[0][1], others[0][0])
    if ballot + unclear >= others[0][0]:
        return "vote_unclear", ballot + unclear
    return others[0][1], others[0][0]
