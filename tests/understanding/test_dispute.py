"""What sounds like a quarrel is one, and what only uses such words is not; what is never put to a vote."""

import pytest

from domain.warning import Level, level_of, score
from understanding.affair import never_voted, shows
from understanding.dispute import signs

HOT = {
    "violence": ["再不修我就跟他拼了", "你等着我弄死你", "楼上再吵我就砍人了", "谁再停我车位我砸了他的车", "我要拿刀去找他", "再不管我就泼汽油了", "信不信我揍你",
                 "动手了，两家打起来了", "昨天他拿刀威胁我", "逼急了我弄死他", "别逼我跟你拼命"],
    "mass": ["我们几十户准备一起去堵物业的门", "明天大家一起去街道讨说法", "全小区都不交物业费了", "业主准备拉横幅", "三十多户联名上访", "集体罢交物业费",
             "如果物业再不处理我们就去拉横幅", "再这样下去我们业主要集体维权"],
    "escalation": ["再不解决就打12345曝光你们", "我已经找了记者", "准备去信访", "不修就起诉物业", "要告到市里去", "不给个说法就网上见"],
    "repeat": ["打了好几次12345都没用", "反映了五六次了没人管", "这是第三次反映了", "多次投诉没人理"],
    "buck_passing": ["物业说归社区，社区说归物业", "互相踢皮球", "谁都不管"],
    "insult": ["楼上那家不要脸", "物业都是垃圾东西", "隔壁神经病"],
}
COLD = [
    "笑死", "杀价", "这电影太炸了", "笑死我了哈哈哈", "菜市场砍价真厉害", "热死了空调坏了", "没人要打架", "不会去上访的", "假如打起来怎么办", "万一有人跟他拼命怎么办",
    "打人犯法吗", "以前这里有人拉横幅", "去年差点打起来，现在和好了", "别的小区拉横幅了", "新闻里说业主堵门", "车把大门堵了", "垃圾堵门口了", "拼命加班", "打死我也不信",
    "小区广告到处都是", "起诉要什么材料", "12345电话是多少", "一起去爬山吧", "三十多户一起团购车厘子", "我家水管炸了", "这游戏打死他", "蚊子杀死它", "谁有菜刀借我", "谢谢您，不客气",
    "我们三十户都没水", "物业通知告知大家", "担心有人打架", "我没说要起诉", "电梯坏了没人修", "请不要堵门", "砸墙装修太吵", "抢红包拼手气拼了", "菜刀钝了哪里磨", "我弄死了一只蟑螂"]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in HOT.items() for text in texts])
def test_a_sign_is_seen(kind: str, text: str) -> None:
    assert kind in signs(text)


@pytest.mark.parametrize("text", COLD)
def test_jokes_tales_questions_and_denials_stay_below_yellow(text: str) -> None:
    assert level_of(score(signs(text))) in (Level.NONE, Level.BLUE)


@pytest.mark.parametrize(("title", "options"), [
    ("要不要允许飞线充电", ["允许", "不允许"]), ("是否同意占用消防通道停车", ["同意", "不同意"]), ("楼道里能不能放电瓶车", ["能", "不能"]), ("飞线充电", ["允许", "禁止"]),
    ("可不可以拆承重墙", ["可以", "不可以"]), ("要不要禁止飞线充电", ["要", "不要"]), ("要不要给不交物业费的停水停电", ["要", "不要"]), ("要不要保留3幢的违建", ["保留", "拆除"]),
    ("顶楼加盖阳光房，大家同意吗", ["同意", "反对"]), ("流浪狗怎么办", ["毒死", "送收容所"]), ("要不要一起去堵物业的门", ["去", "不去"]), ("电瓶车停哪里", ["楼道充电", "车棚"]),
    ("要不要不准外地人租住", ["同意", "反对"])])
def test_danger_and_wrong_are_never_voted(title: str, options: list[str]) -> None:
    assert never_voted(title, options)


@pytest.mark.parametrize(("title", "options"), [
    ("要不要装电梯", ["同意", "反对"]), ("飞线充电怎么治理", ["装充电桩", "巡查劝导"]), ("要不要装充电桩", ["同意", "反对"]), ("消防通道要不要装监控", ["同意", "反对"]),
    ("楼道堆物整治方案", ["同意", "反对"]), ("要不要加装梯控防止电动车进电梯", ["同意", "反对"]), ("要不要允许快递车进小区", ["允许", "不允许"]), ("南门夜间是否关闭", ["同意", "反对"]),
    ("小区要不要养狗公约", ["同意", "反对"]), ("公共收益怎么用", ["维修", "返还"]), ("要不要换物业", ["同意", "反对"])])
def test_how_a_matter_is_solved_may_be_voted(title: str, options: list[str]) -> None:
    assert never_voted(title, options) is None


@pytest.mark.parametrize(("text", "shown"), [
    ("楼上洗衣机漏水，我家吊顶湿了", {"two_homes"}), ("我家楼上漏水，整栋楼都这样", {"two_homes", "many"}), ("地下车库漏水", {"common"}),
    ("隔壁工地半夜还在打桩", {"site"}), ("我老公抑郁症", {"health"}), ("河边马路的路灯不亮", {"street"})])
def test_words_show_whose_it_is(text: str, shown: set[str]) -> None:
    assert shown <= shows(text)
