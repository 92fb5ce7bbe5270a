"""What a notice tells people to type is a ballot when it is typed as it stands, in every kind of poll."""

import re

import pytest
from redis import Redis

from models.base import Database
from tests.chat_script import Stage

OPENINGS = {
    "single": "小区大门换什么颜色 选项 红色 绿色 蓝色",
    "multiple": "春节搞什么活动 可选2项 选项 舞龙 猜谜 写春联 包饺子",
    "multiple, at least": "春节搞什么活动 至少选3项 选项 舞龙 猜谜 写春联 包饺子",
    "multiple, from to": "春节搞什么活动 选2到3项 选项 舞龙 猜谜 写春联 包饺子",
    "approval": "可以接受哪些物业 不限项 选项 绿城 万科 本地物业",
    "score": "小广场装什么 打分 选项 长椅 路灯 健身器材",
    "score 1-10": "居委会办事打几分 打分1-10 选项 态度 速度",
    "score 0-2": "居委会办事打几分 打分0-2 选项 态度 速度",
    "ranked": "选楼长 排序 选项 张三 李四 王五",
    "ranked, two": "选楼长 排序 选项 张三 李四",
    "condorcet": "选楼长 两两比较 选项 张三 李四 王五",
    "committee": "选议事会委员 选举2人 选项 张三 李四 王五 赵六",
    "sign-up": "端午包粽子 报名20人",
    "sign-up of parties": "端午包粽子 报名20人 每户3人",
    "budget": "花坛改造 选项 长椅 2万 路灯 3万 石桌 1.5万 预算5万",
    "equal shares": "花坛改造 选项 长椅 2万 路灯 3万 石桌 1.5万 预算5万 平分预算",
    "times": "恳谈会哪天开 约时间 选项 周六上午 周六下午 周日上午",
    "stance": "装不装充电桩 表决",
    "secret": "选监督员 选项 张三 李四 秘密投票",
    "household": "装不装充电桩 户代表表决",
    "residents": "装不装充电桩 居民会议",
    "owners": "更换物业公司 业主表决",
    "owners, special": "用维修资金 业主特别表决",
    "unanimous": "装电梯 一致同意",
}


@pytest.mark.parametrize("opening", OPENINGS.values(), ids=OPENINGS)
def test_every_example_of_a_notice_is_a_ballot(opening: str, sqlite_db: Database, redis: Redis) -> None:
    """Each quoted `P1 …` of the notice, of the list, of the help and of the reminder of a refused ballot counts."""
    stage = Stage(sqlite_db, redis)
    try:
        for line in ("时间 2026-03-02 10:00", "群 翠苑三区: 王阿姨=网格员, 李叔@1幢1单元101", "名册 1幢1单元101 88.42 李叔"):
            stage.play(line)
        said = stage.play(f"王阿姨(私聊): 发起投票 {opening} 范围 全小区 截止 明晚8点")
        texts = [said[-1], *(stage.play(f"李叔(私聊): {words}")[0] for words in ("投票", "怎么投", "P1 哎呀我也不晓得"))]
        for text in texts:
            examples = re.findall(r"“(P1 [^”]+)”", text)
            assert examples, text
            for example in examples:
                for where in ("(私聊)", ""):
                    answer = stage.play(f"李叔{where}: {example}")[0]
                    assert re.match(r"机器人(→李叔)?: (记下了|改好了)：", answer), f"{example}: {answer}"
    finally:
        stage.close()
