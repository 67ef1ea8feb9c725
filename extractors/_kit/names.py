"""All that the edge reads off one name, at once: one by one, the functions of `identity` split it five times over."""

from __future__ import annotations

from typing import NamedTuple

from extractors._kit.identity import (
    PLACEHOLDERS,
    PLAIN_HAN,
    SURNAME_SOUNDS,
    canonical_name,
    given_sound,
    mask_name,
    name_chars,
    name_flag,
    name_rarity,
    name_sound,
    rarity_of,
    split_name,
)


class NameParts(NamedTuple):
    """One name, canonical form first; `sound` and `chars` are empty for a flagged one."""

    name: str
    flag: str
    surname: str
    given: str
    given_sound: str
    sound: str
    chars: str
    mask: str
    rarity: str | None


def read_name(raw: str | None) -> NameParts:
    """The parts of a name as a source writes it."""
    name = canonical_name(raw)
    surname, given = split_name(name)
    sound_of_given = given_sound(given)
    if len(name) > 1 and PLAIN_HAN.fullmatch(name) and PLACEHOLDERS.isdisjoint(name):  # nearly every name
        sound = f"{SURNAME_SOUNDS.get(surname) or given_sound(surname)} {sound_of_given}"
        rest = sound, name_chars(name), f"{surname}**", rarity_of(surname, given)
        return NameParts(name, "", surname, given, sound_of_given, *rest)
    flag = name_flag(name)
    sounds = ("", "") if flag else (name_sound(name), name_chars(name))
    return NameParts(name, flag, surname, given, sound_of_given, *sounds, mask_name(raw), name_rarity(name))
