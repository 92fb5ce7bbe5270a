"""`python app.py measure`, and `train` without a table: how well sentences are understood, and learning from corrections."""

import argparse
import time
from collections.abc import Iterator, Sequence

from bot.understand import understand
from models.base import Tx
from services import corrections
from texts import words
from texts.categories import OTHER, built_in
from texts.say import say
from understanding import corpus, model, trained
from understanding.context import Context
from understanding.corpus import Utterance
from understanding.meaning import Meaning
from understanding.measure import Report, measure

SHOWN = 40  # wrong sentences printed


def held_out(args: argparse.Namespace) -> int:
    """Prints the measures on the sentences nobody trained on; 1 when a gate is broken."""
    words.load()
    reader, labelled = trained.reader(), corpus.heldout()
    begun = time.perf_counter()
    meanings = [understand(u.text, u.context, reader) for u in labelled]
    each_ms = (time.perf_counter() - begun) / len(labelled) * 1e3
    report = measure(labelled, meanings)
    print(*_lines(report, len(labelled), each_ms, wrong=args.wrong), sep="\n")
    return 1 if any(report.gates.values()) else 0


def again(args: argparse.Namespace) -> int:
    """Trains the understanding from the shipped sentences and everything staff corrected, then measures it."""
    from ops.tools import database_of

    words.load()
    with database_of() as db, db.read() as tx:
        own = list(corrected(tx))
    begun = time.monotonic()
    trained.keep(model.train([*corpus.training(), *own]))
    print(f"从 {len(corpus.training())} 句自编的话和 {len(own)} 处改正中学习，用了 {time.monotonic() - begun:.0f} 秒。"
          "重新启动服务后生效。")
    return held_out(args)


def corrected(tx: Tx) -> Iterator[Utterance]:
    """What staff put right, as sentences to learn from; those that were erased meanwhile are gone here too."""
    for row in corrections.examples(tx):
        intent = row.after if row.field == "intent" else "register_issue"
        slots = {"category": row.after if row.field == "category" else row.category} if intent == "register_issue" else {}
        if slots.get("category", OTHER) in built_in().offered:  # a community's own kinds are known by its own words alone
            yield Utterance(row.text, Context(at_bot=True), intent, slots)


def _lines(report: Report, sentences: int, each_ms: float, *, wrong: bool) -> Iterator[str]:
    yield f"留出的 {sentences} 句（从不用于训练），每句 {each_ms:.1f} 毫秒"
    yield f"意图宏平均 F1：{report.macro_f1:.3f}    细节 F1：{report.slot_f1:.3f}    把握的平均误差：{report.calibration:.3f}"
    names = {"chat": "闲聊被登记或计票", "unclear": "不清楚的票被计入", "unauthorized": "居民的命令被执行",
        "danger": "险情没有先答电话"}
    yield "四道闸（都应为 0）：" + "，".join(f"{names[gate]} {len(texts)}" for gate, texts in report.gates.items())
    yield from (f"  {names[gate]}：{text}" for gate, texts in report.gates.items() for text in texts)
    yield "意图（F1，句数），从低到高：" + "，".join(_sorted({k: (f, n) for k, (_, _, f, n) in report.intents.items()}))
    yield "细节（F1，次数），从低到高：" + "，".join(_sorted(report.slots))
    if wrong:
        yield from (_wrong(u, m) for u, m in report.wrong[:SHOWN])


def _sorted(figures: dict[str, tuple[float, int]]) -> Sequence[str]:
    return [f"{name} {value:.2f}（{count}）" for name, (value, count) in sorted(figures.items(), key=lambda p: p[1][0])]


def _wrong(utterance: Utterance, meaning: Meaning) -> str:
    meant, heard = (say(f"terms.spoken.{name}") for name in (utterance.intent, meaning.intent))
    return f"  本来是“{meant}”，听成“{heard}”（{meaning.confidence:.2f}）：{utterance.text}"
