"""Organisations of a grid: companies, shops and workshops with valid credit codes, and where they sit."""

from dataclasses import dataclass
from functools import lru_cache

from simulator.town.buildings import Room, make_layout
from simulator.town.clock import DAYS
from simulator.town.geography import cell_share
from simulator.town.names import surname
from simulator.town.numbers import credit_code
from simulator.town.profiles import Town
from simulator.town.seeding import pick, stream, weigh, words

_STEMS = words(
    "宏达 鑫盛 恒泰 云鹤 嘉禾 粤美 联创 百汇 顺意 华兴 金源 锦绣 天成 盛世 汇丰源"
    " 卓越 翔宇 永信 佳诚 德利 万通 雅致 龙腾 晨光 海纳"
)
_MORE = "丰隆泰和兴美盈益康源新达"
_TRADES = (
    ("皮具", "C1922", "04"),
    ("服装", "C1811", "04"),
    ("化妆品", "F5126", "02"),
    ("餐饮", "H6210", "02"),
    ("百货", "F5211", "02"),
    ("五金", "F5174", "02"),
    ("汽车配件", "F5263", "05"),
    ("物流", "G5430", "05"),
    ("信息科技", "I6510", "03"),
    ("物业管理", "K7020", "03"),
    ("建筑工程", "E4700", "03"),
    ("美容", "O8040", "02"),
    ("幼儿教育", "P8310", "03"),
)
_KINDS = (("10", 0.55), ("30", 0.4), ("50", 0.05))
"""Kind of employer (`aab019`): 10 company, 30 individual business, 50 private non-enterprise unit."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation, its trade (GB/T 4754), premises, days of opening and closing, and staff."""

    organisation: str
    name: str
    credit_code: str
    kind: str
    trade: str
    room: Room
    opened: int
    closed: int | None
    staff: int


@lru_cache(maxsize=4)
def make_organisations(town: Town, grid: int) -> tuple[Organisation, ...]:
    """Found the organisations of one grid."""
    random, layout = stream(town.seed, "organisations", grid), make_layout(town, grid)
    premises = [room for room in layout.rooms if room.use != "01"] or list(layout.rooms)
    first = grid * town.profile.organisations // town.profile.grids
    made = []
    for place in range(cell_share(town, town.profile.organisations, grid)):
        trade, code, _ = pick(random, _TRADES)
        kind = weigh(random, _KINDS)
        stem = pick(random, _STEMS) + (pick(random, _MORE) if random.random() < 0.6 else "")
        if kind == "30":
            name = f"广州市白云区鹤龙{surname(random, True)}{stem[0]}{trade}{pick(random, ('店', '商行', '经营部'))}"
        else:
            name = f"广州市{stem}{trade}{'有限公司' if kind == '10' else '中心'}"
        opened = -int(random.random() * 3_000) if random.random() < 0.7 else int(random.random() * (DAYS - 90))
        closed = max(opened, 0) + 60 + int(random.random() * 3_000) if random.random() < 0.3 else None
        staff = 1 + int(random.paretovariate(0.9)) if kind != "30" else 1 + int(random.random() * 5)
        number = first + place
        code_kind = {"10": "91", "30": "92", "50": "52"}[kind]
        made.append(
            Organisation(
                f"O{number:07d}",
                name,
                credit_code(number, code_kind),
                kind,
                code,
                pick(random, premises),
                opened,
                closed if closed is not None and closed < DAYS else None,
                min(staff, 3_000),
            )
        )
    return tuple(made)
