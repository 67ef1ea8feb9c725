"""The identity columns of person records: tokens, facets and masks in place of name and number.

Flow: numbers, types, names, births -> the columns of IDENTITY_COLUMNS; the clear text behind an unbound token goes to
the vault sink, once while it stays cached. One PersonTokeniser serves one run: its caches assume the vault still holds
what it has been given. A part of a name is hashed only together with a full birth date or an ID token, and a masked
or one-character name, which says no more than its surname, gets no unbound token at all.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Final, TypeVar

from expectations.contract import IDENTITY_COLUMNS
from extractors._kit.identity import (
    is_placeholder,
    iso_date,
    mask_of_number,
    parse_number,
)
from extractors._kit.names import read_name
from extractors._kit.tokens import Tokeniser, anchors_of

VaultSink = Callable[[str, str, str], None]
Cells = tuple[str | None, ...]
Values = Sequence[str | None]
Key = TypeVar("Key", bound=Hashable)

ID_KIND: Final = "id"
NAME_KIND: Final = "name"
# Missing birth dates are often written so; bound to it, a surname would be as good as unbound.
PLACEHOLDER_BIRTHS: Final = frozenset({"1900-01-01"})
CACHED: Final = 1 << 15
BIRTH_PARTS: Final = ("surname", "given_sound", "char1", "char2")
_ID_COLUMNS: Final = IDENTITY_COLUMNS[:8]


@lru_cache(maxsize=1 << 16)
def birth_of(raw: str | None) -> str | None:
    """A birth date as sources write it (YYYYMMDD, YYYY-MM-DD, with or without a time) as YYYY-MM-DD, else None."""
    if not raw:
        return None
    text = raw.strip()
    separated = len(text) >= 10 and text[4] == text[7] and text[4] in "-/."
    birth = iso_date(text[:4] + text[5:7] + text[8:10] if separated else text[:8])
    return None if birth in PLACEHOLDER_BIRTHS else birth


class PersonTokeniser:
    """Makes the identity columns of batches of persons; memory stays flat however many pass."""

    def __init__(self, tokeniser: Tokeniser, vault_sink: VaultSink | None = None) -> None:
        """vault_sink takes (token, kind, clear), kind `id` or `name`."""
        self._sink = vault_sink
        self._bound = tokeniser.bound
        self._id, self._tail = tokeniser.hasher("id"), tokeniser.hasher("id_tail")
        self._full = tokeniser.hasher("name")
        self._sound, self._chars = tokeniser.hasher("name_sound"), tokeniser.hasher("name_chars")
        self._names: dict[str | None, Cells] = {}
        self._numbers: dict[tuple[str | None, str | None], Cells] = {}

    def columns(
        self, numbers: Values, types: Values, names: Values, births: Values, sexes: Values
    ) -> dict[str, list[str | None]]:
        """The columns of IDENTITY_COLUMNS, row for row. Raises ValueError when the inputs differ in length.

        sexes are only counted: the sex of the record lands in its own column, id_sex is read from the number.
        """
        if len({len(numbers), len(types), len(names), len(births), len(sexes)}) != 1:
            raise ValueError("numbers, types, names, births and sexes must be equally long")
        if not numbers:
            return {column: [] for column in IDENTITY_COLUMNS}
        ids = _cached(self._numbers, zip(numbers, types, strict=True), self._build_number)
        made: dict[str, Sequence[str | None]] = dict(zip(_ID_COLUMNS, zip(*ids, strict=True), strict=True))
        parts = zip(*_cached(self._names, names, self._build_name), strict=True)
        made |= zip(("name_token", "name_mask", "name_sound_token", "name_chars_token"), parts, strict=False)
        made["name_flag"], made["name_rarity"], surname, given, char1, char2, sound, chars = parts
        made |= self._birth_columns((surname, given, char1, char2), [birth_of(b) for b in births], made["id_birth"])
        made |= self._guard_columns(surname, (sound, chars, given, char1, char2), made["id_token"])
        return {column: list(made[column]) for column in IDENTITY_COLUMNS}

    def id_tokens(self, numbers: Values, types: Values) -> list[str | None]:
        """The id_token of each number alone: who it is must be known before a name goes to the vault."""
        return [cells[0] for cells in _cached(self._numbers, zip(numbers, types, strict=True), self._build_number)]

    def _birth_columns(self, parts: Sequence[Values], births: Values, id_births: Values) -> dict[str, Values]:
        """Partial-name tokens bound to the record's date and to the ID's: one purpose, so the two are comparable."""
        other = [i if i != b else None for b, i in zip(births, id_births, strict=True)]
        by_date, by_id = anchors_of(births), anchors_of(other)
        made: dict[str, Values] = {}
        for name, values in zip(BIRTH_PARTS, parts, strict=True):
            by_birth = self._bound(f"{name}_birth", values, by_date)
            by_other = self._bound(f"{name}_birth", values, by_id)
            made[f"{name}_birth_token"] = by_birth
            made[f"{name}_idbirth_token"] = [
                t if o else r if i else None for t, o, r, i in zip(by_other, other, by_birth, id_births, strict=True)
            ]
        return made

    def _guard_columns(self, surname: Values, parts: Sequence[Values], id_tokens: Values) -> dict[str, Values]:
        """Name tokens bound to the ID token: does the name with this number fit the one that came with it before?"""
        sound, chars, given, char1, char2 = parts
        with_surname = [
            [f"{s}\x1f{c}" if s and c else None for s, c in zip(surname, char, strict=True)] for char in (char1, char2)
        ]
        anchors = anchors_of(id_tokens)
        messages = {"sound_id": sound, "chars_id": chars, "given_sound_id": given}
        messages |= {"surname_char1_id": with_surname[0], "surname_char2_id": with_surname[1]}
        return {f"{purpose}_token": self._bound(purpose, values, anchors) for purpose, values in messages.items()}

    def _build_number(self, key: tuple[str | None, str | None]) -> Cells:
        number = parse_number(*key)
        if number.check == "absent":
            return (None, None, number.id_type, "absent", None, None, None, None)
        token = self._id(f"{number.id_type}\x1f{number.text}")
        if self._sink is not None:
            self._sink(token, ID_KIND, number.text)
        tail = self._tail(number.tail) if number.tail else None
        mask = mask_of_number(number.text)
        return (token, mask, number.id_type, number.check, number.birth, number.sex, number.division, tail)

    def _build_name(self, raw: str | None) -> Cells:
        """Unbound cells of a name, its flags, and the parts that are hashed only when bound; flat, for the cache."""
        name, flag, surname, given, sound_of_given, sound, chars, mask, rarity = read_name(raw)
        masked = flag == "masked"
        known = [c if c > "\u2e7f" and not (masked and is_placeholder(c)) else None for c in given[:2]]
        char1, char2 = (*known, None, None)[:2]
        if masked:
            if any(map(is_placeholder, given)):
                sound_of_given = ""
            if surname and is_placeholder(surname[0]):
                surname = ""
        if not name or flag:
            hidden: Cells = (surname or None, sound_of_given or None, char1, char2, None, None)
            return (None, mask or None, None, None, flag, None, *hidden)
        token = self._full(name)
        if self._sink is not None:
            self._sink(token, NAME_KIND, name)
        unbound = (token, mask, self._sound(sound), self._chars(chars))
        return (*unbound, flag, rarity, surname or None, sound_of_given or None, char1, char2, sound, chars)


def _cached(cache: dict[Key, Cells], keys: Iterable[Key], build: Callable[[Key], Cells]) -> list[Cells]:
    """Values of keys; a plain dict emptied when full costs half of what lru_cache does on names that never return."""
    if len(cache) > CACHED:
        cache.clear()
    wanted = list(keys)
    for key in dict.fromkeys(wanted):
        if key not in cache:
            cache[key] = build(key)
    return list(map(cache.__getitem__, wanted))
