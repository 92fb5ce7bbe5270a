"""Which plain sentences surely complain of the community's affairs."""

import pytest

from texts.words import is_complaint

COMPLAINTS = """
3幢2单元电梯停了一周没人修
楼道灯又不亮了，老人差点摔倒
地下车库漏水漏得跟水帘洞一样
垃圾桶满了三天没人清，臭死了
北门路灯坏了一个礼拜了
广场舞天天跳到十点，吵死了
楼上装修从早上7点敲到晚上9点，求管管
消防通道又被电动车堵死了
我们单元门禁坏了，刷不开
小区里的井盖松动了，太危险
有人在楼道里给电瓶车飞线充电
停水了！！事先也没通知
停车位又被占了，天天堵我
狗屎到处都是，没人管
绿化带被人挖了种葱种菜，还浇大粪
楼上高空抛物，今天又扔下来一个瓶子
下水道堵了，污水往外冒，臭得很
社区能不能办个老年食堂啊
能不能在3幢门口加个路灯
单元门玻璃碎了，碎渣还在地上
电梯坏了，麻烦看看，谢谢
物业费涨价了，账目也不公示
楼下烧烤店油烟太大，受不了
幼儿园门口早高峰电动车逆行，差点撞到娃
僵尸车占着车位半年了没人管
有大狗不牵绳，刚才差点咬到小孩
物业不作为，保安室天天没人管
我家楼上漏水，墙都发霉了
门口大坑积水，车都过不去
六幢三零二漏水了没人管
電梯壞了沒人修
停车未又被占了，浙B那辆白色suv天天堵我
""".strip().splitlines()

CHAT = """
谁家有多余的梯子借一下,换个灯泡
出个闲置:九成新电动车充电器,50自提
昨天说的停车事儿你们后来聊出啥了
娃的作文题目是《邻里纠纷》,谁有素材
哈哈哈哈哈
A股今天又跌了
如果电梯坏了我们怎么办
要是停水了就去我家打水
电梯已经修好了，谢谢物业
路灯终于亮了，给物业点赞
谁有物业电话
电梯坏了吗
以前小区老停电，现在好多了
我们公司电梯坏了，爬了二十楼
昨晚看的电影里电梯坏了，吓死我了
出租3幢501，带车位，拎包入住
求推荐装修师傅
转让车位一个，地下车库B区
幸好电梯没坏
听说明天要停水
隔壁小区电梯又坏了
垃圾分类几点开门
今天天气真好
电梯没坏，别瞎说
收到
谁的车堵我门口了，挪一下，浙B12345，你们谁认识
漏水的地方已经处理好了
停电了吗你们家
有没有人要多肉，放在3幢门口
我在酒店，空调漏水了
这电视剧里的物业太坏了
我反映的门禁有人管吗
北门新开的超市水果不错
谁在楼道捡到钥匙了
明天社区有讲座
""".strip().splitlines()


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_complaint(text: str) -> None:
    """Each names a thing of the community and what is wrong with it."""
    assert is_complaint(text)


@pytest.mark.parametrize("text", CHAT)
def test_no_complaint(text: str) -> None:
    """Settled, supposed, traded, asked of neighbours, or said of other places."""
    assert not is_complaint(text)
