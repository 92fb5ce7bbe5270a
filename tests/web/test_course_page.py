"""An issue's pages draw where it stands and show photos to who may see them."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select, update

import web
from domain.roles import SYSTEM
from models.tables import community, issue, party
from services import accounts, evidence, steps
from tests.web.desk import sign_in
from tests.web.town import ISSUE, Town

PHOTO = re.compile(rf'src="({ISSUE}/\d+-[0-9a-f]+\.jpg)"')


def worked_on(town: Town) -> None:
    """I1 was given to the property company and is a day late; what only staff may know has happened, too."""
    stage = town.stage
    stage.play("周敏: 受理 I1")
    with stage.db.write() as tx:
        row = tx.first(select(issue))
        firm = tx.add(party, community_id=row.community_id, name="绿城物业", kind="property")
        tx.execute(update(issue).values(party_id=firm, state="in_progress", assigned_at=stage.now, version=issue.c.version + 1,
                                        due_at=stage.now - timedelta(hours=3)))
        steps.event(tx, row.id, "assign", SYSTEM, now=stage.now, before="accepted", after="assigned")
        steps.event(tx, row.id, "late", SYSTEM, now=stage.now, text="CANARY-INNER", inner=True)


def test_the_phone_page_draws_the_course(town: Town) -> None:
    worked_on(town)
    page = town.phone().get(ISSUE).text
    steps_ = re.findall(r'<li class="(\w+)"(?: aria-current="(\w+)")?>', page)
    assert steps_ == [("done", ""), ("done", ""), ("skipped", ""), ("skipped", ""), ("now", "step"), ("ahead", ""), ("ahead", "")]
    assert "由绿城物业办理" in page and "已逾期 1 天" in page and "应在" in page and "（没有经过）" in page
    assert "CANARY" not in page and "超过答复期限" not in page and page.count("3-2</time>") == 3


def test_the_reporters_photo_is_shown_as_a_picture_and_kept_by_no_cache(town: Town) -> None:
    town.stage.play("李叔(私聊 照片 灯):")
    [address] = PHOTO.findall(town.phone().get(ISSUE).text)
    answer = town.phone().get(address)
    assert answer.status_code == 200 and answer.mimetype == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, no-store" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert b"Exif" not in answer.data and b"CANARY" not in answer.data and Image.open(BytesIO(answer.data)).format == "JPEG"


def test_a_photos_address_cannot_be_made_up(town: Town) -> None:
    town.stage.play("李叔(私聊 照片 灯):")
    phone, mark = town.phone(), evidence.mark(1)
    assert phone.get(f"{ISSUE}/1-{mark}.jpg").status_code == 200
    for wrong in (f"{ISSUE}/1-{mark[:-1]}0.jpg", f"{ISSUE}/2-{mark}.jpg", f"{ISSUE}/99999999999999999999-{mark}.jpg",
                  f"{ISSUE[:-1]}x/1-{mark}.jpg", f"{ISSUE}/2-{evidence.mark(2)}.jpg"):
        assert phone.get(wrong).status_code == 404


@pytest.mark.parametrize(("flag", "who", "sees"), [
    ("anonymous", None, 404), ("anonymous", "李叔", 200), ("anonymous", "陈老师", 404), ("private", None, 404), ("private", "周敏", 200)])
def test_what_is_not_public_is_shown_to_who_sent_it_and_who_works_on_it(town: Town, flag: str, who: str | None, sees: int) -> None:
    town.stage.play("李叔(私聊 照片 灯):")
    with town.stage.db.write() as tx:
        tx.execute(update(issue).values({flag: True}))
    phone = town.phone(who)
    assert phone.get(f"{ISSUE}/1-{evidence.mark(1)}.jpg").status_code == sees
    assert bool(PHOTO.findall(phone.get(ISSUE).text)) is (sees == 200)


def test_the_console_shows_photos_of_its_own_community_only(town: Town) -> None:
    town.stage.play("李叔(私聊 照片 灯):")
    town.stage.play("李叔(私聊 照片 断):")
    with town.stage.db.write() as tx:
        other = tx.add(community, code="other", name="别处", last_issue=0, last_poll=0)
        here = tx.scalar(select(community.c.id).where(community.c.code == "test"))
        for name, where in (("here", here), ("there", other)):
            accounts.create(tx, SYSTEM, username=name, password="long enough 1", community_id=where, now=town.stage.now)
    town.app.register_blueprint(web.console_blueprint(town.stage.db, clock=lambda: town.stage.now, secure_cookies=False))
    for name, status in (("here", 200), ("there", 404)):
        client = town.app.test_client()
        sign_in(client, name, "long enough 1")
        assert client.get("/console/issues/1/photos/1.jpg").status_code == status
        page = client.get("/console/issues/1")
        assert page.status_code == status and ("photos/1.jpg" in page.text and "正在取" in page.text) is (status == 200)
        assert client.get("/console/issues/1/photos/2.jpg").status_code == 404  # not fetched yet
    assert town.app.test_client().get("/console/issues/1/photos/1.jpg").status_code == 404
