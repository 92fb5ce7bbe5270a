"""One running platform: what people say goes out to the app, what the app says goes onto phones."""

import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator import photos
from simulator.calls import Log
from simulator.cards import Cards
from simulator.delivery import Delivery, Errand, Pace
from simulator.faults import Faults
from simulator.feed import Clock, Feed
from simulator.mp_side import MpSide, Window
from simulator.packets import Heard, WithCard
from simulator.socket import BotSocket
from simulator.tokens import Tokens
from simulator.world import APP_CHAT, BOT_CHAT, MP_CHAT, Person, SimAccount, World, account_of

RESPONSE_LIFE_S = 3600
MP_TROUBLE = "该公众号提供的服务出现故障，请稍后再试"
BOT_TROUBLE = "机器人暂时没有回应"


class CannotSay(Exception):
    """Nobody of that name, or no such chat on that person's phone."""


@dataclass(slots=True)
class Talk:
    """One thing said: where an answer to it belongs, and whether one has been shown."""

    person: str
    chat: str
    text: str
    id: str
    is_group: bool
    answered: bool = False
    late_until: float = 0.0  # the life of its response_url
    place: str = ""  # the platform's name of the conversation: chatid, or the person's userid


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person does on a phone: a sentence, a picture or both into a chat."""

    person: str
    to: str
    text: str
    at_bot: bool = True
    quote: str = ""
    times: int = 1
    delay_s: float = 0.0
    picture: str = ""  # the name of a sample that goes along


@dataclass(slots=True)
class Simulation:
    """Everything the platform remembers, all of it in memory."""

    world: World
    accounts: Sequence[SimAccount]
    base_url: str
    calls_file: str | Path | None = None
    clock: Clock = time.time
    pace: Pace = field(default_factory=Pace)
    carriers: int = 24
    rng: random.Random | None = None
    feed: Feed = field(init=False)
    faults: Faults = field(init=False)
    calls: Log = field(init=False)
    deliveries: Log = field(init=False)
    delivery: Delivery = field(init=False)
    tokens: Tokens = field(init=False)
    windows: dict[str, Window] = field(init=False)
    mp: MpSide = field(init=False)
    codes: dict[str, Talk] = field(init=False)
    tappers: dict[str, Callable[[str, str, str, dict[str, list[str]]], tuple[str, bool]]] = field(init=False)  # by chat
    app_side: Any = field(init=False, default=None)  # what the platform remembers for the 自建应用
    lock: threading.RLock = field(init=False)
    cards: Cards = field(init=False)
    socket: BotSocket = field(init=False)
    gallery: photos.Gallery = field(init=False)
    _next_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.feed, self.faults, self.tokens = Feed(self.clock), Faults(), Tokens()
        self.calls, self.deliveries = Log(self.calls_file, self.clock), Log(None, self.clock)
        self.delivery = Delivery(self.faults, self.deliveries, pace=self.pace, carriers=self.carriers,
                                 clock=self.clock, rng=self.rng)
        started = self.clock()
        self.windows = {person.openid: Window(started) for person in self.world.people if person.openid}
        self.codes, self.tappers, self.lock, self.mp = {}, {}, threading.RLock(), MpSide()
        self.gallery = photos.Gallery(self.clock)
        self.cards, self.socket = Cards(self), BotSocket(self)
        self._next_id = secrets.randbelow(2**60) + 2**61

    def say(self, saying: Saying) -> tuple[str, bool]:
        """Puts a sentence on the phones and, when the bot may hear it, on the wire; gives its id."""
        person = self.person(saying.person)
        account, chatid = self.place(person, saying.to)
        text = saying.text if chatid or not saying.picture else ""  # in private a picture goes alone
        if chatid:
            mention = f"@{account.bot_name if account else BOT_CHAT}"
            text = f"{mention} {text}" if saying.at_bot and mention not in text else text
            account = account if mention in text else None
        heard_id = self.new_id(account)
        talk = Talk(person.name, saying.to, text, heard_id, bool(chatid), place=chatid or person.userid)
        picture = photos.sample(saying.picture) if saying.picture else b""
        self._show(picture, chat=saying.to, person=person.name, text=text, id=heard_id, quote=saying.quote or None)
        if account is None or (account.kind == "mp" and not self._hear(person.openid)):
            return heard_id, False
        url = self.open_late_answer(talk) if account.kind == "wecom_aibot" else ""
        heard = Heard(heard_id, int(self.clock()), person.openid if account.kind == "mp" else person.userid,
                      text=text, chatid=chatid, quote=saying.quote, response_url=url, **self._sent(account, picture))
        if account.kind == "wecom_aibot_ws":
            return heard_id, self._over_socket(account, heard, talk)
        self.delivery.submit(Errand(account, heard, self.ender(talk, account)), copies=saying.times,
                             delay_s=saying.delay_s)
        return heard_id, True

    def _show(self, picture: bytes, **what: Any) -> None:
        if picture:
            self.feed.add_picture(picture, type_="message", **what)
        else:
            self.feed.add("message", **what)

    def _sent(self, account: SimAccount, picture: bytes) -> dict[str, Any]:
        """How the app is told where a picture lies."""
        if not picture:
            return {}
        if account.kind in ("wecom_aibot", "wecom_aibot_ws"):
            return {"image": self.gallery.lay_out(account, picture, self.base_url)}
        return {"media": self.gallery.keep(picture)}

    def happen(self, who: str, to: str, event: str) -> tuple[str, bool]:
        """Delivers an event: enter_chat at the 智能机器人, enter_agent at the app. What happens at the 公众号 is in mp_phone.py."""
        person = self.person(who)
        account, chatid = self.place(person, to)
        allowed = ("subscribe", "enter_agent") if to == APP_CHAT else ("enter_chat",)
        if account is None or account.kind == "mp" or chatid or event not in allowed:
            raise CannotSay(f"no event {event} in {to}")
        if account.kind == "wecom_aibot_ws":
            talk = Talk(person.name, to, "", self.new_id(account), False, place=person.userid)
            return talk.id, self._over_socket(account, Heard(talk.id, int(self.clock()), person.userid, event=event), talk)
        return self.deliver_event(person, to, account, event), True

    def deliver_event(self, person: Person, to: str, account: SimAccount, event: str, *, key: str = "", more: str = "") -> str:
        """Sends an event to the app and shows its answer, if it gives one."""
        talk = Talk(person.name, to, "", self.new_id(account), False, place=person.userid)
        sender = person.openid if account.kind == "mp" else person.userid
        heard = Heard(talk.id, int(self.clock()), sender, event=event, key=key, more=more)
        self.delivery.submit(Errand(account, heard, self.ender(talk, account)))
        return talk.id

    def _over_socket(self, account: SimAccount, heard: Heard, talk: Talk) -> bool:
        """Calls the bot's connection; without one, the phone says so."""
        delivered = self.socket.call(account, heard, talk)
        if not delivered:
            self.feed.add("notice", chat=talk.chat, person=talk.person, text=BOT_TROUBLE, reply_to=talk.id)
        return delivered

    def reply(self, talk: Talk, text: str, *, stream: str | None = None, sender: str | None = None) -> None:
        """Shows the bot's answer under what it answers; in a group it quotes it. The same stream again replaces its words."""
        quote = f"{talk.person}：{talk.text}" if talk.is_group else None
        self.feed.add("reply", chat=talk.chat, person=talk.person, text=text, reply_to=talk.id, quote=quote, stream=stream,
                      sender=sender)

    def late_talk(self, code: str) -> Talk | None:
        """Finds what a response_code answers, if it may still be used, and uses it up."""
        with self.lock:
            talk = self.codes.pop(code, None)
            return talk if talk and self.clock() <= talk.late_until else None

    def close(self) -> None:
        """Stops the carriers and whoever waits for news."""
        self.delivery.close()
        self.socket.close()
        self.feed.close()

    def person(self, name: str) -> Person:
        """Somebody with a phone."""
        person = self.world.person(name)
        if person is None:
            raise CannotSay(f"nobody is called {name}")
        return person

    def place(self, person: Person, to: str) -> tuple[SimAccount | None, str]:
        """Finds who hears a chat and, for a group, its chatid."""
        aibot = account_of(self.accounts, "wecom_aibot")
        if to == MP_CHAT and person.openid:
            return account_of(self.accounts, "mp"), ""
        if to == BOT_CHAT and person.userid:
            return aibot, ""
        app = account_of(self.accounts, "wecom_app")
        if to == APP_CHAT and person.userid and app is not None:
            return app, ""
        line = account_of(self.accounts, "wecom_aibot_ws")
        if line is not None and to == line.bot_name and person.userid:
            return line, ""
        group = self.world.group(to)
        if group is None or to not in person.groups:
            raise CannotSay(f"{person.name} has no chat {to}")
        return {"aibot": aibot, "aibot_ws": line}.get(group.road), group.chatid

    def new_id(self, account: SimAccount | None) -> str:
        """Makes the platform's number of a message."""
        with self.lock:
            self._next_id += 1
            aibot = account is not None and account.kind in ("wecom_aibot", "wecom_aibot_ws")
            return f"CAI{self._next_id:x}" if aibot else str(self._next_id)

    def open_late_answer(self, talk: Talk) -> str:
        """Makes the address that takes one late answer."""
        code = secrets.token_urlsafe(24)
        with self.lock:
            talk.late_until = self.clock() + RESPONSE_LIFE_S
            self.codes[code] = talk
        return f"{self.base_url}/cgi-bin/aibot/response?response_code={code}"

    def _hear(self, openid: str) -> bool:
        """Opens the 48 hours anew; who does not follow is not heard."""
        with self.lock:
            window = self.windows[openid]
            window.hear(self.clock())
            return window.follows

    def ender(self, talk: Talk, account: SimAccount) -> Callable[[str | None, bool], None]:
        """Makes what shows the answer to one thing said, once."""
        def end(words: str | None, failed: bool) -> None:
            with self.lock:
                if talk.answered:
                    return  # a phone shows the answer to one message once, whatever the wire repeated
                talk.answered = True
            if failed:
                text = MP_TROUBLE if account.kind == "mp" else BOT_TROUBLE
                self.feed.add("notice", chat=talk.chat, person=talk.person, text=text, reply_to=talk.id)
            elif isinstance(words, WithCard) and words.update:
                self.cards.change(words.card, talk, words.userids)
            elif words:
                self.reply(talk, words)
                if isinstance(words, WithCard):
                    self.cards.show(words.card, talk.chat, "" if talk.is_group else talk.person, sender=account.bot_name)
        return end
