"""Buildings, door plates and rooms of one grid: estates, road fronts, urban-village houses and workshops."""

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from simulator.town.geography import Cell, cell_share, make_cell
from simulator.town.profiles import Town
from simulator.town.seeding import pick, stream, words

_WEIGHT = {"estate": 38.0, "road": 13.0, "village": 8.5, "works": 7.0}
_BLOCKS = words("东坊 西坊 南坊 北坊 中坊")
_HAMLETS = words("永安里 仁和里 长庆里 福星里 聚龙里 居仁里 太平里 同德里")
_ESTATE_STEMS = words(
    "云鹤 岭南 白云 金碧 翠园 恒福 丽景 百顺 祥和 御景 凯旋 学府 星河 逸翠 嘉禾 龙湖 汇侨 松云 合益 明珠"
)
_ESTATE_KINDS = words("花园 苑 新村 雅居 名庭 小区 华府")


@dataclass(frozen=True, slots=True)
class Building:
    """A building. Its door is (street, number, sub); an estate adds its name and the number of the block."""

    building: str
    index: int
    kind: str
    cell: Cell
    street: str
    number: int
    sub: int
    self_numbered: bool
    estate: str
    block: int
    units: int
    layers: int
    rooms: int
    lng: float
    lat: float
    guid: str
    old_guid: str
    door_guid: str
    code: str


@dataclass(frozen=True, slots=True)
class Room:
    """A room or dwelling of a building; `number` is floor times 100 plus the place on the floor."""

    room: str
    index: int
    building: Building
    unit: int
    floor: int
    number: int
    use: str
    rented: bool
    area: float
    spaces: int
    plate_code: str

    @property
    def house_code(self) -> str:
        """The code of the room in social governance."""
        return f"{self.building.code}{self.index % 10_000:04d}"


@dataclass(frozen=True)
class Layout:
    """What stands in one grid."""

    cell: Cell
    buildings: tuple[Building, ...]
    rooms: tuple[Room, ...]


def _guid(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _kinds(random: Random, cell: Cell, count: int) -> list[str]:
    """Choose the kinds of a grid's buildings after the character of its community."""
    estates = max(1, round(count * 0.25 * cell.community.estates))
    works = round(count * 0.06)
    rest = count - estates - works
    villages = round(rest * (0.75 if cell.community.village else 0.0))
    kinds = ["estate"] * estates + ["works"] * works + ["village"] * villages + ["road"] * (rest - villages)
    random.shuffle(kinds)
    return kinds[:count]


def _room_counts(random: Random, kinds: list[str], rooms: int) -> list[int]:
    """Share the rooms of a grid among its buildings; the counts add up to `rooms` exactly."""
    weights = [_WEIGHT[kind] * (0.6 + 0.8 * random.random()) for kind in kinds]
    total, before, counts = sum(weights), 0.0, []
    spare = rooms - len(kinds)
    for weight in weights:
        after = before + weight
        counts.append(1 + int(spare * after / total + 1e-9) - int(spare * before / total + 1e-9))
        before = after
    counts[-1] += rooms - sum(counts)
    return counts


class _Doors:
    """Gives every building of a grid a door nobody else has, without knowing the other grids."""

    def __init__(self, random: Random, cell: Cell) -> None:
        self.random, self.cell = random, cell
        self.used: set[tuple[str, int, int]] = set()
        self.blocks: dict[str, int] = {}
        self.plates: dict[tuple[str, int, int], str] = {}
        roads = cell.community.roads
        places = [(cell.rank * 2 + step) for step in range(2)]
        self.roads = [(roads[place % len(roads)], place // len(roads) * 150) for place in places]
        self.lanes = [self._lane(cell.rank * 6 + step) for step in range(6)]
        self.estates = [self._estate(cell.rank * 2 + step) for step in range(2)]

    def _lane(self, place: int) -> tuple[str, int]:
        """Name the lane of a village with this running number, and where its door numbers start in this grid."""
        village, (turn, place) = self.cell.community.village, divmod(place, 78)
        if place < 60:
            lane = f"{_BLOCKS[place % 5]}{'一二三四五六七八九十'[place // 5] if place < 50 else ''}巷"
            lane = lane if place < 50 else f"{_BLOCKS[place % 5]}十{'一二'[(place - 50) // 5]}巷"
        elif place < 68:
            lane = _HAMLETS[place - 60]
        elif place < 74:
            lane = f"{'一二三四五六'[place - 68]}横路"
        else:
            lane = f"{'新大正后'[place - 74]}街"
        return village + lane, turn * 60

    def _estate(self, place: int) -> tuple[str, str, int]:
        """Name an estate and give it one door on a road of the grid."""
        turn, place = divmod(place * 11 + int(self.cell.community.code[-3:]) % 11, 140)
        name = _ESTATE_STEMS[place % 20] + _ESTATE_KINDS[place // 20]
        sub = 1
        while sub:
            road, number, sub = self.door("road")
        return name + (f"{'一二三四五六七八九'[turn % 9]}期" if turn else ""), road, number

    def door(self, kind: str) -> tuple[str, int, int]:
        """Pick a free door: (street, number, sub-number or 0)."""
        lanes, span = (self.lanes, 60) if kind == "village" else (self.roads, 150)
        while True:
            street, base = pick(self.random, lanes)
            sub = 1 + int(self.random.random() * 4) if self.random.random() < 0.1 else 0
            door = (street, base + 1 + int(self.random.random() * span), sub)
            if door not in self.used:
                self.used.add(door)
                return door

    def self_numbered(self) -> tuple[str, int, int]:
        """Pick a free self-given number of the village."""
        number = self.cell.rank * 100 + 1 + int(self.random.random() * 99)
        door = (self.cell.community.village + "自编", number, 0)
        if door in self.used:
            return self.self_numbered()
        self.used.add(door)
        return door


def _make_building(random: Random, doors: _Doors, cell: Cell, index: int, kind: str, rooms: int) -> Building:
    estate, block, own = "", 0, False
    if kind == "estate":
        estate, street, number = pick(random, doors.estates)
        block = doors.blocks[estate] = doors.blocks.get(estate, 0) + 1
        sub = 0
    elif kind == "village" and random.random() < 0.2:
        (street, number, sub), own = doors.self_numbered(), True
    else:
        street, number, sub = doors.door(kind)
    units = 2 if kind == "estate" and rooms >= 24 else 1
    width = {"estate": 2 if rooms < 60 else 4, "road": 3, "village": 2, "works": 3}[kind] * units
    lng, lat = cell.point(random)
    new, old = _guid(random), _guid(random)
    plate = doors.plates.setdefault((street, number, sub), _guid(random))
    return Building(
        f"B{cell.index:04d}-{index:03d}",
        index,
        kind,
        cell,
        street,
        number,
        sub,
        own,
        estate,
        block,
        units,
        -(-rooms // width),
        rooms,
        lng,
        lat,
        new,
        old,
        plate,
        f"{cell.code}{index + 1:04d}",
    )


def _use(random: Random, building: Building, floor: int) -> str:
    """Say what a room is for: 01 dwelling, 02 shop, 03 office, 04 industry, 05 store."""
    if building.kind == "works":
        return pick(random, ("04", "04", "05", "01"))
    if building.kind != "estate" and floor == 1:
        return pick(random, ("02", "02", "02", "01", "05"))
    return "03" if building.kind == "road" and random.random() < 0.04 else "01"


def _make_rooms(random: Random, building: Building, first: int) -> list[Room]:
    width = -(-building.rooms // (building.layers * building.units))
    local = {"estate": 0.55, "road": 0.31, "village": 0.17, "works": 0.0}[building.kind]
    rooms = []
    for place in range(building.rooms):
        floor, rest = divmod(place, width * building.units)
        unit, number = rest // width + 1, (floor + 1) * 100 + rest % width + 1
        use = _use(random, building, floor + 1)
        area = round(18 + 30 * random.random() + (45 * random.random() if building.kind == "estate" else 0), 1)
        rooms.append(
            Room(
                f"R{building.cell.index:04d}-{first + place:04d}",
                first + place,
                building,
                unit,
                floor + 1,
                number,
                use,
                use != "01" or random.random() >= local,
                area,
                1 + int(area / 28),
                f"{random.getrandbits(100) % 10**30:030d}",
            )
        )
    return rooms


@lru_cache(maxsize=4)
def make_layout(town: Town, index: int) -> Layout:
    """Build the buildings and rooms of one grid."""
    random, cell = stream(town.seed, "layout", index), make_cell(town, index)
    count = cell_share(town, town.profile.buildings, index)
    kinds = _kinds(random, cell, count)
    doors = _Doors(random, cell)
    buildings: list[Building] = []
    rooms: list[Room] = []
    counts = _room_counts(random, kinds, cell_share(town, town.profile.rooms, index))
    for number, (kind, size) in enumerate(zip(kinds, counts, strict=True)):
        building = _make_building(random, doors, cell, number, kind, size)
        buildings.append(building)
        rooms.extend(_make_rooms(random, building, len(rooms)))
    return Layout(cell, tuple(buildings), tuple(rooms))
