"""A procedure of deliberation is written as a form without knowing YAML: both are one text with one check."""

import re
from html import unescape
from typing import Any

import pytest
import yaml
from werkzeug.datastructures import MultiDict

from services import courses
from tests.web.desk import EVIL, Desk, token
from tests.web.test_rule_pages import notes, where
from texts import procedures
from web import course_form

PAGE = "/console/setup/courses"
GOOD = """# 我们的
名称: 试
环节:
  - {名称: 谈, 居民可以: [发言], 时长: 3天}
  - {名称: 定, 怎么定: [结论]}
"""
INPUT = re.compile(r'<input name="([^"]+)"[^>]*? value="([^"]*)"')
TICK = re.compile(r'<input type="checkbox" name="([^"]+)" value="([^"]*)" checked')
SELECT = re.compile(r'<select name="([^"]+)".*?</select>', re.S)


def fields(page: str) -> MultiDict[str, str]:
    """What a browser without script would send of the form, were nothing changed."""
    found = [*INPUT.findall(page), *TICK.findall(page)]
    for each in SELECT.finditer(page):
        chosen = re.search(r'<option value="([^"]*)" selected', each[0]) or re.search(r'<option value="([^"]*)"', each[0])
        assert chosen
        found.append((each[1], chosen[1]))
    for name in ("csrf_token", "was"):
        found += [(name, value) for value in re.findall(rf'name="{name}" value="([^"]*)"', page)][-1:]
    base = re.search(r'<textarea name="base" hidden>\n(.*?)</textarea>', page, re.S)
    assert base
    return MultiDict([(name, unescape(value)) for name, value in (*found, ("base", base[1]))])


def send(client: Any, form: MultiDict[str, str], **changes: str) -> Any:
    """The form with these fields changed (`_1_名称` is `1.名称`)."""
    for name, value in changes.items():
        form[name[1:].replace("_", ".", 1) if name.startswith("_") else name] = value
    return client.post(PAGE, data=form, follow_redirects=True)


def opened(client: Any, source: str) -> Any:
    """The form of a text that was written as YAML."""
    return client.post(PAGE, data={"csrf_token": token(client, "/console/password"), "source": source, "other": "1", "was": ""})


def data_of(page: str) -> Any:
    """The data that a page of the form carries."""
    return yaml.safe_load(fields(page)["base"])


@pytest.mark.parametrize("name", sorted(c.name for c in procedures.known()))
def test_a_form_sent_unchanged_is_the_same_procedure(desk: Desk, name: str) -> None:
    """Each of ours: the very text, with its notes; kept under its name nothing of it is lost."""
    client, source = desk.client("east"), procedures.source_of(name)
    form = fields(client.get(f"{PAGE}?name={name}").text)
    assert yaml.safe_load(form["base"]) == yaml.safe_load(source)
    assert "已保存" in send(client, form, keep="1").text
    with desk.db.read() as tx:
        assert [(row.name, row.source) for row in courses.own(tx, where(desk, "east"))] == [(name, source)]


def test_a_form_built_from_nothing_gives_the_data_it_was_built_from(desk: Desk) -> None:
    """Each of ours typed into an empty form, field by field: the same course comes out."""
    for course in procedures.known():
        data = course_form.load(procedures.source_of(course.name))
        typed: MultiDict[str, str] = MultiDict({"base": yaml.safe_dump({"环节": [{} for _ in data["环节"]]})})
        for place, shown in enumerate([course_form.course_fields(data), *map(course_form.phase_fields, data["环节"])]):
            for item, value in shown.items():
                typed.setlist(f"{place}.{item}", value if isinstance(value, list) else [value])
        built = courses.check(course_form.dump(course_form.merged(typed), "{}"))
        assert built.plain() | {"words": built.words} == course.plain() | {"words": course.words}


@pytest.mark.parametrize(("before", "after", "field", "says"), [
    ("名称: 试\n", "名称: ''\n", "0.名称", "没有写“名称”"),
    ("名称: 试\n", "名称: 一二三四五六七八九十一二三四五六七\n", "0.名称", "不超过 16 个字"),
    ("名称: 试\n", "名称: 试\n主持: 一二三四五六七八九\n", "0.主持", "不超过 8 个字"),
    ("名称: 谈", "名称: ''", "1.名称", "没有写“名称”"),
    ("时长: 3天", "时长: 三天左右", "1.时长", "请填数字，1 到 999"),
    ("时长: 3天", "时长: 0天", "1.时长", "请填数字，1 到 999"),
    ("[发言]", "[发言, 喊话]", "1.居民可以", "“喊话”不认识"),
    ("怎么定: [结论]", "怎么定: [抓阄]", "2.怎么定", "“抓阄”不认识"),
    ("时长: 3天", "阶段: 闲聊", "1.阶段", "“闲聊”不认识"),
    ("时长: 3天", "会议: {到会: 过半, 同意: 大多数}", "1.同意", "“大多数”看不懂"),
    ("时长: 3天", "会议: {到会: 很多, 同意: 过半}", "1.到会", "“很多”看不懂"),
    ("时长: 3天", "会议: {到会: 过半, 同意: 过半, 按: 心情}", "1.按", "“心情”不认识"),
    ("时长: 3天", "时长: 3天, 会议: {到会: 过半, 同意: 过半}", "1.会议", "请去掉“时长”"),
    ("怎么定: [结论]", "怎么定: [结论], 会议: {到会: 过半, 同意: 过半}", "2.怎么定", "会议定的环节不写"),
    ("时长: 3天", "阶段: 办理, 时长: 3天", "1.阶段", "跟着议题的进度走"),
    ("时长: 3天", "阶段: 办理", "2.阶段", "请调整顺序"),
    ("怎么定: [结论]", "居民可以: [投票]", "2.怎么定", "协商的最后一个环节要写“怎么定”"),
    ("时长: 3天", "怎么定: [表决]", "1.怎么定", "现在写了的是：谈、定"),
    ("时长: 3天", f"开始时说: {'长' * 121}", "1.开始时说", "不超过 120 个字"),
    ("时长: 3天", "期限: 3天", "1.期限", "不认识“期限”"),
    ("时长: 3天", "居民可以: [发言, 3]", "1.居民可以", "重新勾一遍"),
    ("环节:\n  - {名称: 谈, 居民可以: [发言], 时长: 3天}\n  - {名称: 定, 怎么定: [结论]}\n", "", "0.环节", "还没有环节")])
def test_what_is_wrong_stands_at_its_field(desk: Desk, before: str, after: str, field: str, says: str) -> None:
    """One sentence beside the field, the field is marked, the cursor stands in it; the page's top says which phase."""
    assert before in GOOD
    client, wrong = desk.client("east"), GOOD.replace("名称: 谈" if before == "名称: 谈" else before, after, 1)
    form = fields(opened(client, wrong).text)
    if field == "1.会议":  # a form says only one of the two: it is in the YAML that both can stand
        assert data_of(send(client, form).text)["环节"][0] == {"名称": "谈", "居民可以": ["发言"], "时长": "3天"}
        return
    answer = send(client, form)
    assert answer.status_code == 400 and says in answer.text
    assert 'role="alert"' in answer.text and (field[0] == "0" or f"第 {field[0]} 个环节" in answer.text)
    place = answer.text.index('id="fault"')
    assert says in answer.text[place:place + 300]
    at = re.search(r'<(?:input|select)[^>]*aria-describedby="fault" autofocus', answer.text)
    assert field in ("1.期限", "0.环节") or (at and f'name="{field}"' in at[0])


def test_what_a_form_does_not_show_is_kept_and_named(desk: Desk) -> None:
    """Items of the procedure or a phase that have no field, odd ways to write what has one, and the notes at the top."""
    client = desk.client("east")
    odd = GOOD.replace("名称: 试", "名称: 试\n说明: {由来: 老镇长}").replace("[发言], 时长: 3天", "发言、提问, 会议: {到会: 5/7以上, 同意: 过1/2}, 备注: 甲")
    page = opened(client, odd).text
    assert "还写了 说明" in page and "还写了 备注" in page
    page = send(client, fields(page), _2_名称="定一定", do="add:2").text
    data = data_of(page)
    assert data["说明"] == {"由来": "老镇长"} and data["环节"][1]["名称"] == "定一定" and len(data["环节"]) == 3
    assert data["环节"][0] == {"名称": "谈", "居民可以": "发言、提问", "会议": {"到会": "5/7以上", "同意": "过1/2"}, "备注": "甲"}
    assert fields(page)["base"].startswith("# 我们的\n")


def test_phases_are_added_moved_and_taken_away_without_script(desk: Desk) -> None:
    """What was typed and not yet kept goes along; the address of each button leads to where the phase now is."""
    client = desk.client("east")
    page = client.get(f"{PAGE}?new=1").text
    for changes, names in (({"_1_名称": "听", "do": "add:2"}, ["听", "定结果", ""]), ({"_3_名称": "看", "do": "up:3"}, ["听", "看", "定结果"]),
                           ({"do": "down:1"}, ["看", "听", "定结果"]), ({"do": "up:1"}, ["看", "听", "定结果"]), ({"do": "drop:1"}, ["听", "定结果"]),
                           ({"do": "nonsense:99"}, ["听", "定结果"]), ({"do": "drop:2"}, ["听"]), ({"do": "drop:1"}, [])):
        page = send(client, fields(page), **changes).text
        assert [p["名称"] for p in data_of(page)["环节"]] == names
        assert re.findall(r'formaction="[^"]*#step-(\d+)" aria-label="把第 (\d) 个环节上移"', page) == [
            (str(n - 1), str(n)) for n in range(1, len(names) + 1)]
    assert "还没有环节" in page and len(data_of(send(client, fields(page), do="add:0").text)["环节"]) == 1


def test_looks_copies_renames_and_never_writes_over_another(desk: Desk) -> None:
    """A look keeps nothing; a copy has a name of its own; a changed name is a changed name; the record has before and after."""
    client, east = desk.client("east"), where(desk, "east")
    form = fields(client.get(f"{PAGE}?copy=红茶议事会").text)
    assert form["0.名称"] == "我们的红茶议事会" and form["0.别名"] == "" and form["was"] == ""
    looked = send(client, form, _1_名称=EVIL[:16]).text
    assert "还没有保存" in looked and "我们的红茶议事会：" in looked and "I12 （例子）" in looked and "先不急着表态" in looked and "<script>alert" not in looked
    with desk.db.read() as tx:
        assert courses.own(tx, east) == []
    assert "已保存" in send(client, fields(looked), _1_名称="喝茶", keep="1").text
    assert fields(client.get(f"{PAGE}?copy=红茶议事会").text)["0.名称"] == "我们的红茶议事会2"
    form = fields(client.get(f"{PAGE}?name=我们的红茶议事会").text)
    taken = send(client, form.copy(), _0_名称="六步议事", keep="1")
    assert taken.status_code == 400 and re.search(r'name="0.名称" aria-invalid="true"[^>]*>.*?已经有一套叫“六步议事”', taken.text)
    assert send(client, form, _0_名称="喝茶会", keep="1").status_code == 200
    with desk.db.read() as tx:
        assert [row.name for row in courses.own(tx, east)] == ["喝茶会"]
    made, renamed = notes(desk, "course.set")
    assert (made["before"], renamed["name"]) == (None, "喝茶会") and "喝茶" in renamed["after"]
    assert notes(desk, "course.remove")[0]["before"] == made["after"]


def test_form_and_yaml_are_the_same_text(desk: Desk) -> None:
    """To the YAML and back; what no form can show stays YAML, with the reason."""
    client = desk.client("east")
    yaml_page = send(client, fields(client.get(f"{PAGE}?name=村民说事").text), _2_时长="9", _2_单位="工作日", other="1").text
    assert "时长: 9个工作日" in yaml_page and "阶段: 办理" in yaml_page
    source = unescape(re.findall(r'<textarea class="code"[^>]*>\n(.*?)</textarea>', yaml_page, re.S)[0])
    assert fields(opened(client, source).text)["2.单位"] == "工作日"
    for broken, says in (("名称: [", "不是正确的 YAML"), ("环节: [1]", "没有写“环节”"), ("", "没有程序"), ("a: &x 1\nb: *x", "引用")):
        answer = opened(client, broken)
        assert answer.status_code == 400 and says in answer.text and 'class="code"' in answer.text
    bent = fields(client.get(f"{PAGE}?name=村民说事").text)
    bent["base"] = "[" * 9000
    assert client.post(PAGE, data=bent).status_code == 400
    assert client.get(f"{PAGE}?name=没有的").status_code == 302
