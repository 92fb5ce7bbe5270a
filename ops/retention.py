"""`python app.py retention`: removes what has been kept long enough, or with --dry-run only says how much that would be."""

import argparse

from bot.config import load
from ops import house
from ops.tools import database_of
from services import retention

Args = argparse.Namespace
_NAMES = {
    "messages": "说过的话和回答", "posts": "发出的消息", "forwards": "待转发的原文", "bind_codes": "绑定码、业主码",
    "join_codes": "关联码", "logins": "后台登录记录", "cards": "发出的卡片", "permissions": "用过的通知授权",
    "deliveries": "平台对每次发送的答复",
    "issues": "议题的文字和照片", "questions": "会上的提问", "statements": "征言是谁说的", "round_votes": "征言的表态",
    "polls": "意向征集的选票", "votes": "表决的选票", "left": "退出的人", "requests": "数据申请的内容", "reveals": "查看记录的说明"}


def run(args: Args) -> int:
    """Counts, or counts and removes."""
    settings = load(house.settings_path())
    retention.configure(settings.retention.days(), settings.retention.hour)
    limits, periods = dict(retention.limits()), {kind.name: kind.period for kind in retention.KINDS}
    with database_of() as db:
        if args.dry_run:
            with db.read() as tx:
                found = retention.due(tx, now=house.now())
        else:
            found = retention.sweep(db, now=house.now())
    for name, count in found.items():
        kept = limits[periods[name]]
        print(f"{_NAMES[name]}（{f'{kept} 天' if kept else '不删除'}）：{count}")
    total = sum(found.values())
    print(f"到期共 {total} 项，没有改动；去掉 --dry-run 才删除。" if args.dry_run else f"已处理 {total} 项。")
    return 0
