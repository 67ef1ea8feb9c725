"""Official numbers with their check digits: resident IDs, permits, credit codes and plates.

Nobody owns them: resident IDs carry division prefixes that were never allocated (440197, 430197, 450197), permanent
residence cards a province 97, credit codes the division 440197.
"""

from random import Random

from simulator.town.clock import date_of
from simulator.town.seeding import pick

PREFIXES = ("440197", "430197", "450197")
_HALF = 250
SLOTS = _HALF * len(PREFIXES)
"""Numbers one birth date has for one sex; as many again are kept for a twin."""

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def id_check(first17: str) -> str:
    """Return the check character of a resident ID (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, first17, strict=True))
    return "10X98765432"[total % 11]


def id_is_valid(number: str) -> bool:
    """Tell whether an 18-character number holds its check character."""
    return len(number) == 18 and number[:17].isdigit() and id_check(number[:17]) == number[17]


def lift_id(number: str) -> str:
    """Lift a 15-digit ID to 18 characters."""
    first17 = number[:6] + "19" + number[6:]
    return first17 + id_check(first17)


def lower_id(number: str) -> str:
    """Write an 18-character ID of somebody born before 2000 in its old 15 digits."""
    return number[:6] + number[8:17]


class IdPool:
    """Hands out resident IDs of one grid; no two grids of a town ever hand out the same number.

    A birth date has 750 numbers for each sex. Each belongs to exactly one grid, by a shifting remainder, so no
    grid needs to know what the others gave away; the number after it is its own twin's.
    """

    def __init__(self, grid: int, grids: int) -> None:
        self.grid, self.grids = grid, grids
        self._taken: set[tuple[int, int, int]] = set()

    def take(self, random: Random, birth: int, sex: int, prefix: str) -> tuple[str, int]:
        """Take a number near the wanted birth day and, if possible, with the wanted prefix: (number, birth day)."""
        wanted = PREFIXES.index(prefix)
        while True:
            first = (self.grid + 1_009 * birth) % self.grids
            free = [slot for slot in range(first, SLOTS, self.grids) if (birth, sex, slot) not in self._taken]
            if free:
                slot = pick(random, [slot for slot in free if slot // _HALF == wanted] or free)
                self._taken.add((birth, sex, slot))
                serial = 4 * (slot % _HALF) + sex % 2
                first17 = f"{PREFIXES[slot // _HALF]}{date_of(birth):%Y%m%d}{serial:03d}"
                return first17 + id_check(first17), birth
            birth -= 1


def twin_id(number: str, sex: int) -> str:
    """Give the number kept for the twin of somebody from an `IdPool`."""
    first17 = f"{number[:14]}{int(number[14:17]) // 4 * 4 + 2 + sex % 2:03d}"
    return first17 + id_check(first17)


def permanent_card(country: str, birth: int, serial: int) -> str:
    """Make a foreign permanent resident card of the 2023 kind, with a province code nobody uses."""
    first17 = f"997{country}{date_of(birth):%Y%m%d}{serial % 1000:03d}"
    return first17 + id_check(first17)


def credit_code(serial: int, kind: str = "91") -> str:
    """Make the unified social credit code of the `serial`-th organisation (GB 32100 around GB 11714)."""
    body, left = "", serial * 7_919 % 31**5
    for _ in range(5):
        body, left = _USCC[left % 31] + body, left // 31
    body = "MA5" + body
    total = sum(w * int(character, 36) for w, character in zip(_ORG_WEIGHTS, body, strict=True))
    first17 = f"{kind}{PREFIXES[0]}{body}{'0123456789X0'[(11 - total % 11)]}"
    total = sum(w * _USCC.index(character) for w, character in zip(_USCC_WEIGHTS, first17, strict=True))
    return first17 + _USCC[(31 - total % 31) % 31]


def plate(serial: int) -> tuple[str, str]:
    """Make the plate of the `serial`-th vehicle and its kind (GA 36; 02 small, 01 large, 52 and 51 new energy)."""
    digits = serial * 7_919 % 100_000
    series = serial // 100_000
    if serial % 6 == 0:
        return f"粤A{'DABCE'[series % 5]}{digits:05d}", "52"
    if serial % 97 == 0:
        return f"粤A{digits:05d}{'DF'[series % 2]}", "51"
    four = serial * 7_919 % 10_000
    at = serial // 240_000 % 4
    text = f"{four:04d}"
    letter = _PLATE_LETTERS[serial // 10_000 % 24]
    return f"粤A{text[:at]}{letter}{text[at:]}", "01" if serial % 41 == 0 else "02"
