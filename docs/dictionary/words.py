"""The words of the dictionary's pages, beside those of the report whose look it shares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from expectations.claims import vocabulary
from expectations.model import Text
from expectations.strict import read_yaml
from warehouse.report.safe import veil
from warehouse.report.words import Words

FILE = Path(__file__).with_name("texts.yml")


@cache
def texts() -> dict[str, Any]:
    """The file: `pages`, `relations`, `terms`."""
    return read_yaml(FILE)


@dataclass(frozen=True)
class DictionaryWords(Words):
    """What the templates call `w`. A key that does not exist is an error of the build."""

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key; `n` is written with thousands separators."""
        said: str = texts()["pages"][key][self.language]
        return said.format(**{k: self.count(v) if isinstance(v, int) else v for k, v in values.items()})

    def known(self, family: str, value: str) -> str:
        """The name of a code of ours; an unknown one as it stands."""
        key = f"{family}_{value}"
        return self(key) if key in texts()["pages"] else veil(value)

    @property
    def colon(self) -> str:
        """Between a name and what belongs to it."""
        return "：" if self.language == "zh" else ": "

    @property
    def comma(self) -> str:
        """Between names of a list."""
        return "、" if self.language == "zh" else ", "

    def relation(self, name: str) -> str:
        """What a relation is called; its own name where it has no other."""
        schema, _, table = name.partition(".")
        claim = vocabulary().get(table) if schema == "claims" else None
        found = claim.title if claim else texts()["relations"].get(name) or texts()["relations"].get(schema)
        if found is None:
            return veil(table)
        return self.name(found if isinstance(found, Text) else Text(**found))

    def term(self, text: dict[str, str]) -> str:
        """A text of the file in the page's language."""
        return text[self.language]
