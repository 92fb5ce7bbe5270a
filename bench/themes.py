"""`python -m bench.themes`: how well messages that say the same are found, on the development data beside this repository.

Prints numbers only. A message in no group counts as a group of its own. Nothing here is fitted to the data.
"""

import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from math import log
from pathlib import Path
from statistics import mean

from texts import themes
from texts.named import without_addresses
from texts.normal import plain
from texts.places import place
from texts.same import Rarity, likeness, parts, rare
from texts.themes import Said

DATA = Path("../shared/data").resolve()


def main() -> None:
    """Themes, duplicate pairs, question pairs."""
    if not DATA.exists():
        sys.exit(f"the development data are not at {DATA}")
    rows = _rows("tipdm2020c/annex3_hot.csv")
    _themes(rows)
    _duplicates(rows)
    for name in ("lcqmc", "bq_corpus"):
        found = _pairs(f"pairs/{name}.jsonl")
        said = sorted({text for pair in found for text in (pair["a"], pair["b"])})
        same = [bool(pair["same"]) for pair in found]
        general = auc([likeness(p["a"], p["b"]) for p in found], same)
        own = rarity_of(said)
        print(f"{name}: AUC {general:.3f} by the dictionary alone, "
              f"{auc([likeness(p['a'], p['b'], own) for p in found], same):.3f} by what is rare among these texts")


def _themes(rows: list[dict[str, str]]) -> None:
    theme = {row["msg_id"]: row["theme"] for row in _rows("tipdm2020c/annex3_themes.csv")}
    begun = time.perf_counter()
    found = themes.groups([Said(row["title"], row["detail"], place(row["title"])) for row in rows])
    spent = time.perf_counter() - begun
    grouped = {n for group in found for n in group}
    every = [{rows[n]["msg_id"] for n in group} for group in [*found, *([n] for n in range(len(rows)) if n not in grouped)]]
    scores = []
    for name in sorted(set(theme.values())):
        wanted = {key for key, known in theme.items() if known == name}
        best, size = max((2 * len(wanted & group) / (len(wanted) + len(group)), len(group)) for group in every)
        scores.append(best)
        print(f"{name}: F1 {best:.3f} (group of {size}, theme of {len(wanted)})")
    print(f"average F1 {mean(scores):.3f}; {len(found)} groups, the largest holds {len(found[0]) / len(rows):.1%} "
          f"of {len(rows)} messages; {spent:.1f} s")


def _duplicates(rows: list[dict[str, str]]) -> None:
    """Titles alone, and the same decision as the groups': are both titles' messages in one group?"""
    found = _pairs("tipdm2020c/annex3_dup_pairs.jsonl")
    same = [bool(pair["same"]) for pair in found]
    own = rarity_of([without_addresses(row["title"]) for row in rows])
    alike = [likeness(without_addresses(p["a"]), without_addresses(p["b"]), own) for p in found]
    print(f"duplicate pairs: AUC of the titles' words {auc(alike, same):.3f}")
    group_of: dict[str, set[int]] = {}
    for number, group in enumerate(themes.groups([Said(row["title"], row["detail"], place(row["title"])) for row in rows])):
        for n in group:
            group_of.setdefault(_bare(rows[n]["title"]), set()).add(number)
    told = [bool(group_of.get(_bare(p["a"]), set()) & group_of.get(_bare(p["b"]), set())) for p in found]
    right = sum(t and s for t, s in zip(told, same, strict=True))
    precision, recall = right / max(1, sum(told)), right / max(1, sum(same))
    print(f"duplicate pairs by group: precision {precision:.3f}, recall {recall:.3f}, F1 {2 * right / max(1, sum(told) + sum(same)):.3f}")


def rarity_of(said: Iterable[str]) -> Rarity:
    """What is rare among these texts; what they do not hold is as rare as the language has it."""
    often, count = Counter[str](), 0
    for text in said:
        often.update({part for found in parts(text, lambda _: 1.0) for part in found})
        count += 1
    return lambda part: log((1 + count) / (1 + often[part])) + 1 if part in often else rare(part) / 2


def auc(scores: list[float], same: list[bool]) -> float:
    """How often a pair that is the same scores above one that is not; half for equals."""
    ranked = sorted(zip(scores, same, strict=True))
    total, n = 0.0, 0
    while n < len(ranked):
        end = n
        while end < len(ranked) and ranked[end][0] == ranked[n][0]:
            end += 1
        total += sum(s for _, s in ranked[n:end]) * (n + end + 1) / 2
        n = end
    yes = sum(same)
    return (total - yes * (yes + 1) / 2) / (yes * (len(same) - yes))


def _bare(title: str) -> str:
    return plain(title).strip("!。? ")


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _pairs(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


if __name__ == "__main__":
    main()
