"""From words to a handler: exact commands by grammar, ears for answers to our own questions, meanings for ordinary speech.

A command's patterns read as they are typed: `受理 {issue}`. `{issue}` is I12 or 12, `{poll}` is P5 or 5,
`{rest}` is anything; a space may be typed or left out, or be a colon or comma.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.context import Ctx
from domain.errors import Forbidden, Refusal
from domain.roles import Role
from services import audit
from texts.normal import plain, printed
from texts.say import say
from texts.words import category
from understanding.meaning import Meaning

_SLOTS = {
    "{issue}": r"[Ii]?\s*(?P<issue>\d{1,6})(?!\d)", "{issue2}": r"[Ii]?\s*(?P<issue2>\d{1,6})(?!\d)",
    "{I}": r"[Ii]\s*(?P<issue>\d{1,6})(?!\d)", "{P}": r"[Pp]\s*(?P<poll>\d{1,6})(?!\d)",
    "{S}": r"[Ss]\s*(?P<session>\d{1,6})(?!\d)",
    "{poll}": r"[Pp]?\s*(?P<poll>\d{1,6})(?!\d)", "{rest}": r"(?P<rest>\S.*)",
    "{Fs}": r"(?P<forwards>[Ff]\s*\d{1,9}(?!\d)(?:[\s,、和]*[Ff]\s*\d{1,9}(?!\d))*)",
}
_GAP = r"[\s,:;,。]*"
_OPENERS = re.compile(r"^[/#@\s]+")


@dataclass(frozen=True, slots=True)
class Args:
    """What a command was given."""

    issue: int = 0
    issue2: int = 0
    poll: int = 0
    rest: str = ""
    forwards: tuple[int, ...] = ()
    session: int = 0


Handler = Callable[[Ctx, Args], str]
Ear = Callable[[Ctx], str | None]
Spoken = Callable[[Ctx, Meaning], str | None]
Answer = Callable[[Ctx], str | None]
Happened = Callable[[Ctx], str]
Pictures = Callable[[Ctx, Happened], str]


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be asked for by words of its own."""

    name: str
    patterns: tuple[re.Pattern[str], ...]
    words: tuple[str, ...]  # said alone, they bring the usage
    usage: str
    role: Role
    keeps_words: bool  # needs consent, because what was said is put on record
    others_pass: bool  # said by somebody who may not give it, these words are ordinary speech
    handler: Handler
    topic: str = ""  # shown in 帮助 and this word, else in 帮助


@dataclass(slots=True)
class Registry:
    """All commands, ears, dialog steps and meanings; filled by importing the handlers."""

    commands: list[Command] = field(default_factory=list)
    ears: list[tuple[int, str, Ear]] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    spoken: dict[str, Spoken] = field(default_factory=dict)
    events: dict[str, Happened] = field(default_factory=dict)
    beside: Spoken = lambda _ctx, _meaning: None
    unheard: Callable[[Ctx], str] = lambda ctx: say("hint.private" if ctx.private else "hint.group")
    pictures: Pictures | None = None  # hears a message with photos


registry = Registry()


def command(name: str, *patterns: str, usage: str = "", role: Role = Role.RESIDENT,
            keeps_words: bool = False, others_pass: bool = False, topic: str = "") -> Callable[[Handler], Handler]:
    """Registers a handler under its patterns; the usage goes into 帮助 (or 帮助 and its topic) and into hints."""
    def register(handler: Handler) -> Handler:
        words = tuple(dict.fromkeys(w for p in patterns for w in _first_words(p)))
        registry.commands.append(Command(
            name, tuple(map(_compile, patterns)), words, usage, role, keeps_words, others_pass, handler,
            topic))
        return handler
    return register


def ear(priority: int, name: str) -> Callable[[Ear], Ear]:
    """Registers a listener for speech that is no command; the lowest priority listens first; None passes on."""
    def register(listener: Ear) -> Ear:
        registry.ears.append((priority, name, listener))
        registry.ears.sort(key=lambda e: e[0])
        return listener
    return register


def meant(*intents: str) -> Callable[[Spoken], Spoken]:
    """Registers the handler of ordinary speech that was understood as one of these intents; None passes on to the hint."""
    def register(handler: Spoken) -> Spoken:
        registry.spoken.update(dict.fromkeys(intents, handler))
        return handler
    return register


def beside(listener: Spoken) -> Spoken:
    """Registers the one who may object to what ordinary words seem to mean, before it is acted on; None lets it pass."""
    registry.beside = listener
    return listener


def unheard(speaker: Callable[[Ctx], str]) -> Callable[[Ctx], str]:
    """Registers what is said when nothing was understood."""
    registry.unheard = speaker
    return speaker


def event(*names: str) -> Callable[[Happened], Happened]:
    """Registers what is answered when something of this name happens; '' is silence."""
    def register(handler: Happened) -> Happened:
        registry.events.update(dict.fromkeys(names, handler))
        return handler
    return register


def pictures(handler: Pictures) -> Pictures:
    """Registers what hears a message with photos, and has what stands beside them answered."""
    registry.pictures = handler
    return handler


def answers(name: str) -> Callable[[Answer], Answer]:
    """Registers the handler that hears the answer to an open question; None means it was no answer."""
    def register(answer: Answer) -> Answer:
        registry.answers[name] = answer
        return answer
    return register


def _first_words(pattern: str) -> list[str]:
    """The words a pattern may begin with: `(结束|公布) {poll}` begins with 结束 or 公布."""
    first = pattern.split(" ")[0]
    found = re.fullmatch(r"\(([^)]*)\)(\w*)", first)
    if found is not None:
        return [word + found.group(2) for word in found.group(1).split("|")]
    return [first] if re.fullmatch(r"\w+", first) else []


def _compile(pattern: str) -> re.Pattern[str]:
    """Before further words a number needs its letter, so that `结束5点的会` is no command."""
    if "{rest}" in pattern:
        pattern = pattern.replace("{issue}", "{I}").replace("{poll}", "{P}")
    body = _GAP.join(pattern.split(" "))
    for slot, regex in _SLOTS.items():
        body = body.replace(slot, regex)
    return re.compile(body + r"\s*", re.DOTALL | re.IGNORECASE)


def match(heard: str) -> tuple[Command, Args] | None:
    """The command these words are, with its arguments; None when they are no command."""
    words = _OPENERS.sub("", heard)
    for each in registry.commands:
        for pattern in each.patterns:
            found = pattern.fullmatch(words)
            if found is not None:
                said = found.groupdict()
                return each, Args(int(said.get("issue") or 0), int(said.get("issue2") or 0), int(said.get("poll") or 0),
                                  printed((said.get("rest") or "").strip()),
                                  tuple(dict.fromkeys(map(int, re.findall(r"\d+", said.get("forwards") or "")))),
                                  int(said.get("session") or 0))
    return None


def alone(heard: str) -> Command | None:
    """The command whose bare word this is, said without what it needs."""
    words = _OPENERS.sub("", heard).strip()
    return next((c for c in registry.commands if words in c.words), None)


def obey(ctx: Ctx, found: Command, args: Args) -> str:
    """Runs a command for somebody who may give it and whose words may be kept."""
    ctx.intent = found.name
    if not ctx.speaker.role.covers(found.role):
        raise Refusal("role.refused", usage=found.usage)
    if found.keeps_words and not ctx.speaker.consented:
        return ask_consent(ctx, ctx.text)
    return found.handler(ctx, args)


def refuse(ctx: Ctx, no: Refusal) -> str:
    """The words of an expected no; the talk it belonged to ends, unless a yes of it is what is missing."""
    waits = ctx.dialog if no.key == "vote.bind_first" and _binding(ctx) else None
    ctx.next_dialog, ctx.asked, ctx.card = waits, False, None
    if waits is not None:  # they have the code already, only the yes is missing
        return say("vote.bind_yes", **no.facts)
    if no.key == "role.refused" or isinstance(no, Forbidden):
        number = {"issue": no.facts["number"]} if "number" in no.facts else {}
        audit.note(ctx.tx, ctx.speaker, no.key, f"message:{ctx.message_id}", now=ctx.now, intent=ctx.intent, **number)
    if no.key == "guard.evidence" and ctx.dialogs_up:  # a photo completes what was refused for lack of it
        ctx.ask("evidence", order=ctx.text)
    return say(no.key, **no.facts)


def _binding(ctx: Ctx) -> bool:
    """True when the open question is whether the home may be kept that somebody has a code for."""
    found = match(canonical(ctx.dialog.data["text"])) if ctx.dialog is not None and ctx.dialog.then == "consent" else None
    return found is not None and found[0].name == "bind"


def ask_consent(ctx: Ctx, text: str) -> str:
    """The one question of a first contact: yes both confirms and consents; until then the words are only in Redis."""
    if not ctx.dialogs_up:
        return say("consent.later")
    ctx.ask("consent", text=text)
    ctx.buttons(say("card.consent"), ("1", say("card.agree")), ("2", say("card.later")))
    return say("consent.ask", kind=ctx.intent, category=category(text) or "")


_NUMBER = {"I": re.compile(r"(?<![A-Za-z0-9])I(\d{1,6})(?!\d)"), "P": re.compile(r"(?<![A-Za-z0-9])P(\d{1,6})(?!\d)")}


def canonical(text: str) -> str:
    """Words in the form in which they are matched."""
    return plain(text)


def quoted_number(ctx: Ctx, letter: str) -> int | None:
    """The one issue (I) or poll (P) that the quoted message names; None when it names none or several."""
    if not ctx.message.quote:
        return None
    found = set(_NUMBER[letter].findall(plain(ctx.message.quote)))
    return int(found.pop()) if len(found) == 1 else None
