"""The commands for console accounts: who there is, a new one, in again, out, and another phone or password."""

import argparse
import getpass
import os
from collections.abc import Callable

from sqlalchemy import select

from bot.config import ConfigError
from domain.errors import Refusal
from domain.roles import ACCOUNT_ROLES, SYSTEM, Role
from models.base import Database, Tx
from models.tables import community
from ops import house
from ops.tools import database_of
from services import accounts, audit, posts
from texts.say import clock, has, say

Args = argparse.Namespace
ROLES = [str(role) for role in ACCOUNT_ROLES]
_DEEDS: dict[str, tuple[Callable[..., None], str]] = {
    "unlock": (posts.unlock, "已解锁 {}，马上可以登录。"), "disable": (posts.disable, "已停用 {}，正在登录的都已退出。"),
    "enable": (posts.enable, "已重新启用 {}。"), "drop-second": (posts.drop_second, "已去掉 {} 的二次验证，正在登录的都已退出。")}


def arguments(add: Callable[..., argparse.ArgumentParser], user: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command line of `app.py user`."""
    new = add("add", create, "新建后台账号", user)
    new.add_argument("username")
    new.add_argument("--community", help="社区代码；不写则可看所有社区")
    new.add_argument("--role", choices=ROLES, help="角色；不写则是社区管理员，不写社区则是系统管理员")
    new.add_argument("--password-env", default="", help="从这个环境变量读密码；不写则提示输入")
    add("list", listed, "列出后台账号：角色、二次验证、状态", user)
    for name, text in (("unlock", "解锁：忘记输错的次数"), ("disable", "停用，马上退出登录"), ("enable", "重新启用"),
                       ("drop-second", "去掉二次验证（手机丢了时）"), ("password", "设一个新密码，登录后要改掉")):
        each = add(name, password if name == "password" else change, text, user)
        each.add_argument("username")
        each.set_defaults(deed=name)
    each.add_argument("--password-env", default="", help="从这个环境变量读密码；不写则提示输入")
    give = add("role", role, "给角色，或用 none 取消角色", user)
    give.add_argument("username")
    give.add_argument("role", choices=[*ROLES, "none"])
    give.add_argument("--community", help="社区代码；不写则是所有社区")


def create(args: Args) -> None:
    """Creates a console account."""
    given = _password(args.password_env)
    _done(lambda tx: accounts.create(tx, SYSTEM, username=args.username, password=given, community_id=_place(tx, args.community),
                                     role=Role(args.role) if args.role else None, now=house.now()))
    print(f"已建立后台账号 {args.username}。")


def listed(args: Args) -> None:
    """Prints every account."""
    with database_of() as db, db.read() as tx:
        names = {row.id: row.code for row in tx.all(select(community.c.id, community.c.code))}
        for it in posts.listed(tx, SYSTEM, now=house.now()):
            where = [names.get(p.community_id, "?") if p.community_id else "全部社区" for p in it.posts]
            roles = "、".join(f"{_role_name(p.role)}（{place}）" for p, place in zip(it.posts, where, strict=True))
            marks = [roles or "没有角色", "有二次验证" if it.second else "没有二次验证", *["已停用"] * bool(it.disabled_at),
                     *["试错太多，锁住了"] * it.locked, f"登录 {it.sessions} 处",
                     f"最近 {clock(it.seen_at)}" if it.seen_at else "从未登录"]
            print(f"{it.username}：{'；'.join(marks)}")


def change(args: Args) -> None:
    """Unlocks, disables, enables an account, or takes its second factor away."""
    deed, told = _DEEDS[args.deed]
    _done(lambda tx: deed(tx, SYSTEM, _account(tx, args.username), now=house.now()))
    print(told.format(args.username))


def password(args: Args) -> None:
    """Sets a password that has to be changed after the next login."""
    try:
        made = accounts.new_hash(_password(args.password_env))
    except Refusal as no:
        raise ConfigError(say(no.key, **no.facts)) from None
    _done(lambda tx: posts.reset_password(tx, SYSTEM, _account(tx, args.username), password_hash=made, now=house.now()))
    print(f"已设好 {args.username} 的新密码，登录后要改掉；正在登录的都已退出。")


def role(args: Args) -> None:
    """Gives an account a role in a community, or in all; `none` takes it."""
    def work(tx: Tx) -> None:
        key, where = _account(tx, args.username), _place(tx, args.community)
        if args.role == "none":
            posts.take(tx, SYSTEM, key, community_id=where, now=house.now())
        else:
            posts.give(tx, SYSTEM, key, role=Role(args.role), community_id=where, now=house.now())
    _done(work)
    print("已设置。")


def _done(work: Callable[[Tx], object]) -> None:
    with database_of() as db:
        _write(db, work)


def _write(db: Database, work: Callable[[Tx], object]) -> None:
    with db.write() as tx:
        try:
            work(tx)
        except Refusal as no:
            raise ConfigError(say(no.key, **no.facts)) from None
        audit.seal(tx)


def _password(variable: str) -> str:
    return os.environ.get(variable, "") if variable else getpass.getpass("密码（至少 10 位）：")


def _account(tx: Tx, username: str) -> int:
    found = posts.id_of(tx, username)
    if found is None:
        raise ConfigError(f"没有叫 {username} 的后台账号；有哪些：python app.py user list")
    return found


def _place(tx: Tx, code: str | None) -> int | None:
    if not code:
        return None
    where: int | None = tx.scalar(select(community.c.id).where(community.c.code == code))
    if where is None:
        raise ConfigError(f"没有代码为 {code} 的社区")
    return where


def _role_name(name: Role) -> str:
    return say(f"terms.role.{name}") if has(f"terms.role.{name}") else name
