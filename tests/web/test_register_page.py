"""The console's page of the owners' register: looked at first, then exactly that file is taken in."""

import io
import re

from openpyxl import load_workbook
from sqlalchemy import func, select

from models.tables import home, ownership
from services import register
from services.register_sheet import sheet
from tests.web.desk import Desk, token


def _send(desk: Desk, rows: str, **more: str) -> tuple[int, str]:
    client = desk.client("east")
    data = {"table": (io.BytesIO(("房屋,面积,业主\n" + rows).encode()), "业主.csv"), "csrf_token": token(client, "/console/password"), **more}
    answer = client.post("/console/register", data=data, content_type="multipart/form-data")
    return answer.status_code, answer.text


def _label(desk: Desk) -> str:
    with desk.db.read() as tx:
        return str(tx.scalar(select(home.c.label).where(home.c.id == desk.ids["east"]["home"])))


def test_a_table_is_looked_at_and_then_taken_in(desk: Desk) -> None:
    """Nothing is written by the first look; another file under the same mark is refused."""
    label = _label(desk)
    code, page = _send(desk, f"{label},88.40,张三、李四\n")
    assert code == 200 and "1 户可以导入" in page and "共有人" in page
    mark = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    with desk.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ownership)) == 0
    assert mark
    code, page = _send(desk, f"{label},99.99,张三\n", seen=mark[1])
    assert code == 400 and "不是同一个" in page
    code, page = _send(desk, f"{label},88.40,张三、李四\n", seen=mark[1])
    assert code == 200 and "已导入 1 户" in page
    with desk.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ownership)) == 2
        assert tx.scalar(select(home.c.area_dm2).where(home.c.id == desk.ids["east"]["home"])) == 8840


def test_errors_are_listed_and_the_rest_needs_a_word(desk: Desk) -> None:
    """What is wrong stands there with its row; script in a cell is only text."""
    label = _label(desk)
    code, page = _send(desk, f"{label},88.40,<script>alert(1)</script>\n某某楼,1,甲\n")
    assert code == 200 and "第 3 行" in page and "没看懂是哪一户" in page and "<script>alert(1)" not in page
    mark = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert mark
    assert _send(desk, f"{label},88.40,<script>alert(1)</script>\n某某楼,1,甲\n", seen=mark[1])[0] == 400
    assert _send(desk, f"{label},88.40,<script>alert(1)</script>\n某某楼,1,甲\n", seen=mark[1], partly="on")[0] == 200


def test_what_is_no_table_says_so(desk: Desk) -> None:
    client = desk.client("east")
    answer = client.post("/console/register", data={"csrf_token": token(client, "/console/password")})
    assert answer.status_code == 400 and "请先选一个文件" in answer.text


def test_the_template_can_be_read_again(desk: Desk) -> None:
    """Its own example is a register."""
    data = desk.client("east").get("/console/register/template.xlsx").data
    assert load_workbook(io.BytesIO(data)).worksheets[0]["A1"].value == "房屋"
    assert len(register.read(sheet(data, "register.xlsx")).entries) == 2
