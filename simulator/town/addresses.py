"""The many ways in which one room's address is written: prefixes, numerals, 栋 or 座, 房 or 室, floor or none.

Nothing here is a defect: every text still names exactly one room. The elements stand in `Building` and `Room`.
"""

from random import Random

from simulator.town.buildings import Building, Room
from simulator.town.seeding import pick, weigh

_DIGITS = "零一二三四五六七八九"
_PREFIXES = (
    "广东省广州市白云区鹤龙街道",
    "广州市白云区鹤龙街",
    "广州市白云区鹤龙街道",
    "白云区鹤龙街道",
    "白云区鹤龙街",
    "",
)
_SUBS = ((0, 0.7), (1, 0.15), (2, 0.15))
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def numeral(value: int) -> str:
    """Write 1 to 99 in Chinese numerals."""
    tens, ones = divmod(value, 10)
    if tens == 0:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


def door_plate(building: Building) -> str:
    """Write the door as its plate does: 黄边北路88号之二."""
    return f"{building.street}{building.number}号" + (f"之{numeral(building.sub)}" if building.sub else "")


def standard(building: Building, room: Room | None = None) -> str:
    """Write the standard address of a building, or of a room in it."""
    text = f"广东省广州市白云区鹤龙街道{building.cell.community.name}{door_plate(building)}"
    if building.block:
        text += f"{building.estate}{building.block}栋"
    if room is not None:
        text += (f"{room.unit}单元" if building.units > 1 else "") + f"{room.number}房"
    return text


def _street(random: Random, building: Building) -> str:
    """Write the street; in a lane of a village the numeral may be a digit and 村 may be left out."""
    street = building.street
    if building.kind != "village":
        return street
    if random.random() < 0.25:
        for value in range(12, 0, -1):
            street = street.replace(numeral(value) + "巷", f"{value}巷").replace(
                numeral(value) + "横路", f"{value}横路"
            )
    # 黄边村一横路 without 村 would be the road 黄边一横路, another place.
    return street.replace("村", "", 1) if random.random() < 0.2 and "横路" not in street else street


def _door(random: Random, building: Building) -> str:
    number = str(building.number)
    if random.random() < 0.03:
        number = number.translate(_WIDE)
    if not building.sub:
        return f"{number}号" if random.random() < 0.98 else f"{number}號"
    form = weigh(random, _SUBS)
    if form == 0:
        return f"{number}号之{numeral(building.sub)}"
    return f"{number}之{numeral(building.sub)}号" if form == 1 else f"{number}-{building.sub}号"


def _block(random: Random, building: Building) -> str:
    if not building.block:
        return ""
    name = building.estate if random.random() < 0.85 else ""
    block = numeral(building.block) if random.random() < 0.1 else str(building.block)
    return name + block + pick(random, ("栋", "栋", "幢", "座", "号楼"))


def _place(random: Random, room: Room) -> str:
    unit = ""
    if room.building.units > 1:
        unit = f"{room.unit}单元" if random.random() < 0.8 else f"{numeral(room.unit)}单元"
    style = random.random()
    if style < 0.5:
        return f"{unit}{room.number}房"
    if style < 0.65:
        return f"{unit}{room.number}室"
    if style < 0.9:
        return f"{unit}{room.number}"
    return f"{unit}{numeral(room.floor)}楼{room.number}" + ("房" if style < 0.95 else "")


def write_building(random: Random, building: Building) -> str:
    """Write the address of a building in one of the usual ways."""
    prefix = pick(random, _PREFIXES)
    community = building.cell.community.name if random.random() < 0.4 else ""
    return prefix + community + _street(random, building) + _door(random, building) + _block(random, building)


def write_room(random: Random, room: Room) -> str:
    """Write the address of a room in one of the usual ways."""
    return write_building(random, room.building) + _place(random, room)
