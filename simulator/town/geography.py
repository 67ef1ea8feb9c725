"""The ground: eleven communities of Helong street, their villages and roads, and the grid cells that tile them.

Names of communities, roads and lanes are made up in the local fashion; the codes are the synthetic ones of
sources.md. Cells are the quadrilaterals of a jittered lattice: they share edges, so a point lies in exactly one.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sqrt
from random import Random

from simulator.town.profiles import Town
from simulator.town.seeding import share, stream

DIVISION = "440111"
STREET = "440111017"
STREET_NAME = "鹤龙街道"
_WEST, _EAST, _SOUTH, _NORTH = 113.2600, 113.2980, 23.1980, 23.2330


@dataclass(frozen=True)
class Community:
    """A community: 12-digit code, name, its urban village (or none), other names in use, roads, share of estates."""

    code: str
    name: str
    village: str
    aliases: tuple[str, ...]
    roads: tuple[str, ...]
    estates: float


def _community(tail: str, stem: str, village: bool, roads: str, estates: float) -> Community:
    aliases = (f"{stem}村", f"{stem}村委会", f"{stem}居委") if village else (f"{stem}居委", f"{stem}居委会")
    village_name = f"{stem}村" if village else ""
    return Community(STREET + tail, f"{stem}社区", village_name, aliases, tuple(roads.split()), estates)


COMMUNITIES = (
    _community("001", "鹤龙", False, "鹤龙一路 鹤龙二路 鹤龙三路 鹤龙横路", 0.6),
    _community("002", "黄边", True, "黄边北路 黄边南路 黄边一横路 黄边二横路", 0.25),
    _community("003", "尹边", True, "尹边路 尹边东路 尹边西路 尹边一横路", 0.1),
    _community("005", "鹤边", True, "鹤边南路 鹤边北路 鹤边中路 鹤边一横路", 0.15),
    _community("006", "彭上", True, "彭上路 彭上东路 彭上一横路 彭上二横路", 0.1),
    _community("008", "彭西", True, "彭西路 彭西南路 彭西一横路 彭西工业路", 0.1),
    _community("009", "联边", True, "联边路 联边大道 联边东路 联边一横路", 0.2),
    _community("011", "长红", True, "长红路 长红南路 长红北路 长红一横路", 0.2),
    _community("012", "启德", False, "启德路 启德东路 启德一路 启德二路", 0.8),
    _community("013", "云鹤", False, "云鹤路 云鹤南街 云鹤北街 云鹤中路", 0.7),
    _community("014", "百信", False, "百信路 百信一街 百信二街 百信三街", 0.6),
)


@dataclass(frozen=True)
class Cell:
    """A grid cell: its running number, 15-digit code, community, rank in the community and four corners."""

    index: int
    code: str
    name: str
    community: Community
    rank: int
    corners: tuple[tuple[float, float], ...]

    @property
    def polygon(self) -> str:
        """The cell as WKT."""
        ring = ", ".join(f"{lng:.6f} {lat:.6f}" for lng, lat in (*self.corners, self.corners[0]))
        return f"POLYGON (({ring}))"

    @property
    def centre(self) -> tuple[float, float]:
        """The mean of the corners."""
        lngs, lats = zip(*self.corners, strict=True)
        return round(sum(lngs) / 4, 6), round(sum(lats) / 4, 6)

    def point(self, random: Random) -> tuple[float, float]:
        """Pick a point well inside the cell."""
        u, v = 0.1 + 0.8 * random.random(), 0.1 + 0.8 * random.random()
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.corners
        lng = (1 - v) * ((1 - u) * ax + u * bx) + v * ((1 - u) * dx + u * cx)
        lat = (1 - v) * ((1 - u) * ay + u * by) + v * ((1 - u) * dy + u * cy)
        return round(lng, 6), round(lat, 6)


def _corner(seed: int, column: int, row: int, width: int, height: int) -> tuple[float, float]:
    """Place one lattice point, moved by up to a fifth of a cell inside the street."""
    random = stream(seed, "lattice", column, row)
    across = 0.0 if column in (0, width) else 0.4 * random.random() - 0.2
    along = 0.0 if row in (0, height) else 0.4 * random.random() - 0.2
    lng = _WEST + (_EAST - _WEST) * (column + across) / width
    lat = _SOUTH + (_NORTH - _SOUTH) * (row + along) / height
    return round(lng, 6), round(lat, 6)


@lru_cache(maxsize=16)
def make_cell(town: Town, index: int) -> Cell:
    """Make the grid cell of one running number; communities own runs of neighbouring cells."""
    grids = town.profile.grids
    number = index * len(COMMUNITIES) // grids
    rank = index - -(-number * grids // len(COMMUNITIES))
    community = COMMUNITIES[number]
    width = ceil(sqrt(grids))
    height = ceil(grids / width)
    column, row = index % width, index // width
    steps = ((0, 0), (1, 0), (1, 1), (0, 1))
    corners = tuple(_corner(town.seed, column + x, row + y, width, height) for x, y in steps)
    name = f"{community.name}第{rank + 1}网格"
    return Cell(index, f"{community.code}{rank + 1:03d}", name, community, rank, corners)


def cell_share(town: Town, total: int, index: int) -> int:
    """Give a grid its share of a figure of the whole town."""
    return share(total, index, town.profile.grids)


def hyphened(code: str) -> str:
    """Write a 15-digit grid code as 6-3-3-3."""
    return f"{code[:6]}-{code[6:9]}-{code[9:12]}-{code[12:]}"
