"""Says what is right and what is wrong with this installation, and what to do about it."""

import os
from collections.abc import Callable, Iterator

from sqlalchemy import func, select

from bot.config import ConfigError, load
from models.tables import account, chat, community, outbox
from ops import database, doctor_loop, house, keys, machine, valkey, wsgi
from ops.doctor_finding import Finding
from texts import procedures
from texts.say import say


def examine(path: str) -> list[Finding]:
    """Looks at settings, secrets, database, Redis, scheduler, disk and contents, as far as each can be reached."""
    try:
        settings = load(path)
        settings.keys()
        accounts = [c.account(os.environ) for c in settings.channels]
    except ConfigError as error:
        return [Finding(False, str(error))]
    found = [Finding(True, f"设置可用：{len(accounts)} 个账号")]
    found += _procedures(settings.procedures)
    found += [Finding(False, f"channels.{a.name}: 明文模式可以被伪造，正式使用请改为 safe") for a in accounts if a.mode == "plain"]
    try:
        built = house.build(settings)
    except Exception as error:
        return [*found, Finding(False, f"程序组装失败：{error}")]
    for look in (_database, _redis, keys.findings, _contents, doctor_loop.loop):
        found += _look(look, built)
    found += machine.findings(built)
    built.db.close()
    return found


def _procedures(own: str) -> list[Finding]:
    """Ours and the community's own procedures of deliberation: each file that cannot be used, by itself."""
    problems = [Finding(False, problem) for problem in procedures.configure(own or None)]
    return [*problems, Finding(True, say("course.good", names=[c.name for c in procedures.known()]))]


def _look(look: Callable[[house.House], Iterator[Finding]], built: house.House) -> list[Finding]:
    try:
        return list(look(built))
    except Exception as error:
        return [Finding(False, f"检查没有完成（{look.__name__.strip('_')}）：{type(error).__name__}")]


def _database(built: house.House) -> Iterator[Finding]:
    have, need = database.current(built.db)
    cure = "" if have == need else f"，需要 {need}：运行 python app.py db upgrade"
    yield Finding(have == need, f"数据库版本 {have or '空'}{cure}")
    with built.db.read() as tx:
        if built.db.sqlite:
            expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
            real = {name: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}
            yield Finding(real == expected, f"SQLite 每次提交都落盘（{_listed(real)}）")
        else:
            names = ("fsync", "synchronous_commit")
            real = {name: tx.connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names}
            yield Finding(set(real.values()) <= {"on"}, f"PostgreSQL 每次提交都落盘（{_listed(real)}）")
    problem = wsgi.check(built.db)
    yield Finding(problem is None, problem or "定时程序在运行")


def _listed(values: dict[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _redis(built: house.House) -> Iterator[Finding]:
    try:
        built.redis.ping()
        yield Finding(True, "Redis 有应答")
    except Exception as error:
        where = built.settings.redis_url() or valkey.url(built.settings.redis.folder)
        what = f"{type(error).__name__}，{where.split('@')[-1]}"
        yield Finding(False, f"Redis 没有应答（{what}）：分步填写和首次同意暂不可用，其余照常")


def _contents(built: house.House) -> Iterator[Finding]:
    with built.db.read() as tx:
        codes = {row.code for row in tx.all(select(community.c.code))}
        for channel in built.channels.values():
            known = channel.community in codes
            yield Finding(known, f"账号 {channel.name} 属于社区 {channel.community}" + ("" if known else "，但库里没有这个社区"))
        mute = tx.scalar(select(func.count()).select_from(chat).where(chat.c.post_address.is_(None)))
        yield Finding(not mute, "每个群都有群机器人地址" if not mute else f"{mute} 个群没有群机器人地址，结果发不到这些群")
        admins = tx.scalar(select(func.count()).select_from(account).where(account.c.disabled_at.is_(None)))
        yield Finding(bool(admins), f"后台账号 {admins} 个" if admins else "还没有后台账号：运行 python app.py user add")
        dead = tx.scalar(select(func.count()).select_from(outbox).where(outbox.c.state == "dead"))
        yield Finding(not dead, "没有发送失败的消息" if not dead else f"{dead} 条消息发送失败，请到后台“发件箱”处理")
