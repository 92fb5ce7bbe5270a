"""Danger to life is answered with the number to call; the past, the feared, the told and the joked are not."""

import pytest

from texts.normal import plain
from understanding import danger

NOW = {
    "119": """
        5幢402冒黑烟了,快来人啊
        楼上着火啦!!!
        地下车库有辆电动车在自燃
        楼道里全是烟看不见路
        我家煤气好像漏了,头晕
        一进单元门就闻到好浓的煤气味
        有人困在2号电梯里出不来
        电梯卡住了,里面关着两个老人
        老太太被关在电梯里半个多钟头了
        电弟又困人了 里头有个小囡在哭
        对面阳台起火了 火苗窜得老高
        厨房在烧 邻居家没人
        喂那个三号楼好像着火了好大的烟
        三單元電梯困住人了
        空调外机冒火花还冒烟
        天然气泄漏味道特别大谁管一下""",
    "110": """
        楼下打起来了,拿着菜刀
        隔壁男的又在打老婆,听得见救命
        有人要跳楼,在7幢楼顶坐着
        301的在打人啊快报警
        有人持刀在北门转
        独居的王奶奶两天没开门了,敲门也没人应
        六楼张大爷三天没见着人了电话也不接
        刚有人撬我家门锁
        他掐着她脖子,谁来帮帮忙""",
    "120": """
        有个大爷晕倒在凉亭里了
        老人从楼梯上滚下来不能动了
        孩子触电了快救人
        门口有人摔倒起不来,流了好多血
        李阿姨心脏病犯了 喘不上气
        一个小孩从二楼窗户摔下来了
        广场上有人抽搐口吐白沫
        老爷子摔了一跤,头破了一地血
        有人掉进窨井里了
        保洁阿姨昏过去了 叫不醒""",
}
NONE = """
    幸好昨天没着火
    如果着火了消防车根本进不来
    电瓶车堆在楼道,着火了怎么办
    希望加装喷淋,防止火灾
    昨晚那部电影火灾那段太吓人了
    消防演习通知:周六下午有烟雾是正常的
    笑死我了,这价格要跳楼
    跳楼价清仓啦
    上个月电梯困过人,到现在没检修
    我家娃昨天差点摔倒
    怕哪天电梯困人
    煤气灶打不着火谁会修
    今年的鱼塘里水太满
    电梯没困人,就是慢
    火锅店开业全场八折,火爆
    他说打人是不对的
    讲座:老人晕倒如何急救
    物业说已经灭火了,没事了
    楼上老是打孩子的作业本
    谁知道着火怎么报警
    打麻将到半夜吵死了
    绝对不能让电瓶车在楼道着火
    新闻里说有人触电
    孩子学校办消防演练
    他家老人去年摔倒过""".strip().split("\n")


@pytest.mark.parametrize(("hotline", "text"), [(n, t.strip()) for n, ts in NOW.items() for t in ts.strip().split("\n")])
def test_danger_now_brings_the_number(hotline: str, text: str) -> None:
    """Each of these is happening."""
    found = danger.find(plain(text))
    assert found is not None and found.hotline == hotline


@pytest.mark.parametrize("text", [t.strip() for t in NONE])
def test_no_danger_now(text: str) -> None:
    """None of these is."""
    assert danger.find(plain(text)) is None


def test_a_threat_is_answered_with_the_police_though_nothing_has_happened() -> None:
    """It may still be a quarrel only."""
    assert danger.threat(plain("他再往我车上吐痰我就跟他拼了"))
    assert not danger.threat(plain("看这剧里的人同归于尽,笑死"))
