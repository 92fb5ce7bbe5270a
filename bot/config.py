"""Reads config.yaml and the environment into typed settings; anything wrong is one clear sentence."""

import os
import re
from collections.abc import Mapping
from datetime import date, time
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.channels.account import Account
from domain.classes import AT_LEAST, BY_AREA, MORE_THAN, Bar, Preset
from domain.clock import QuietHours
from domain.promises import Rule
from domain.timers import SPANS, Span, Timer
from services.limits import Limits

Urgency = Literal["normal", "urgent", "critical"]
_BAR = r"^(>=|>) ([1-9]\d?/[1-9]\d?|1)$"


class ConfigError(Exception):
    """The settings cannot be used; the message says which and why."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Server(_Section):
    """The web server."""

    host: str = "127.0.0.1"
    port: int = Field(8600, ge=1, le=65535)
    workers: int | Literal["auto"] = "auto"
    threads: int = Field(64, ge=1, le=512)
    trusted_proxies: int = Field(0, ge=0, le=5)
    secure_cookies: bool = False
    public_url: str = Field("", pattern=r"^(https?://[^/]+)?$")


class DatabaseSettings(_Section):
    """Where the data is."""

    url_env: str = "LINYI_DATABASE_URL"
    file: str = "var/linyi.db"


class RedisSettings(_Section):
    """Where unfinished talk is."""

    url_env: str = "LINYI_REDIS_URL"
    folder: str = "var/valkey"


class ConsoleSettings(_Section):
    """The admins' pages."""

    second_factor: Literal["admins", "everyone", "optional"] = "admins"


class Quiet(_Section):
    """When nobody is disturbed."""

    start: time = time(21)
    end: time = time(8)


class PresetSettings(_Section):
    """The numbers of one class of decision from one day on."""

    decides: Literal["household", "resident_adult", "owner_ordinary", "owner_special", "unanimous"]
    name: str = Field(pattern=r"^[a-z0-9_]{1,24}$")
    since: date
    until: date | None = None
    quorum: str = Field(pattern=_BAR)
    passes: str = Field(pattern=_BAR)

    def preset(self) -> Preset:
        """As the counting takes it."""
        return Preset(self.decides, self.name, _bar(self.quorum), _bar(self.passes), self.since, self.until,
                      area=self.decides in BY_AREA)


class DecisionSettings(_Section):
    """By which numbers polls decide, and who has recognised this channel for votes of owners."""

    presets: list[PresetSettings] = []
    recognised_by: str = Field("", max_length=120)
    notice_days: int = Field(15, ge=0, le=60)
    publication_days: int = Field(15, ge=0, le=60)


_SPAN = re.compile(r"([1-9]\d{0,3}) (workdays|days|hours|minutes)")
Length = Annotated[str, Field(pattern=rf"^{_SPAN.pattern}$")]


def _span(words: str) -> Span:
    found = _SPAN.fullmatch(words)
    assert found is not None  # pydantic has looked
    return Span(**{found[2]: int(found[1])})


def _words(span: Span) -> str:
    return next(f"{getattr(span, unit)} {unit}" for unit in ("workdays", "days", "hours", "minutes") if getattr(span, unit))


def _built_in() -> dict[Timer, dict[Urgency, str]]:
    return {timer: {urgency or "normal": _words(length) for (kind, urgency), length in SPANS.items() if kind is timer}  # type: ignore[misc]
            for timer in Timer}


class LoopSettings(_Section):
    """How long each clock of an issue takes, and how often something may happen."""

    spans: dict[Timer, dict[Urgency, Length]] = Field(default_factory=_built_in)
    ring_people: int = Field(10, ge=2, le=1000)
    ring_hours: int = Field(24, ge=1, le=24 * 30)
    returns: int = Field(1, ge=0, le=9)
    return_within: Length = "1 workdays"
    supervise_after: Length = "2 workdays"
    reopen_people: int = Field(3, ge=1, le=100)
    reopens: int = Field(1, ge=0, le=9)
    promise_share: str = Field("1/3", pattern=r"^([1-9]\d?/[1-9]\d?|1)$")
    promise_least: int = Field(3, ge=1, le=100)

    def lengths(self) -> dict[tuple[Timer, str], Span]:
        """The clocks' lengths as they are started."""
        return {(timer, "" if urgency == "normal" else urgency): _span(words)
                for timer, each in self.spans.items() for urgency, words in each.items()}

    def promise_rule(self) -> Rule:
        """When a promise that was reported kept is open again."""
        return Rule(Fraction(self.promise_share), self.promise_least)

    def limits(self) -> Limits:
        """The other numbers."""
        return Limits(self.ring_people, self.ring_hours, self.returns, _span(self.return_within), _span(self.supervise_after),
                      self.reopen_people, self.reopens)


def _bar(words: str) -> Bar:
    sign, _, part = words.partition(" ")
    return Bar(Fraction(part), AT_LEAST if sign == ">=" else MORE_THAN)


class BulletinSettings(_Section):
    """When groups and staff are told without asking; unset: never."""

    weekly: time | None = time(9)
    morning: time | None = time(8, 30)


class DeliverySettings(_Section):
    """How posts are sent and tried again."""

    every_s: float = Field(0.5, gt=0)
    threads: int = Field(4, ge=1, le=64)
    attempts: int = Field(7, ge=1)
    first_wait_s: float = Field(2, gt=0)
    factor: float = Field(4, ge=1)
    longest_wait_s: float = Field(3600, gt=0)


class BackupSettings(_Section):
    """Where backups are put, and where PostgreSQL's own tools are."""

    folder: str = "var/backups"
    postgres_bin: str = ""
    every_hours: int = Field(26, ge=1, le=24 * 32)
    after_polls: bool = False


class RetentionSettings(_Section):
    """For how many days what is personal is kept, by kind; None: for good."""

    hour: time | None = time(3)
    messages: int | None = Field(180, ge=7)
    posts: int | None = Field(180, ge=7)
    codes: int | None = Field(180, ge=7)
    deliveries: int | None = Field(365, ge=7)
    issues: int | None = Field(730, ge=30)
    polls: int | None = Field(730, ge=30)
    votes: int | None = Field(3650, ge=365)
    left: int | None = Field(365, ge=1)
    requests: int | None = Field(1095, ge=365)

    def days(self) -> dict[str, int | None]:
        """As services/retention.py takes it."""
        return self.model_dump(exclude={"hour"})


class SummariserSettings(_Section):
    """A language model that drafts summaries of rounds; without an address there is none."""

    url: str = Field("", pattern=r"^(https?://\S+)?$")
    model: str = ""
    key_env: str = "LINYI_SUMMARISER_KEY"
    timeout_s: float = Field(60, gt=0, le=600)

    @model_validator(mode="after")
    def _both(self) -> "SummariserSettings":
        if bool(self.url) != bool(self.model):
            raise ValueError("url 和 model 要一起写")
        return self


_NEEDED: dict[str, tuple[str, ...]] = {  # secrets without which an account of this kind cannot work
    "mp": ("token", "aes_key", "app_secret"), "wecom_app": ("token", "aes_key", "app_secret"),
    "wecom_aibot": ("token", "aes_key"), "wecom_aibot_ws": ("app_secret",), "wecom_webhook": (),
    "customer_group": ("app_secret",)}


class ChannelSettings(_Section):
    """One account on one platform."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    kind: Literal["mp", "wecom_app", "wecom_aibot", "wecom_aibot_ws", "wecom_webhook", "customer_group"]
    community: str
    app_id: str = ""
    corp: str = Field("", max_length=64)
    agent_id: str = ""
    mode: Literal["safe", "compat", "plain"] = "safe"
    bot_name: str = "小议"
    token_env: str = ""
    aes_key_env: str = ""
    previous_aes_key_env: str = ""
    app_secret_env: str = ""
    api_base: str = Field(pattern=r"^https?://[^/]+$")
    oauth_base: str = Field("https://open.weixin.qq.com", pattern=r"^https?://[^/]+$")
    js_base: str = Field("https://res.wx.qq.com", pattern=r"^https?://[\w.:-]+$")  # it stands in a header
    socket_url: str = Field("wss://openws.work.weixin.qq.com", pattern=r"^wss?://")
    media_base: str = Field("https://ww-aibot-img-1258476243.cos.ap-guangzhou.myqcloud.com", pattern=r"^https?://[^/]+$")
    templates: dict[str, str] = {}

    def account(self, env: Mapping[str, str]) -> Account:
        """The account with its secrets taken from the environment."""
        needed = _NEEDED[self.kind]
        found = {}
        for what in ("token", "aes_key", "previous_aes_key", "app_secret"):
            variable = getattr(self, f"{what}_env")
            found[what] = env.get(variable, "") if variable else ""
            if what in needed and not found[what]:
                raise ConfigError(f"channels.{self.name}.{what}_env: 环境变量 {variable or '（未写）'} 没有设置")
        for what in ("aes_key", "previous_aes_key"):
            if found[what] and len(found[what]) != 43:
                raise ConfigError(f"channels.{self.name}.{what}_env: EncodingAESKey 应为 43 个字符")
        return Account(name=self.name, kind=self.kind, community=self.community, app_id=self.app_id, corp=self.corp,
                       agent_id=self.agent_id, mode=self.mode, bot_name=self.bot_name, api_base=self.api_base,
                       oauth_base=self.oauth_base, js_base=self.js_base, socket_url=self.socket_url, media_base=self.media_base,
                       templates=self.templates, **found)


class Settings(_Section):
    """All settings of one installation."""

    server: Server = Server()
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    secret_key_env: str = "LINYI_SECRET_KEY"
    data_key_env: str = "LINYI_DATA_KEY"
    previous_data_keys_env: str = "LINYI_PREVIOUS_DATA_KEYS"
    procedures: str = ""
    console: ConsoleSettings = ConsoleSettings()
    quiet_hours: Quiet = Quiet()
    decisions: DecisionSettings = DecisionSettings()
    loop: LoopSettings = LoopSettings()
    bulletins: BulletinSettings = BulletinSettings()
    delivery: DeliverySettings = DeliverySettings()
    backup: BackupSettings = BackupSettings()
    summariser: SummariserSettings = SummariserSettings()
    retention: RetentionSettings = RetentionSettings()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    metrics_token_env: str = "LINYI_METRICS_TOKEN"
    channels: list[ChannelSettings] = []

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Settings":
        names = [c.name for c in self.channels]
        if len(names) != len(set(names)):
            raise ValueError("channels: 每个账号的 name 不能重复")
        return self

    def database_url(self, env: Mapping[str, str] = os.environ) -> str:
        """The SQLAlchemy URL of the database."""
        return env.get(self.database.url_env) or f"sqlite:///{self.database.file}"

    def redis_url(self, env: Mapping[str, str] = os.environ) -> str | None:
        """The Redis URL, or None for the embedded one."""
        return env.get(self.redis.url_env) or None

    def secret_key(self, env: Mapping[str, str] = os.environ) -> str:
        """The installation's secret."""
        key = env.get(self.secret_key_env, "")
        if len(key) < 32:
            raise ConfigError(f"secret_key_env: 环境变量 {self.secret_key_env} 没有设置，或不足 32 个字符")
        return key

    def keys(self, env: Mapping[str, str] = os.environ) -> tuple[str, str, list[str]]:
        """What models.secret.set_key takes: the secret, the data key ('' = the secret stands in), and the keys before it."""
        data = env.get(self.data_key_env, "").strip()
        previous = env.get(self.previous_data_keys_env, "").split()
        for name, key in ((self.data_key_env, data), *((self.previous_data_keys_env, each) for each in previous)):
            if 0 < len(key) < 32:
                raise ConfigError(f"环境变量 {name} 里的数据密钥不足 32 个字符：用 python app.py key new 做一把")
        if previous and not data:
            raise ConfigError(f"设置了 {self.previous_data_keys_env}，却没有设置 {self.data_key_env}：新数据不知道用哪把密钥")
        return self.secret_key(env), data, previous

    def metrics_token(self, env: Mapping[str, str] = os.environ) -> str:
        """What Prometheus must show to be let in; '' = metrics are off."""
        token = env.get(self.metrics_token_env, "")
        if 0 < len(token) < 16:
            raise ConfigError(f"metrics_token_env: 环境变量 {self.metrics_token_env} 不足 16 个字符："
                              "请换长一些的，或不设置（关闭指标）")
        return token

    def workers(self, env: Mapping[str, str] = os.environ) -> int:
        """How many web processes the database allows."""
        if self.server.workers != "auto":
            return self.server.workers
        return 1 if self.database_url(env).startswith("sqlite") else max(1, os.cpu_count() or 1)

    def quiet(self) -> QuietHours:
        """The quiet hours as a rule."""
        return QuietHours(self.quiet_hours.start, self.quiet_hours.end)


def load(path: str | Path = "config.yaml") -> Settings:
    """Reads the file; ConfigError names the first thing that is wrong."""
    try:
        found: Any = yaml.safe_load(Path(path).read_text("utf-8")) or {}
    except FileNotFoundError:
        raise ConfigError(f"找不到配置文件 {path}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} 不是正确的 YAML：{str(error).splitlines()[0]}") from None
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = "不认识的设置" if first["type"] == "extra_forbidden" else first["msg"]
        raise ConfigError(f"{path}: {where}: {what}") from None
