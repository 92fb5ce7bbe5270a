"""Where in the community: buildings, entrances, rooms and named spots, each in one spelling."""

import re
from dataclasses import dataclass

from texts.normal import plain
from texts.numbers import digits, number

_B = r"(?:\d{1,3}|[零〇一二两三四五六七八九十]{1,3})"
_ROOM = r"(?:\d{3,4}|[零〇一二三四五六七八九]{3,4})"
_HOUSE = rf"(?<![\d第A-Za-z-])(?P<building>{_B}|[A-Za-z])\s?(?:幢|栋|号楼|座|#楼?)"
_ADDRESS = re.compile(
    rf"{_HOUSE}\s?(?:(?P<entrance>{_B})\s?(?:单元|门洞|梯)\s?)?(?:(?P<room>{_ROOM})(?![\d年月日点元块])\s?(?:室|房|号)?)?")
_DASHED = re.compile(
    r"(?<![\d./-])(?P<building>\d{1,3})-(?:(?P<entrance>\d)-)?(?P<room>\d{3,4})(?![\d.:/年月-])\s?(?:室|房)?")
_ENTRANCE = re.compile(rf"(?<![\d第])(?P<entrance>{_B})\s?单元")
_SIDE = r"(?:[东南西北小大后]|中心|东北|西北|东南|西南|\d号)?"
_SPOT = re.compile(
    r"地下车库(?:[A-Za-z]区)?|地下室|地库|负[一二]层|[A-Z]区\d{2,4}(?:号)?车位|(?:非机动)?车库(?:入口|出口|[A-Za-z]区)?|"
    r"(?:小区|幼儿园|学校|菜场|超市|地铁)?(?:大门口|门口)|(?:东|南|西|北|正|大|后|侧|前|边|\d{1,2}号)门(?!诊)|"
    rf"校门口|电梯[口间厅]|顶楼|楼梯口|楼梯间|楼梯|楼道|走廊|门厅|绿化带|{_SIDE}花园|小公园|景观池|水景池|喷水池|喷泉|花坛|草坪|{_SIDE}广场(?!舞)|"
    rf"儿童乐园|游乐场|健身区|健身角|凉亭|垃圾房|垃圾站|垃圾亭|垃圾投放点|停车场|充电棚|车棚|快递柜|驿站|物业办公室|门卫|{_SIDE}岗亭|保安亭|"
    rf"门岗|{_SIDE}围墙(?!边的?人)|天台|楼顶|屋顶|架空层|消防通道|小区主路|主干道|主路|步道|河边|河道|池塘|人行道|公交站|商业街|美食街|商铺|"
    rf"老?[东南西北]区|配电[房间]|变电房|电梯井|活动中心|活动室|会所|棋牌室|阅览室|菜场|公厕|游?泳池|游泳馆|篮球场|羽毛球场|乒乓球台|公告栏|"
    rf"党群服务中心|便民(?:服务)?中心|日间照料中心|托育点|一楼大厅|大堂")


@dataclass(frozen=True, slots=True)
class Home:
    """A dwelling: the building as it is numbered, the entrance if there are several, the room."""

    building: str
    entrance: str | None
    room: str

    @property
    def label(self) -> str:
        """The spelling used everywhere: 3幢2单元501."""
        return _label(self.building, self.entrance, self.room)


def place(text: str) -> str | None:
    """The place a sentence speaks of, the most exact one, in one spelling."""
    words = plain(text)
    for pattern in (_DASHED, _ADDRESS, _ENTRANCE):
        if found := pattern.search(words):
            said = found.groupdict()
            return _label(_name(said.get("building")), _name(said.get("entrance")), _room(said.get("room")))
    spot = _SPOT.search(words)
    if spot is None or spot[0] == "门口":
        return None
    return {"地库": "地下车库", "楼梯": "楼梯间"}.get(spot[0], spot[0])


def home(text: str) -> Home | None:
    """The dwelling that the whole text names."""
    words = plain(text).removeprefix("绑定").strip(" ,。:;!")
    found = _DASHED.fullmatch(words) or _ADDRESS.fullmatch(words)
    if found is None or not found["room"] or not found["building"]:
        return None
    return Home(_name(found["building"]) or "", _name(found["entrance"]), _room(found["room"]) or "")


def room(text: str) -> str | None:
    """The dwelling, entrance or building that stands anywhere in the text, in one spelling."""
    words = plain(text)
    found = [m for pattern in (_DASHED, _ADDRESS, _ENTRANCE) for m in pattern.finditer(words)]
    parts = [m.groupdict() for m in found]
    best = next((p for p in parts if p.get("room")), parts[0] if parts else None)
    return _label(_name(best.get("building")), _name(best.get("entrance")), _room(best.get("room"))) if best else None


def building(text: str) -> str | None:
    """The building that the whole text names: 三号楼 is 3幢."""
    found = _ADDRESS.fullmatch(plain(text).strip(" ,。"))
    return _label(_name(found["building"]), None, None) if found and not found["entrance"] and not found["room"] else None


def house(spelled: str) -> str | None:
    """The building in which a place lies that is spelled as we spell it: of 3幢2单元501 it is 3幢."""
    name, mark, _ = spelled.partition("幢")
    return name + mark if mark else None


def stairwell(text: str) -> tuple[str, str] | None:
    """The building and the entrance that the whole text names: 三号楼2单元 is (3幢, 2)."""
    found = _ADDRESS.fullmatch(plain(text).strip(" ,。"))
    if found is None or not found["entrance"] or found["room"]:
        return None
    return _label(_name(found["building"]), None, None), _name(found["entrance"]) or ""


def _name(said: str | None) -> str | None:
    if said is None or (said.isascii() and said.isalpha()):
        return said.upper() if said else None
    return str(number(said))


def _room(said: str | None) -> str | None:
    return digits(said) if said else None


def _label(house: str | None, entrance: str | None, room: str | None) -> str:
    parts = (f"{house}幢" if house else "", f"{entrance}单元" if entrance else "", room or "")
    return "".join(parts)
