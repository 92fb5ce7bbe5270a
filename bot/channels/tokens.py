"""One access token per account, shared by all processes through Redis, fetched by one of them at a time."""

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from redis import RedisError

from bot.channels.account import Account, Clock
from bot.channels.api import ApiClient
from bot.channels.codes import TOKEN_CODES
from bot.message import MEDIA_BYTES, ChannelError

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

EARLY_S = 300
LOCK_MS = 10_000  # longer than a fetch can take
PATIENCE_S = 3.0
RENEWAL_GAP_S = 60  # a platform that refuses every token must not cost us the day's quota
_STEP_S = 0.05
_UNLOCK = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"


KINDS = ("mp", "wecom_app", "customer_group")  # accounts that have one


def key_of(account: Account) -> str:
    """Under which name its processes share the token."""
    return ":".join(("linyi:token", account.kind, account.app_id, *([account.agent_id] if account.agent_id else [])))


@dataclass(frozen=True, slots=True)
class Held:
    """A token and when to stop using it."""

    token: str = field(repr=False)
    until: float

    def good(self, now: float, failed: str) -> bool:
        """True while it may be used, unless it is the very one that failed."""
        return now < self.until and self.token != failed


class SharedToken:
    """Gives the account's token and replaces it in time, or once when the platform refuses it."""

    def __init__(self, account: Account, api: ApiClient, *, redis: Any = None, clock: Clock):
        self._account, self._api, self._redis, self._clock = account, api, redis, clock
        self._key = key_of(account)
        self._held: Held | None = None
        self._lock = threading.Lock()
        self._renewed_at = 0.0
        self._warned = False

    def spend(self, api: ApiClient, path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Posts with the token, once more with a new one if it is refused; returns the platform's answer."""
        return self.using(lambda token: api.post(path, payload, {"access_token": token}))

    def download(self, api: ApiClient, media_id: str) -> bytes:
        """What somebody sent to the account, by its id."""
        return self.using(lambda token: api.media(token, media_id, most=MEDIA_BYTES))

    def using(self, call: Callable[[str], Answer]) -> Answer:
        """Makes a call with the token, once more with a new one if it is refused."""
        token = self.get()
        try:
            return call(token)
        except ChannelError as error:
            if error.code not in TOKEN_CODES:
                raise
            return call(self.replace(token, error))

    def get(self) -> str:
        """The token to use now."""
        held = self._held
        if held is not None and held.good(self._now(), ""):
            return held.token
        with self._lock:
            return self._agree("", None)

    def replace(self, failed: str, refusal: ChannelError) -> str:
        """Another token than the one that failed: a peer's, or a new one at most once a minute."""
        with self._lock:
            return self._agree(failed, refusal)

    def _agree(self, failed: str, refusal: ChannelError | None) -> str:
        owner, waited = secrets.token_hex(8), 0.0
        while True:
            held = self._shared() or self._held
            if held is not None and held.good(self._now(), failed):
                self._held = held
                return held.token
            if self._acquire(owner):
                break
            if waited >= PATIENCE_S:
                raise ChannelError("the token is being renewed elsewhere", retryable=True)
            time.sleep(_STEP_S)
            waited += _STEP_S
        try:
            held = self._shared()  # a peer may have put it there between our look and our lock
            if held is None or not held.good(self._now(), failed):
                held = self._fetch(refusal)
            self._held = held
            return held.token
        finally:
            self._ask("eval", _UNLOCK, 1, self._key + ":lock", owner)

    def _fetch(self, refusal: ChannelError | None) -> Held:
        if refusal is not None and not self._may_renew():
            raise refusal
        force = refusal is not None and refusal.code != 42001  # an expired token is replaced without force
        answer = self._ask_platform(force)
        token, life = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(life, int) or life <= 0:
            raise ChannelError("a token answer without a token", retryable=True)
        held = Held(token, self._now() + life - min(EARLY_S, life / 2))
        self._ask("set", self._key, json.dumps([held.token, held.until]), px=max(1, int(life * 1000)))
        return held

    def _ask_platform(self, force: bool) -> dict[str, Any]:
        raise NotImplementedError

    def _may_renew(self) -> bool:
        now = self._now()
        if now - self._renewed_at < RENEWAL_GAP_S:
            return False
        self._renewed_at = now
        first = self._ask("set", self._key + ":renewed", "1", nx=True, ex=RENEWAL_GAP_S, otherwise=True)
        return bool(first)

    def _acquire(self, owner: str) -> bool:
        return bool(self._ask("set", self._key + ":lock", owner, nx=True, px=LOCK_MS, otherwise=True))

    def _shared(self) -> Held | None:
        raw = self._ask("get", self._key)
        if not raw:
            return None
        try:
            token, until = json.loads(raw)
            return Held(str(token), float(until))
        except (ValueError, TypeError):
            return None

    def _ask(self, verb: str, *args: Any, otherwise: Any = None, **options: Any) -> Any:
        """Asks Redis; without it this process is on its own, which stable tokens forgive."""
        if self._redis is None:
            return otherwise
        try:
            answer = getattr(self._redis, verb)(*args, **options)
        except (RedisError, OSError):
            if not self._warned:
                log.warning("redis is away: the token is kept in this process alone")
                self._warned = True
            return otherwise
        self._warned = False
        return answer

    def _now(self) -> float:
        return self._clock().timestamp()


class StableToken(SharedToken):
    """A 公众号's: the same token for all who ask, until its last five minutes."""

    def _ask_platform(self, force: bool) -> dict[str, Any]:
        return self._api.post("/cgi-bin/stable_token", {
            "grant_type": "client_credential", "appid": self._account.app_id,
            "secret": self._account.app_secret, "force_refresh": force})


class CorpToken(SharedToken):
    """A 企业微信 app's: asking again gives the same one while it is good."""

    def _ask_platform(self, force: bool) -> dict[str, Any]:
        return self._api.get("/cgi-bin/gettoken", {"corpid": self._account.app_id, "corpsecret": self._account.app_secret})
