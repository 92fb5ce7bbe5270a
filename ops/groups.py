"""`python app.py group create | add`: makes a group through a 自建应用, or enters one that exists, so that news reach it."""

import argparse
import os
import secrets

from sqlalchemy.exc import SQLAlchemyError

from bot import channels as wire
from bot.channels.wecom_app import AppChannel
from bot.config import ConfigError, load
from bot.message import ChannelError
from domain.errors import Refusal
from domain.roles import SYSTEM
from models.base import Database
from ops import house
from ops.tools import database_of
from services import audit, groups
from texts.say import say

_WHY = {40003: "people", 81013: "people", 60011: "scope", 301002: "scope", 48002: "scope", 60020: "ip", 40001: "secret",
        40013: "secret", None: "network", -1: "network"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("name", help="群名，最多 50 个字")
    parser.add_argument("--account", default="app", help="config.yaml 里自建应用的 name（默认 app）")
    parser.add_argument("--owner", required=True, help="群主的 userid")
    parser.add_argument("--members", required=True, help="成员的 userid，用英文逗号隔开，含群主，2 到 2000 人")
    parser.add_argument("--building", default="", help="这是哪一幢楼的群")


def create(args: argparse.Namespace) -> None:
    """Checks, asks the platform, and enters the group."""
    channel = _channel(args.account)
    members = list(dict.fromkeys(one.strip() for one in args.members.split(",") if one.strip()))
    with database_of() as db:
        try:
            with db.read() as tx:
                groups.check(tx, name=args.name, owner=args.owner, members=members, community_code=channel.community,
                             building_name=args.building)
            chatid = _make(channel, args.name, args.owner, members)
            known = _enter(db, channel, args.name, chatid, members, args.building)
        except Refusal as no:
            raise ConfigError(say(no.key, **no.facts)) from None
    print(say("group.made", name=args.name, members=len(members), known=known))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `group add` takes."""
    parser.add_argument("name", help="群名，最多 50 个字")
    parser.add_argument("--road", choices=["hand", "customer"], required=True, help="hand：普通微信群，手工转发；customer：客户群")
    parser.add_argument("--keeper", required=True, help="谁照看这个群（userid 或 openid）；客户群写群主的 userid")
    parser.add_argument("--community", required=True, help="社区代码")
    parser.add_argument("--chat-id", default="", help="客户群的 chat_id（wr 开头）")
    parser.add_argument("--account", default="customer", help="config.yaml 里客户群账号的 name（默认 customer）")
    parser.add_argument("--building", default="", help="这是哪一幢楼的群")


def add(args: argparse.Namespace) -> None:
    """Enters a group in which no bot sits."""
    customer = args.road == "customer"
    if customer and not any(c.name == args.account and c.kind == "customer_group" for c in load(house.settings_path()).channels):
        raise ConfigError(f"config.yaml 里没有叫 {args.account} 的客户群账号（kind: customer_group）")
    if customer and not args.chat_id:
        raise ConfigError("客户群要写 --chat-id（wr 开头，用接口“获取客户群列表”查）")
    with database_of() as db, db.write() as tx:
        try:
            groups.add(tx, SYSTEM, name=args.name, road=args.account if customer else "hand", keeper=args.keeper,
                       chatid=args.chat_id, community_code=args.community, building_name=args.building, now=house.now())
        except Refusal as no:
            raise ConfigError(say(no.key, **no.facts)) from None
        audit.seal(tx)
    print(say("group.added", name=args.name))


def _channel(name: str) -> AppChannel:
    chosen = next((c for c in load(house.settings_path()).channels if c.name == name), None)
    if chosen is None or chosen.kind != "wecom_app":
        raise ConfigError(f"config.yaml 里没有叫 {name} 的自建应用（kind: wecom_app）")
    try:
        found = wire.build(chosen.account(os.environ), redis=None, clock=house.now)
    except ValueError as error:
        raise ConfigError(f"channels.{name}: {error}") from None
    assert isinstance(found, AppChannel)
    return found


def _make(channel: AppChannel, name: str, owner: str, members: list[str]) -> str:
    chatid = secrets.token_hex(12)
    try:
        return channel.create_group(name, owner, members, chatid) or chatid
    except ChannelError as error:
        why = say(f"group.refused.{_WHY.get(error.code, 'other')}", code=error.code)
    raise ConfigError(why)


def _enter(db: Database, channel: AppChannel, name: str, chatid: str, members: list[str], block: str) -> int:
    try:
        with db.write() as tx:
            known = groups.enter(tx, SYSTEM, name=name, chatid=chatid, members=members, account=channel.name,
                                 community_code=channel.community, building_name=block, now=house.now())
            audit.seal(tx)
    except SQLAlchemyError:
        raise ConfigError(say("group.orphan", chatid=chatid)) from None
    return known
