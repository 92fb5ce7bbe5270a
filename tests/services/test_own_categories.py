"""What a community makes of kinds of matters holds in it at once and nowhere else, with every change on record."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from domain.errors import Refusal
from domain.roles import Role
from models.base import Database, Tx
from models.tables import audit as chain
from models.tables import party
from services import audit, corrections, dictionary, directory, figures_sheet, issues, own_categories, triage, voices
from services.figures import Asked
from services.own_categories import Wanted
from services.people import Speaker
from tests.services.test_similar import NOW, place, read, resident
from texts import words
from texts.say import say, term
from understanding import trained
from understanding.context import Context

DRONES = Wanted("无人机", ("无人机", "航拍"), ("嗡嗡", "低空"), "noise")


def admin_of(tx: Tx, where: int) -> Speaker:
    """Somebody who may set the community up."""
    return resident(tx, where, Role.ADMIN)


def kind_of(text: str) -> str:
    """What a report with these words is filed under."""
    return str(trained.reader().read(text, Context(private=True), intent="register_issue").slots["category"])


def add(tx: Tx, where: int, wanted: Wanted = DRONES) -> str:
    """A kind of the community's own."""
    return own_categories.create(tx, admin_of(tx, where), community_id=where, wanted=wanted, now=NOW)


def refused(tx: Tx, where: int, wanted: Wanted, code: str | None = None) -> str:
    """What is said to an admin who asks for this."""
    with pytest.raises(Refusal) as no:
        if code is None:
            add(tx, where, wanted)
        else:
            own_categories.change(tx, admin_of(tx, where), community_id=where, code=code, wanted=wanted, now=NOW)
    return say(no.value.key, **no.value.facts)


def test_a_kind_of_ones_own_is_heard_named_and_treated_like_the_one_it_resembles(db: Database) -> None:
    """A deciding word, or two hints; in the next community the same words are what they always were."""
    with db.write() as tx:
        here, there = place(tx), place(tx, "there")
        assert words.category("无人机天天飞") is None
        code = add(tx, here)
        with voices.speaking(tx, here):
            assert kind_of("12幢楼顶有人放无人机，天天飞") == kind_of("有东西低空飞过窗口，嗡嗡响") == code
            assert kind_of("12幢着火了，有人拿无人机拍") == "fire"  # danger stays danger
            assert term("category", code) == words.kind(code).name == "无人机" and code in words.categories()
            assert triage.values("对面邻居的无人机吵我家", code)["track"] == "self"  # as noise is
            row = issues.register(tx, resident(tx, here), read("小区里无人机航拍太吓人了"), chat_id=None, now=NOW)
            assert row.category == code and directory.codes_of("无人机 停车") == [code, "parking"]
        with voices.speaking(tx, there):
            assert kind_of("12幢楼顶有人放无人机，天天飞") != code and code not in words.categories()
        assert "无人机" not in [c.name for c in words.categories().values()]


def test_one_of_ours_has_another_name_and_other_words(db: Database) -> None:
    """What it is called, what decides it, and what no longer does; ours is as it was elsewhere."""
    with db.write() as tx:
        here, there = place(tx), place(tx, "there")
        boss = admin_of(tx, here)
        own_categories.change(tx, boss, community_id=here, code="noise", now=NOW,
                              wanted=Wanted("噪声扰民", ("唢呐",), (), None, ("广场舞",)))
        with voices.speaking(tx, here):
            assert term("category", "noise") == "噪声扰民" and kind_of("楼下天天吹唢呐") == "noise"
            assert words.category("广场舞") is None and directory.codes_of("噪声扰民") == ["noise"]
        with voices.speaking(tx, there):
            assert term("category", "noise") == "噪音" and words.category("广场舞") == "noise"
        own_categories.change(tx, boss, community_id=here, code="noise", now=NOW, wanted=Wanted("噪音"))
        with voices.speaking(tx, here):
            assert term("category", "noise") == "噪音" and words.category("广场舞") == "noise"


def test_what_was_given_up_is_kept_by_old_issues_and_comes_back(db: Database) -> None:
    """Neither offered nor recognised; its issues, its name and who got it stay; restored, all is as before."""
    with db.write() as tx:
        here = place(tx)
        code, boss = add(tx, here), admin_of(tx, here)
        firm = tx.add(party, community_id=here, name="飞管队", kind="company", created_at=NOW)
        with voices.speaking(tx, here):
            row = issues.register(tx, resident(tx, here), read("无人机又来了"), chat_id=None, now=NOW)
            directory.give(tx, boss, tx.execute(select(party).where(party.c.id == firm)).one(), codes=[code], building_id=None, now=NOW)
        dictionary.add(tx, boss, community_id=here, word="小飞机", kind="noise", now=NOW)
        own_categories.retire(tx, boss, community_id=here, code=code, now=NOW)
        own_categories.retire(tx, boss, community_id=here, code="noise", now=NOW)
        with voices.speaking(tx, here):
            assert words.categories().keys().isdisjoint({code, "noise"}) and dict(dictionary.heard(tx, here)) == {}
            assert kind_of("无人机又来了") not in (code, "noise") and kind_of("半夜装修电钻太吵睡不着") != "noise"
            assert term("category", row.category) == "无人机"
            assert [k.parties for k in own_categories.listed(tx, here) if k.it.code == code] == [("飞管队",)]
            assert code not in directory.uncovered(tx, here)
        own_categories.restore(tx, boss, community_id=here, code=code, now=NOW)
        with voices.speaking(tx, here):
            assert kind_of("无人机又来了") == code
            assert [p.name for p in directory.responsible(tx, here, code, None)] == ["飞管队"]
        audit.seal(tx)
        told = [(r.action, json.loads(r.detail)) for r in tx.all(select(chain).where(chain.c.action.like("category.%")).order_by(chain.c.seq))]
    assert [action for action, _ in told] == ["category.add", "category.retire", "category.retire", "category.restore"]
    assert told[0][1]["before"] is None and told[0][1]["after"]["sure"] == ["无人机", "航拍"]
    assert (told[3][1]["before"]["retired"], told[3][1]["after"]["retired"]) == (True, False)


@pytest.mark.parametrize(("wanted", "said"), [
    (Wanted("", ("无人机",), (), "noise"), "请填类别的名称"), (Wanted("长" * 11, ("无人机",), (), "noise"), "2 到 10 个字"),
    (Wanted("=1+2", ("无人机",), (), "noise"), "只用汉字"), (Wanted("<b>机</b>", ("无人机",), (), "noise"), "只用汉字"),
    (Wanted("停车", ("无人机",), (), "noise"), "已经有“停车”"), (Wanted("无人机", ("无人机",), (), "aliens"), "像哪一类"),
    (Wanted("无人机", ("无人机", "狗叫"), (), "noise"), "“狗叫”已经让一件事归到“宠物”"), (Wanted("无人机", (), ("嗡嗡",), "noise"), "至少填一个"),
    (Wanted("无人机", ("=cmd()",), (), "noise"), "不能当词语"), (Wanted("无人机", ("长" * 21,), (), "noise"), "不能当词语"),
    (Wanted("无人机", tuple(f"第{n}架机" for n in range(61)), (), "noise"), "最多 60 个词")])
def test_a_wrong_entry_is_told_what_is_wrong(db: Database, wanted: Wanted, said: str) -> None:
    """And nothing is kept of it."""
    with db.write() as tx:
        here = place(tx)
        assert said in refused(tx, here, wanted)
        assert voices.owned(tx, here) == []


def test_names_and_words_of_ones_own_are_taken_too(db: Database) -> None:
    """By what is in use, and a name by what was given up; danger and 其他 cannot be given up."""
    with db.write() as tx:
        here = place(tx)
        code, boss = add(tx, here), admin_of(tx, here)
        assert "已经有“无人机”" in refused(tx, here, Wanted("无人机", ("飞机",), (), "noise"))
        assert "先从“无人机”里去掉" in refused(tx, here, Wanted("噪音", ("航拍",)), "noise")
        own_categories.retire(tx, boss, community_id=here, code=code, now=NOW)
        assert "停用了的类别" in refused(tx, here, Wanted("无人机", ("飞机",), (), "noise"))
        for kept in ("fire", "gas", "other"):
            with pytest.raises(Refusal) as no:
                own_categories.retire(tx, boss, community_id=here, code=kept, now=NOW)
            assert "不能停用" in say(no.value.key, **no.value.facts)
        with pytest.raises(Refusal):
            own_categories.retire(tx, resident(tx, here, Role.GRID_WORKER), community_id=here, code="noise", now=NOW)


def test_staff_correct_to_it_and_it_stands_in_the_workbook(db: Database) -> None:
    """By its name, in the figures as in the list; what was learned from corrections is ours alone."""
    from ops.measure import corrected

    with db.write() as tx:
        here = place(tx)
        code = add(tx, here)
        with voices.speaking(tx, here):
            row = issues.register(tx, resident(tx, here), read("北门的灯坏了"), chat_id=None, now=NOW)
            corrections.correct(tx, admin_of(tx, here), number=row.number, field="category", value=code, now=NOW)
            assert cells(figures_sheet.workbook(tx, Asked(here), NOW)) >= {"无人机"}
        assert list(corrected(tx)) == []


def cells(book: bytes) -> set[Any]:
    """Every value of a workbook."""
    import io

    from openpyxl import load_workbook

    return {cell for sheet in load_workbook(io.BytesIO(book)) for row in sheet.iter_rows(values_only=True) for cell in row}
