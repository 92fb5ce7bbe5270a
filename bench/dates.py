"""Deadlines read from two foreign test sets of Chinese time phrases: `python -m bench.dates [--show]`.

A row is right when the day that is read is one the row allows: the day of a point, the last day of a range, the end of
a span. Rows about the past (昨天), about weeks, months and years as such, and repeated ones (每周六) name no deadline:
there reading nothing is right. A wrong reading is worse than none.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from texts.when import SHANGHAI, find_when

DATA = Path("../shared/data/datetime_zh").resolve()
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A phrase, when it is said, and the spans of time any of which it may mean; none when it names no moment."""

    text: str
    now: datetime
    spans: tuple[tuple[datetime, datetime], ...]
    exact: bool  # an hour was said

    def verdict(self) -> str:
        """right minute, right day, unread, wrong; and for what names no moment: left alone, wrong."""
        found = find_when(self.text, self.now.replace(tzinfo=SHANGHAI))
        if found is None:
            return "unread" if self.spans else "left alone"
        at = found.at.astimezone(SHANGHAI).replace(tzinfo=None)
        if self.exact and any(first <= at <= last for first, last in self.spans):
            return "right minute"
        days = {at.date(), (at - timedelta(minutes=1)).date()} if not (at.hour or at.minute) else {at.date()}
        if any(first.date() <= day <= last.date() for first, last in self.spans for day in days):
            return "wrong" if self.exact and self.hours_clash(at) else "right day"
        return "wrong"

    def hours_clash(self, at: datetime) -> bool:
        """An hour was said and another was read."""
        return not any(abs(at - moment) < timedelta(minutes=1) for span in self.spans for moment in span)


def jionlp() -> Iterator[Asked]:
    """Rows of JioNLP: a first and a last second."""
    for line in (DATA / "jionlp.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        now, expected = datetime.fromisoformat(row["reference"]), row["expected"]
        if expected["type"] == "time_period":
            yield Asked(row["input"], now, (), False)
            continue
        first, last = (_moment(said) for said in expected["time"])
        if first is None or last is None:
            spans = ((last, last),) if last else ((first, first),) if first else ()
            yield Asked(row["input"], now, spans, False)
            continue
        exact = expected["definition"] == "accurate" and (last - first < timedelta(hours=1) or (last.hour, last.second) != (23, 59))
        if last - first < DAY or "后" in row["input"]:
            yield Asked(row["input"], now, ((first, last),), exact and any(c in row["input"] for c in "点时:"))
        else:
            yield Asked(row["input"], now, ((last, last),), False)


def recognizers() -> Iterator[Asked]:
    """Rows of Recognizers-Text, in either of their shapes; only what they say of the first thing found counts."""
    for line in (DATA / "recognizers_text.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        now = datetime.fromisoformat(row["reference"]) if row.get("reference") else datetime(2018, 6, 6, 12)
        spans, exact = [], False
        for result in row["results"]:
            kind = (result.get("TypeName") or result.get("Type") or "").removeprefix("datetimeV2.")
            for value in _values(result):
                spans += _spans(kind, value, now, row["input"])
            exact = exact or kind in ("datetime", "time", "datetimerange", "timerange")
        yield Asked(row["input"], now, tuple(spans), exact and len(row["results"]) == 1)


def _values(result: dict) -> Iterator[dict]:
    if "Resolution" in result:
        yield from result["Resolution"]["values"]
    else:
        yield from (result["Value"].get(side) or {} for side in ("FutureResolution", "PastResolution"))


def _spans(kind: str, value: dict, now: datetime, text: str) -> list[tuple[datetime, datetime]]:
    """What a deadline could be made of: the point, the end of the range, now and the duration."""
    if kind == "duration":
        seconds = value.get("value") or value.get("duration")
        return [(now + timedelta(seconds=int(seconds)),) * 2] if seconds else []
    if value.get("Mod") in ("since", "after"):
        return []
    said = [v for key, v in value.items() if key not in ("timex", "type", "Mod", "sourceEntity", "isLunar") and isinstance(v, str)]
    moments = [m for v in said if (m := _moment(v, now)) is not None]
    if not moments:
        return []
    first, last = moments[0], moments[-1]
    if kind == "daterange":  # the last day, or the day after it, as the rows have it
        return [(last - DAY, last)]
    if kind == "date":
        return [(last, last + DAY - timedelta(seconds=1))]
    if kind.endswith("range") and not re.search("[到至-]", text):  # 明天中午: any hour of it
        return [(first, last)]
    later = [last + DAY] if kind == "time" and last < now else []  # 下午两点, said at six, is tomorrow's
    return [(moment, moment) for moment in (last, *later)]


def _moment(said: object, now: datetime | None = None) -> datetime | None:
    text = str(said)
    if now is not None and len(text) == 8 and text[2] == ":":
        text = f"{now:%Y-%m-%d} {text}"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def judged() -> dict[str, list[tuple[Asked, str]]]:
    """Every row of both sets with its verdict."""
    return {name: [(asked, asked.verdict()) for asked in rows()] for name, rows in (("jionlp", jionlp), ("recognizers", recognizers))}


def main() -> None:
    """Prints the counts, and with --show the rows that are read wrongly or not at all."""
    asked = argparse.ArgumentParser(prog="python -m bench.dates", description=__doc__)
    asked.add_argument("--show", action="store_true")
    show = asked.parse_args().show
    print("| set | rows | name a moment | right day | of these right to the minute | wrong | unread | no moment, left alone | no moment, read all the same |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, rows in judged().items():
        named = Counter(verdict for row, verdict in rows if row.spans)
        other = Counter(verdict for row, verdict in rows if not row.spans)
        print(f"| {name} | {len(rows)} | {sum(named.values())} | {named['right day'] + named['right minute']} | {named['right minute']} "
              f"| {named['wrong']} | {named['unread']} | {other['left alone']} | {other['wrong']} |")
        for row, verdict in rows if show else ():
            if verdict in ("wrong", "unread"):
                found = find_when(row.text, row.now.replace(tzinfo=SHANGHAI))
                read = found.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found else "-"
                print(f"  {verdict}: {row.text} ({row.now:%Y-%m-%d %H:%M}) read {read}, allowed "
                      f"{[f'{a:%Y-%m-%d %H:%M}..{b:%m-%d %H:%M}' for a, b in row.spans][:3]}")


if __name__ == "__main__":
    main()
