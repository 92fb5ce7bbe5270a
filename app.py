"""The one entry: every process and every tool of 邻议 starts here. No logic, only doors."""

import argparse
import os
import sys
from collections.abc import Callable

from bot.config import ConfigError
from ops import (
    backup_tools,
    calendar_tools,
    figures,
    groups,
    house,
    keys,
    measure,
    mp_tools,
    opinions,
    page_tools,
    register,
    retention,
    round_tools,
    train,
    user_tools,
)
from ops import tools as tool


def main(argv: list[str] | None = None) -> int:
    """Runs the command; wrong settings end it with one clear sentence."""
    args = parser().parse_args(argv)
    os.environ[house.CONFIG_ENV] = args.config
    try:
        return int(args.run(args) or 0)
    except ConfigError as error:
        print(f"不能启动：{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python app.py", description="邻议：社区协商助手")
    top.add_argument("--config", default=house.settings_path(), help="设置文件（默认 config.yaml）")
    commands = top.add_subparsers(required=True, metavar="命令")

    def add(name: str, run: object, text: str, parent: argparse._SubParsersAction = commands) -> argparse.ArgumentParser:
        each = parent.add_parser(name, help=text, description=text)
        each.set_defaults(run=run)
        return each

    add("serve", tool.serve, "启动网页服务：平台回调、管理后台").add_argument("--port", type=int)
    add("scheduler", tool.schedule, "启动定时程序：截止、提醒、发送")
    add("aibot", tool.aibot, "启动智能机器人的长连接").add_argument("--account", default="", help="账号的 name；不写则全部")
    demo = add("demo", tool.demo, "一条命令看全部：演示小区、模拟手机、管理后台")
    demo.add_argument("--port", type=int, default=8700, help="手机页面的端口，被占用时自动换一个")
    demo.add_argument("--folder", default="var/demo", help="演示数据放在哪里")
    demo.add_argument("--fresh", action="store_true", help="清空上次的演示数据")
    add("doctor", tool.doctor, "检查这套安装，说明哪里对、哪里不对").add_argument(
        "--account", default="", help="只检查一个账号（config.yaml 里的 name）：地址、密钥、IP、权限、模板")
    _mp(add, commands.add_parser("mp", help="公众号").add_subparsers(required=True, metavar="动作"))
    _page(add, commands.add_parser("page", help="居民网页").add_subparsers(required=True, metavar="动作"))
    _db(add, commands.add_parser("db", help="数据库").add_subparsers(required=True, metavar="动作"))
    _data(add, commands)
    user_tools.arguments(add, commands.add_parser("user", help="后台账号").add_subparsers(required=True, metavar="动作"))
    role = commands.add_parser("role", help="居民与网格员的角色").add_subparsers(required=True, metavar="动作")
    give = add("set", tool.role_set, "设置一个人的角色", role)
    give.add_argument("person", type=int, help="人员编号（后台“居民”页可见）")
    give.add_argument("role", choices=["resident", "grid_worker", "admin"])
    log = add("log", tool.log, "在终端看消息记录")
    log.add_argument("--limit", type=int, default=50)
    log.add_argument("--person", default="")
    log.add_argument("--kind", default="")
    log.add_argument("--text", default="")
    log.add_argument("--days", type=int, default=30)
    add("understand", tool.understand, "逐行读入 JSON（text、context），逐行说明机器人怎么理解、为什么")
    add("measure", measure.held_out, "在留出的句子上量一量听懂了多少，四道闸有没有破").add_argument(
        "--wrong", action="store_true", help="列出听错的句子")
    learn = add("train",
        _learn, "学习：不写 --from 时从自编的句子和工作人员的改正中学习听话；写了就从历史留言学习分类，报告成绩，保存模型")
    learn.add_argument("--wrong", action="store_true", help="列出听错的句子")
    learn.add_argument("--from", dest="source", default="", metavar="FILE",
        help="表格（CSV），一行一条留言：text 和 label 两列")
    learn.add_argument("--community", default="city", help="社区代码；不写则是全市共用的模型")
    learn.add_argument("--text-column", default="", help="留言在哪一列；不写则按常见列名找（text、title、detail、内容……）")
    learn.add_argument("--label-column", default="", help="类别在哪一列；不写则按常见列名找（label、类别、一级标签……）")
    learn.add_argument("--folds", type=int, default=5, help="交叉验证分几份（默认 5）")
    learn.add_argument("--out", default="", help="模型存到哪里；不写则存到数据文件夹的 models/ 里")
    _group(add, commands.add_parser("group", help="群").add_subparsers(required=True, metavar="动作"))
    _register(add, commands.add_parser("register", help="业主名册").add_subparsers(required=True, metavar="动作"))
    opinions.arguments(add("opinions", opinions.analyse, "从导出的表态（Polis 格式）算出分组与共识，写成 JSON"))
    _round(add, commands.add_parser("round", help="征言").add_subparsers(required=True, metavar="动作"))
    add("load", calendar_tools.load, "录入放假通知：一行一天（日期,休 或 班,名称）",
        commands.add_parser("calendar", help="工作日历").add_subparsers(required=True, metavar="动作")).add_argument("file")
    _records(add, commands)
    return top


def _data(add: Callable[..., argparse.ArgumentParser], commands: argparse._SubParsersAction) -> None:
    add("retention", retention.run, "按保存期限删除到期的个人资料；每晚自动做，这里是手动做一次").add_argument(
        "--dry-run", action="store_true", help="只数一数各有多少到期，不改动")
    backup_tools.arguments(add)
    keys.arguments(add, commands.add_parser("key", help="数据密钥").add_subparsers(required=True, metavar="动作"))


def _db(add: Callable[..., argparse.ArgumentParser], db: argparse._SubParsersAction) -> None:
    add("upgrade", tool.db_upgrade, "升级数据库到当前版本", db)
    back = add("downgrade", backup_tools.downgrade, "退回到较早的数据库版本；先做一次备份，旧版放不下的内容会丢", db)
    back.add_argument("revision", help="退到哪个版本，如 0009")
    add("load", tool.db_load, "从文件载入一个社区（楼栋、群、人员）", db).add_argument("file")


def _group(add: Callable[..., argparse.ArgumentParser], group: argparse._SubParsersAction) -> None:
    groups.arguments(add("create", groups.create, "用企业微信自建应用建一个群，并登记到库里", group))
    groups.add_arguments(add("add", groups.add, "登记一个机器人进不去的群：普通微信群、客户群", group))


def _register(add: Callable[..., argparse.ArgumentParser], owners: argparse._SubParsersAction) -> None:
    register.import_arguments(add("import", register.take_in, "检查一张业主表（xlsx、csv），加 --apply 才导入", owners))
    now = add("status", register.status, "名册现状：户数、业主人数、面积，缺什么", owners)
    now.add_argument("--community", required=True, help="社区代码")


def _round(add: Callable[..., argparse.ArgumentParser], rounds: argparse._SubParsersAction) -> None:
    round_tools.arguments(add("export", round_tools.export, "导出一次征言（Polis 公开格式，代号，时间到天）", rounds),
                          add("import", round_tools.take_in, "检查一次 Polis 格式的征言，加 --apply 才导入", rounds))


def _records(add: Callable[..., argparse.ArgumentParser], commands: argparse._SubParsersAction) -> None:
    figures.arguments(add("figures", figures.run, "从记录重算响应率、解决率、满意率等，加 --check 与页面核对"))
    audit = commands.add_parser("audit", help="审计链").add_subparsers(required=True, metavar="动作")
    verify = add("verify", tool.audit_verify, "校验审计链、所有选票和在群里公布过的链头，指出不对的", audit)
    verify.add_argument("--head", action="append", default=[],
                        help="公布过的链头，看它还在不在链上：群里的“留痕 123 号 3f2a…”，或导出包里的 audit_head")
    add("verify", tool.poll_verify, "核对一次投票的公开导出：重算每个哈希，重新计票，说出哪里不对").add_argument(
        "words", nargs=argparse.REMAINDER, metavar="export.zip [--root HEX …]", help="与 verify/linyi_verify.py 的参数相同")


def _mp(add: Callable[..., argparse.ArgumentParser], mp: argparse._SubParsersAction) -> None:
    add("menu", mp_tools.menu, "建菜单：议题、投票、我的", mp).add_argument("--account", required=True)
    code = add("qr", mp_tools.code, "做二维码：扫了加入社区、打开投票或议题", mp)
    code.add_argument("--account", required=True)
    code.add_argument("--scene", required=True, help="join、poll:P5 或 issue:I12")
    code.add_argument("--out", required=True, help="图片写到哪里")
    code.add_argument("--days", type=int, default=30, help="几天内有效，最多 30；0 是长期有效")


def _page(add: Callable[..., argparse.ArgumentParser], page: argparse._SubParsersAction) -> None:
    code = add("qr", page_tools.qr, "做二维码：扫了打开投票或议题的网页", page)
    code.add_argument("thing", help="编号，如 P5 或 I12")
    code.add_argument("--community", required=True, help="社区代码")
    code.add_argument("--out", required=True, help="图片（PNG）写到哪里")


def _learn(args: argparse.Namespace) -> int:
    return train.category(args) if args.source else measure.again(args)


if __name__ == "__main__":
    sys.exit(main())
