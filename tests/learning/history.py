"""A small history of labelled complaints for the tests of this folder."""

from learning.labelled import Row

TOLD = {
    "电梯": ("电梯停了一周没人修", "电梯里异响很吓人", "2单元电梯又坏了", "电梯困人没人管", "电梯门关不上", "电梯按钮失灵",
    "电梯晃得厉害", "坐电梯突然下坠"),
    "停车": ("车位被占了", "消防通道乱停车", "外来车辆乱停没人管", "停车费又涨了", "地锁把车位锁住", "僵尸车占着车位",
    "门口堵车出不去", "电瓶车停在车位上"),
    "卫生": ("垃圾桶满了没人清", "楼道里很脏", "垃圾房臭得不行", "保洁好几天没来", "蟑螂老鼠到处跑", "草坪上全是狗屎",
    "垃圾堆在楼下", "公共厕所很臭"),
}
LONG = ("，我们住在这里的居民都很着急", "，老人和孩子进出实在不方便", "，上个星期就打过电话，没有下文",
    "，请有关部门尽快来看看", "，问了好几家都是这样说",
        "，物业只会说再等等", "，不知道该找谁才好", "，天热了更是受不了")


def rows(places: int = 4) -> list[Row]:
    """So many buildings tell the same; every other one at length."""
    return [Row(f"{n}幢{said}{LONG[i] + LONG[(i + k + 3) % 8] if n % 2 else ''}", label)
            for k, (label, told) in enumerate(TOLD.items()) for i, said in enumerate(told) for n in range(1, places + 1)]
