"""What residents see of promises and of how matters were dealt with: no names, and only their own community's."""

from tests.web.town import Town


def test_promises_and_the_months_are_public_without_names(town: Town) -> None:
    town.stage.play("周敏(私聊): 承诺 I1 物业 明年3月20日前 更换曳引机")
    page = town.phone("李叔").get("/m/test/promises")
    assert page.status_code == 200
    assert "物业 承诺" in page.text and "更换曳引机" in page.text and "还没到期" in page.text
    assert "响应率" in page.text and "—" in page.text and "李叔" not in page.text
    assert town.phone("李叔").get("/m/other/promises").status_code == 404
