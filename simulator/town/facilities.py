"""Public facilities of a grid: manhole covers, lamps, bins, hydrants, with their 16-digit part codes."""

from dataclasses import dataclass
from functools import lru_cache

from simulator.town.geography import DIVISION, cell_share, make_cell
from simulator.town.profiles import Town
from simulator.town.seeding import pick, stream

KINDS = (
    ("0101", "上水井盖", "白云区水务局"),
    ("0102", "污水井盖", "白云区水务局"),
    ("0104", "雨水井盖", "白云区水务局"),
    ("0107", "路灯", "白云区住房建设局"),
    ("0109", "消防栓", "白云区消防救援大队"),
    ("0113", "通信交接箱", "中国电信白云分公司"),
    ("0203", "公交站亭", "白云区交通局"),
    ("0205", "人行天桥", "白云区交通局"),
    ("0211", "交通信号灯", "白云区交警大队"),
    ("0301", "公共厕所", "白云区城市管理局"),
    ("0303", "垃圾箱", "白云区城市管理局"),
    ("0305", "垃圾投放点", "白云区城市管理局"),
    ("0401", "行道树", "白云区城市管理局"),
    ("0404", "绿地护栏", "白云区城市管理局"),
    ("0507", "宣传栏", "鹤龙街道办事处"),
)


@dataclass(frozen=True, slots=True)
class Facility:
    """One public facility: 6 digits of division, 2 of class, 2 of kind and 6 of serial number."""

    part_code: str
    name: str
    owner: str
    lng: float
    lat: float


@lru_cache(maxsize=4)
def make_facilities(town: Town, grid: int) -> tuple[Facility, ...]:
    """Place the facilities of one grid."""
    random, cell = stream(town.seed, "facilities", grid), make_cell(town, grid)
    first = grid * town.profile.facilities // town.profile.grids
    made = []
    for place in range(cell_share(town, town.profile.facilities, grid)):
        kind, name, owner = pick(random, KINDS)
        lng, lat = cell.point(random)
        made.append(Facility(f"{DIVISION}{kind}{first + place + 1:06d}", name, owner, lng, lat))
    return tuple(made)
