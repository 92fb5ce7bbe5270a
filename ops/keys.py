"""`python app.py key new | status | rotate`: the keys that seal names, phones and addresses, and how one takes another's place."""

import argparse
from collections.abc import Callable, Iterator

from domain.roles import SYSTEM
from models import keyring, secret
from models.base import Database
from ops import house
from ops.doctor_finding import Finding
from ops.tools import database_of
from services import audit, resealing

Args = argparse.Namespace


def arguments(add: Callable[..., argparse.ArgumentParser], key: argparse._SubParsersAction) -> None:
    """The command line."""
    add("new", new, "做一把新的数据密钥，打印出来；放进环境变量，另外保管一份", key)
    add("status", status, "看每把密钥各加密了多少，哪些还没换", key)
    add("rotate", rotate, "把姓名、电话、地址等全部换成用现在的密钥加密；可以边运行边做，中断了再运行一次", key)


def new(args: Args) -> None:
    """Prints a key; nothing is changed."""
    print(keyring.fresh())


def status(args: Args) -> int:
    """Prints what each key has sealed; 1 when something cannot be opened."""
    with database_of() as db:
        lost = 0
        with db.read() as tx:
            found = resealing.census(tx)
        ring = secret.ring()
        for name, count in sorted(found.items(), key=lambda each: -each[1]):
            known = name in (keyring.OLD, keyring.PLAIN) or ring.knows(name)
            lost += 0 if known else count
            print(f"{_called(name)}：{count} 条" + ("" if known else "，没有设置这把密钥，读不出来"))
        if not found:
            print("还没有加密的内容。")
    return 1 if lost else 0


def rotate(args: Args) -> int:
    """Seals everything with the present key, a batch per transaction; says how far it is."""
    with database_of() as db:
        print(f"现在的密钥：{secret.ring().name}" + ("" if secret.ring().own else "（没有设置数据密钥，用的是 secret_key）"))
        done, lost = reseal(db, print)
    print(f"换好了 {done} 条。" if done else "都已经用现在的密钥加密。")
    if lost:
        print(f"有 {lost} 条用现有的密钥打不开，没有动：请把当时的密钥放进 previous_data_keys_env 再运行一次")
        return 1
    print("旧密钥可以从环境变量里去掉了；但留着的旧备份还要用它，请另外保管。")
    return 0


def reseal(db: Database, tell: Callable[[str], object] = lambda _: None, batch: int = resealing.BATCH) -> tuple[int, int]:
    """Everything, column by column: how many values were sealed anew, and how many no key opens."""
    done = lost = 0
    for column in resealing.columns():
        before, after = done, 0
        while True:
            with db.write() as tx:
                found = resealing.step(tx, column, after, batch)
            done, lost = done + found.sealed, lost + found.lost
            if found.last is None:
                break
            after = found.last
        if done > before:
            tell(f"{column.table.name}.{column.name}：{done - before} 条")
    if done:
        with db.write() as tx:
            audit.note(tx, SYSTEM, "key.rotate", f"key:{secret.ring().name}", now=house.now(), values=done, lost=lost)
            audit.seal(tx)
    return done, lost


def findings(built: house.House) -> Iterator[Finding]:
    """Doctor's lines about the keys."""
    ring = secret.ring()
    where = built.settings.data_key_env
    yield Finding(ring.own, f"姓名、电话用 {where} 里的密钥加密（{ring.name}）" if ring.own else
                  f"没有设置 {where}：姓名、电话暂用 {built.settings.secret_key_env} 加密，以后不好换。"
                  f"运行 python app.py key new 做一把，设好后运行 python app.py key rotate")
    with built.db.read() as tx:
        found = resealing.census(tx)
    lost = sum(n for name, n in found.items() if name not in (keyring.OLD, keyring.PLAIN) and not ring.knows(name))
    waiting = sum(n for name, n in found.items() if name != ring.name) - lost
    if lost:
        yield Finding(False, f"{lost} 条内容的密钥不在：请把当时的密钥放进 {built.settings.previous_data_keys_env}，否则读不出来")
    yield Finding(not waiting, f"{waiting} 条还是用旧密钥加密或没有加密：运行 python app.py key rotate" if waiting else
                  "该加密的都用现在的密钥加密了")


def _called(name: str) -> str:
    own = "（现在的密钥）" if name == secret.ring().name else ""
    return {keyring.OLD: "旧格式（secret_key）", keyring.PLAIN: "没有加密"}.get(name, f"密钥 {name}{own}")
