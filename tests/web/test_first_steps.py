"""What somebody meets who has never seen the console: where to begin, and what a wrong guess leads to."""

import re
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, update

from models.tables import chat, home, person, poll
from services import homes, people
from tests.web.desk import NOW, Desk, token


def press(client: FlaskClient, path: str, **data: Any) -> Any:
    """Sends a form and follows to the page it leads to."""
    return client.post(path, data={"csrf_token": token(client, "/console/password"), **data}, follow_redirects=True)


def test_an_empty_community_begins_with_the_guide(desk: Desk) -> None:
    """Nine zeros tell nobody what to do: what is not begun is named, with the way to the guide."""
    client = desk.client("east")
    assert "楼栋和房屋" not in client.get("/console/").text.partition("<main")[2].partition('class="figures"')[0]
    with desk.db.write() as tx:
        there = tx.scalar(select(home.c.community_id).where(home.c.id == desk.ids["west"]["home"]))
        tx.execute(update(home).where(home.c.id == desk.ids["east"]["home"]).values(community_id=there, label="9幢9单元901"))
    first = client.get("/console/").text.partition("<main")[2].partition('class="figures"')[0]
    assert "打开开办向导" in first and "楼栋和房屋" in first


def test_an_address_of_no_page_is_told_in_chinese_with_a_way_back(desk: Desk) -> None:
    """Signed in or not; and what is no page of the console is none of its business."""
    for client in (desk.client("east"), desk.app.test_client()):
        lost = client.get("/console/rights")
        assert lost.status_code == 404 and "没有这一页" in lost.text and 'href="/console/"' in lost.text
    assert "没有这一页" not in desk.app.test_client().get("/nowhere").text


def test_a_home_is_found_however_it_is_written(desk: Desk) -> None:
    """As in chat: 3-2-501 and 3栋501; a part of the words still finds what holds it; the page of a code leads back to the homes."""
    client, key = desk.client("east"), desk.ids["east"]["home"]
    with desk.db.write() as tx:
        tx.execute(update(home).where(home.c.id == key).values(label="3幢2单元501", room="501", entrance="2"))
    found = f"/console/homes/{key}"
    for said in ("3-2-501", "3栋2单元501", "3栋501", "2单元501"):
        assert f'href="{found}"' in client.get("/console/homes", query_string={"text": said}).text, said
    for said in ("3-1-501", "3栋5011", "13栋501"):
        assert f'href="{found}"' not in client.get("/console/homes", query_string={"text": said}).text, said
    assert 'href="/console/homes"' in press(client, f"/console/homes/{key}/code").text


def test_a_whole_building_gets_its_codes_on_paper(desk: Desk) -> None:
    """One slip for each home nobody is bound to, each with a code that binds; earlier ones end; another place's building is none."""
    client, key = desk.client("east"), desk.ids["east"]["home"]
    with desk.db.write() as tx:
        mine = tx.execute(select(home).where(home.c.id == key)).one()
        others = {tx.add(home, community_id=mine.community_id, building_id=mine.building_id, entrance="2", room=f"60{n}",
                         label=f"3幢2单元60{n}"): f"3幢2单元60{n}" for n in (1, 2)}
        theirs = tx.scalar(select(home.c.building_id).where(home.c.id == desk.ids["west"]["home"]))
    assert "整幢打印" in client.get("/console/setup/homes").text
    page = press(client, "/console/setup/codes", building=str(mine.building_id)).text
    slips = dict(re.findall(r"绑定 (\S+) (\d{6})", page))
    assert set(slips) == set(others.values()) and "3幢2单元501" not in slips  # somebody lives there
    again = dict(re.findall(r"绑定 (\S+) (\d{6})", press(client, "/console/setup/codes", building=str(mine.building_id)).text))
    with desk.db.write() as tx:
        guest = tx.add(person, community_id=mine.community_id, role="resident", told_version=1, consent_version=1, created_at=NOW)
        label = "3幢2单元601"
        if slips[label] != again[label]:
            assert homes.bind(tx, people.as_person(tx, guest), label=label, code=slips[label], now=NOW) == ""
        assert homes.bind(tx, people.as_person(tx, guest), label=label, code=again[label], now=NOW) == "home"
    no = press(client, "/console/setup/codes", building=str(theirs))
    assert no.status_code == 400 and "没有这幢楼" in no.text


def test_a_turnout_says_who_is_left_out_and_a_poll_that_ended_early_says_when(desk: Desk) -> None:
    """100 % of five homes is not 100 % of six hundred; and what was ended today did not last until next week."""
    client, key = desk.client("east"), desk.ids["east"]["poll1"]
    with desk.db.write() as tx:
        row = tx.execute(select(home).where(home.c.id == desk.ids["east"]["home"])).one()
        tx.add(home, community_id=row.community_id, building_id=row.building_id, entrance="2", room="601", label="3幢2单元601")
        tx.execute(update(poll).where(poll.c.id == key).values(household=True, scope="community"))
    assert "另有 1 户还没有人绑定房屋" in client.get(f"/console/polls/{key}").text
    with desk.db.write() as tx:
        tx.execute(update(poll).where(poll.c.id == key).values(household=False, closed_at=NOW + timedelta(minutes=7)))
    page = client.get(f"/console/polls/{key}").text
    assert "没有人绑定" not in page and "至 3 月 2 日（周一）10:07" in page


def test_roads_to_a_group_are_named_in_chinese_and_a_refused_form_keeps_its_words(desk: Desk) -> None:
    """Nobody has to know what a webhook or a hand is."""
    client = desk.client("east")
    with desk.db.write() as tx:
        tx.execute(update(chat).where(chat.c.id == desk.ids["east"]["group"]).values(post_channel="hand", post_address="hand"))
    page = client.get("/console/setup/groups").text
    assert "普通微信群，由人转发" in page and "发送：hand" not in page and "（hand）" not in page
    kept = press(client, "/console/setup/groups", name="业主大群", road="hand")
    assert kept.status_code == 400 and 'value="业主大群"' in kept.text
