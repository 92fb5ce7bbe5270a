"""Puts one process of the product together from its settings."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

import handlers  # noqa: F401 - registers every command
from bot import channels as wire
from bot.config import Settings, load
from bot.delivery import Delivery, RetryPolicy
from bot.dialogs import Dialogs
from bot.media import Photos
from bot.message import Capabilities, Channel
from bot.pace import Pace
from bot.pipeline import Pipeline
from bot.summariser import Summariser, endpoint_of
from bot.tasks import Tasks
from models import secret
from models.base import Database
from models.commit import GroupCommit
from ops import logs, metrics, valkey
from ops.clock import ahead, now
from scheduler.sweeps import Sweeps
from services import audit, bulletins, decisions, limits, outbox, pages, people, procedure, promises, retention, round_draft, timers
from texts import procedures
from understanding import trained

CONFIG_ENV = "LINYI_CONFIG"  # the settings file, for processes that are started without arguments


@dataclass(slots=True)
class House:
    """What a process needs to hear, answer, sweep and send."""

    settings: Settings
    db: Database
    redis: Redis
    channels: dict[str, Channel]

    def pipeline(self) -> Pipeline:
        """The road of a message, with the one writer of this process."""
        return Pipeline(GroupCommit(self.db, audit.seal), Dialogs(self.redis), now)

    def sweeps(self) -> Sweeps:
        """What the clock does."""
        return Sweeps(self.db, self.channels, now)

    def tasks(self) -> Tasks:
        """What asks after the tasks for 客户群."""
        return Tasks(self.db, self.channels, now)

    def photos(self) -> Photos:
        """What fetches the photos people sent."""
        return Photos(self.db, self.channels, now)

    def summariser(self) -> Summariser:
        """What drafts summaries of rounds, where that is switched on."""
        chosen = self.settings.summariser
        return Summariser(self.db, endpoint_of(chosen.url, chosen.model, chosen.key_env, chosen.timeout_s, os.environ), now)

    def delivery(self, only: str = "") -> Delivery:
        """The sender of the outbox: of everything that has no sender of its own, or of one account alone."""
        own = frozenset(name for name, channel in self.channels.items() if channel.capabilities.own_sender)
        chosen = self.settings.delivery
        policy = RetryPolicy(chosen.attempts, chosen.first_wait_s, chosen.factor, chosen.longest_wait_s)
        return Delivery(self.db, self.channels, now, policy=policy, threads=chosen.threads, pace=Pace(self.redis),
                        without=own, only=only)


def settings_path() -> str:
    """Which settings file this process uses."""
    return os.environ.get(CONFIG_ENV, "config.yaml")


def build(settings: Settings | None = None) -> House:
    """Opens everything the settings name; nothing is started yet."""
    settings = settings or load(settings_path())
    logs.prepare(settings)
    metrics.switch_on(settings, metrics_folder(settings))
    if ahead():
        logging.getLogger("linyi").warning("the clock is %s ahead of the machine's", ahead())
    secret.set_key(*settings.keys())
    redis = Redis.from_url(settings.redis_url() or valkey.url(settings.redis.folder), socket_timeout=0.5,
                           socket_connect_timeout=0.5, decode_responses=True)
    accounts = [c.account(os.environ) for c in settings.channels]
    found = {a.name: wire.build(a, redis=redis, clock=now) for a in accounts}
    outbox.configure({name: _road(channel) for name, channel in found.items()}, settings.quiet())
    people.configure({a.name: a.realm for a in accounts})
    pages.configure(settings.server.public_url)
    decisions.configure([each.preset() for each in settings.decisions.presets], settings.decisions.recognised_by)
    timers.configure(settings.loop.lengths())
    limits.configure(settings.loop.limits())
    promises.configure(settings.loop.promise_rule())
    bulletins.configure(settings.bulletins.weekly, settings.bulletins.morning)
    retention.configure(settings.retention.days(), settings.retention.hour)
    procedure.configure(settings.decisions.notice_days, settings.decisions.publication_days)
    round_draft.configure(bool(settings.summariser.url))
    procedures.configure(settings.procedures or None)
    trained.use(data_folder(settings) / "models")
    return House(settings, Database(settings.database_url()), redis, found)


def _road(channel: Channel) -> outbox.Road:
    able: Capabilities = channel.capabilities
    return outbox.Road(
        push_person=able.push_person, push_group=able.push_group, cards=able.cards, group_cards=able.group_cards, links=able.links,
        text_bytes=able.push_bytes, window=able.window, heard_once=able.heard_once, window_posts=able.window_posts,
        touch_window=able.touch_window, touch_posts=able.touch_posts, images=able.images, templates=able.templates,
        link_beside=able.link_beside, by_hand=able.by_hand)


def data_folder(settings: Settings) -> Path:
    """Where this installation keeps its files."""
    return Path(settings.database.file).parent


def metrics_folder(settings: Settings) -> Path:
    """Where its processes count together."""
    return data_folder(settings) / "metrics"
