"""Deadline phrases, heard on Monday 2026-11-23 at 12:00 in Shanghai unless a row says otherwise."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from texts.when import SHANGHAI, find_when, when

DATA = Path("../shared/data/datetime_zh").resolve()
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

ROWS = """
明晚8点 | 11-24 20:00
明晚８点 | 11-24 20:00
明天晚上八点 | 11-24 20:00
今晚八点半 | 11-23 20:30
今晚20:30 | 11-23 20:30
今晚 | 11-23 20:00
今天 | 11-23 20:00
明天 | 11-24 20:00
明早9点 | 11-24 09:00
明天上午10点 | 11-24 10:00
明天下午三点前 | 11-24 15:00
明天20:15 | 11-24 20:15
后天中午 | 11-25 12:00
后天下午2点半 | 11-25 14:30
大后天晚上 | 11-26 20:00
周五18:00 | 11-27 18:00
周五6点 | 11-27 18:00
周五 | 11-27 20:00
周五晚上7点 | 11-27 19:00
星期五晚上7点 | 11-27 19:00
礼拜天上午10点 | 11-29 10:00
周日晚上 | 11-29 20:00
周末 | 11-29 20:00
周一 | 11-23 20:00
周一9点 | 11-23 21:00
周一上午9点 | 11-30 09:00
本周五 | 11-27 20:00
这周五下午五点 | 11-27 17:00
下周三下午3点 | 12-02 15:00
下周一9点 | 11-30 09:00
下下周二 | 12-08 20:00
上周五 | 11-20 20:00
3天后 | 11-26 12:00
三天 | 11-26 12:00
7天 | 11-30 12:00
2分钟后 | 11-23 12:02
10分钟 | 11-23 12:10
半小时后 | 11-23 12:30
两小时 | 11-23 14:00
2小时内 | 11-23 14:00
一个半小时 | 11-23 13:30
1小时30分钟 | 11-23 13:30
24小时 | 11-24 12:00
两天后晚上8点 | 11-25 20:00
一周后 | 11-30 12:00
一周后下午3点 | 11-30 15:00
一个月后 | 12-23 12:00
半个月 | 12-08 12:00
11月30日20点 | 11-30 20:00
11月30日 | 11-30 20:00
11月30日20:00 | 11-30 20:00
十一月三十日晚上八点 | 11-30 20:00
11月30号中午12点 | 11-30 12:00
11月30日（周一）20点 | 11-30 20:00
11/30 20:00 | 11-30 20:00
11-30 20:00 | 11-30 20:00
2026-12-01 18:00 | 12-01 18:00
2026-12-01T18:00 | 12-01 18:00
2026/12/1 18点 | 12-01 18:00
2026年12月1日18时 | 12-01 18:00
二〇二六年十二月一日 | 12-01 20:00
12月1日周二下午3点 | 12-01 15:00
1月5日 | 01-05 20:00
11月20日 | 11-20 20:00
月底 | 11-30 20:00
本月底 | 11-30 20:00
下月底 | 12-31 20:00
年底 | 12-31 20:00
30号晚上8点 | 11-30 20:00
5号 | 12-05 20:00
下个月5号 | 12-05 20:00
23号18点 | 11-23 18:00
20点 | 11-23 20:00
晚上8点一刻 | 11-23 20:15
晚上8点三刻 | 11-23 20:45
晚上8点10分 | 11-23 20:10
下午5点 | 11-23 17:00
9点 | 11-23 21:00
08:30 | 11-24 08:30
24:00 | 11-24 00:00
晚上12点 | 11-24 00:00
凌晨3点 | 11-24 03:00
中午 | 11-24 12:00
今天上午9点 | 11-23 09:00
今天9点 | 11-23 21:00
截止到周五晚上8点 | 11-27 20:00
延期到11月30日20点 | 11-30 20:00
下周 | -
明年 | -
昨天 | -
回头再说 | -
三个工作日 | 11-27 00:00
3天前 | -
11月30日（周三）20点 | -
13月1日 | -
2月30日 | -
11月30日25点 | -
周五18:75 | -
30号楼 | -
明天凌晨 | -
明晚8点好吗 | -
3月初一 | -
P5 | -
8 | -
"""


def rows() -> list[tuple[str, str]]:
    return [(said, meant) for said, meant in (line.split(" | ") for line in ROWS.strip().splitlines())]


@pytest.mark.parametrize(("said", "meant"), rows())
def test_a_phrase_is_the_moment_people_mean(said: str, meant: str) -> None:
    at = when(said, NOW)
    assert (at.astimezone(SHANGHAI).strftime("%m-%d %H:%M") if at else "-") == meant


def test_the_table_is_large_enough() -> None:
    assert len(rows()) >= 80


def test_moments_are_in_utc_and_do_not_depend_on_the_offset_of_now() -> None:
    at = when("明晚8点", NOW)
    assert at == datetime(2026, 11, 24, 12, tzinfo=UTC) and at.tzinfo is UTC
    assert when("明晚8点", NOW.astimezone(SHANGHAI)) == at


def test_just_before_midnight_in_shanghai_tomorrow_is_tomorrow_there() -> None:
    late = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)
    assert when("明晚8点", late) == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert when("20点", late) == datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_end_of_the_year_rolls_over() -> None:
    eve = datetime(2026, 12, 31, 4, tzinfo=UTC)
    assert when("明晚8点", eve) == datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert when("1月5日", eve) == datetime(2027, 1, 5, 12, tzinfo=UTC)
    assert when("一个月后", datetime(2026, 1, 31, 4, tzinfo=UTC)) == datetime(2026, 2, 28, 4, tzinfo=UTC)


def test_a_moment_is_found_with_its_place_in_the_text() -> None:
    text = "明晚8点 每户一票"
    found = find_when(text, NOW)
    assert found is not None and text[found.start: found.end] == "明晚8点"
    assert find_when("要不要装电梯", NOW) is None


FOREIGN = ("昨", "前天", "大前", "去年", "上上", "最近", "节", "新年", "今晨", "1987", "2月29", "2月30", "三十", "初一", "千",
    "3-7-", "12-11-", "2010 01",
           "中秋", "双十一", "29日你")


def single_moments() -> list[tuple[str, datetime, set[str]]]:
    """Rows about one day or moment that a deadline could name: no festivals, lunar days, past words or years of two digits."""
    picked = []
    for line in (DATA / "recognizers_text.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        values = {value for result in row["results"] for value in resolved(result)}
        if len(row["results"]) == 1 and values and row.get("reference") and not any(word in row["input"] for word in FOREIGN):
            picked.append((row["input"], datetime.fromisoformat(row["reference"]).replace(tzinfo=SHANGHAI), values))
    return picked


def resolved(result: dict) -> list[str]:
    """The date or moment of a result in either of the two shapes of the set."""
    if "Resolution" in result:
        values = [v for v in result["Resolution"]["values"] if v["type"] in ("date", "datetime") and "isLunar" not in v]
        return [v["value"] for v in values if "value" in v and v["value"] != "not resolved"]
    value = result["Value"]
    both = [value.get(side, {}) for side in ("FutureResolution", "PastResolution")]
    return [v for one in both for key, v in one.items() if key in ("date", "dateTime")]


@pytest.mark.skipif(not DATA.exists(), reason="the development data are not on this machine")
def test_moments_of_a_foreign_test_set() -> None:
    rows = single_moments()
    right = []
    for text, now, values in rows:
        found = find_when(text, now)
        local = found.at.astimezone(SHANGHAI) if found else None
        right.append(local is not None and not {f"{local:%Y-%m-%d}", f"{local:%Y-%m-%d %H:%M:%S}"}.isdisjoint(values))
    assert len(rows) >= 20
    assert sum(right) / len(rows) >= 0.9, [r[0] for r, ok in zip(rows, right, strict=True) if not ok]
