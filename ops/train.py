"""`python app.py train`: learns from a community's own history and says how well it went."""

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import load
from ops import house

if TYPE_CHECKING:
    from learning.labelled import Table

ENOUGH = 20  # examples a label should have


def category(args: argparse.Namespace) -> int:
    """Trains the category model of a city or community from a labelled table; 2 when the table is no good."""
    from learning import category as learned
    from learning import labelled
    from learning.fit import fit
    from learning.report import lines, measure

    logging.getLogger("jieba").setLevel(logging.ERROR)  # that it reads its dictionary is no news
    begun = time.monotonic()
    try:
        out = Path(args.out) if args.out else learned.place(house.data_folder(load(house.settings_path())), args.community)
    except ValueError:
        return _no(f"社区代码“{args.community}”只能用字母、数字、横线和下划线。")
    if not 2 <= args.folds <= 20:
        return _no("--folds 要在 2 到 20 之间。")
    try:
        table = labelled.read(Path(args.source), text_column=args.text_column, label_column=args.label_column)
    except labelled.BadTable as bad:
        return _no(str(bad))
    print(f"读到 {len(table.rows)} 条留言，{len({row.label for row in table.rows})} 个类别"
          f"（类别列“{table.columns[0]}”，留言列“{'、'.join(table.columns[1:])}”）。", *_warnings(table), sep="\n",
              flush=True)
    model, held = fit(table.rows, folds=args.folds)
    print(*lines(held, args.folds), sep="\n")
    about = {"trained_at": house.now().isoformat(timespec="seconds"), "source": Path(args.source).name, "rows": len(table.rows),
             "macro_f1": round(measure(held.labels, held.truth, held.whole).macro_f1, 4),
             "short_macro_f1": round(measure(held.labels, held.truth, held.short).macro_f1, 4)}
    try:
        replace(model, about=about).save(out)
    except OSError as error:
        return _no(f"学完了，但存不到 {out}：{error.strerror or '写不进去'}。")
    pace = _pace([row.text for row in table.rows[:300]], model.predict)
    print(f"\n共用 {time.monotonic() - begun:.0f} 秒，每条判断约 {pace:.1f} 毫秒。\n已保存：{out}")
    return 0


def _no(why: str) -> int:
    print(f"没有训练：{why}", file=sys.stderr)
    return 2


def _warnings(table: "Table") -> list[str]:
    found = [f"有 {table.empty} 行没有留言或没有类别，已略过。"] if table.empty else []
    if table.lonely:
        found.append(f"{len(table.lonely)} 个类别只有 1 条，学不出来，已略过：{'、'.join(table.lonely[:10])}。"
                     f"每个类别至少 2 条，最好 {ENOUGH} 条以上。")
    counts = Counter(row.label for row in table.rows)
    few = [label for label, count in counts.items() if count < ENOUGH]
    if few:
        found.append(f"这些类别不到 {ENOUGH} 条，成绩会不稳：{'、'.join(few[:10])}。")
    return found


def _pace(texts: list[str], predict: Callable[[str], object]) -> float:
    """Milliseconds a message."""
    predict(texts[0])
    begun = time.perf_counter()
    for text in texts:
        predict(text)
    return (time.perf_counter() - begun) * 1e3 / len(texts)
