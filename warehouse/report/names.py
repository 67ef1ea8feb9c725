"""What sources, entities and columns are called, from the contracts; the key itself where no contract says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from expectations.checks.arguments import Reference
from expectations.contract import IDENTITY_COLUMNS, Contract, contracts_folder, load_contract
from expectations.errors import PipelineError
from expectations.model import Entity, Text
from expectations.strict import read_yaml
from warehouse.engine.staged import staged_name

CROSS = "cross"  # the source key under which differences between sources are judged
NOBODY = Text("", "")


@dataclass(frozen=True)
class Names:
    """The titles of all contracts. A contract that does not load costs its names, never the report."""

    sources: Mapping[str, Contract | None]

    def source(self, key: str) -> Text:
        found = self.sources.get(key)
        return found.title if found else Text(key, key)

    def owner(self, key: str) -> Text:
        found = self.sources.get(key)
        return found.owner if found else NOBODY

    def hint(self, key: str) -> Text:
        found = self.sources.get(key)
        return found.fix_hint if found else NOBODY

    def entity(self, source: str, entity: str) -> Text:
        found = self.sources.get(source)
        return found.entities[entity].title if found and entity in found.entities else Text(entity, entity)

    def column(self, source: str, entity: str, column: str) -> Text:
        """The title without its code list in brackets: a heading, not a manual."""
        found = self.sources.get(source)
        if not found or entity not in found.entities:
            return Text(column, column)
        declared = _behind(found.entities[entity], column)
        titles = {
            staged_name(c.name): c.title for c in (*found.entities[entity].columns, *found.entities[entity].landed())
        }
        title = titles.get(staged_name(declared), Text(column, column))
        return Text(title.zh.split("（")[0], title.en.split("(")[0].strip())

    def against(self, source: str, entity: str, rule: str) -> tuple[str, ...]:
        """The other sources that a rule of the contract reads."""
        found = self.sources.get(source)
        if not found or entity not in found.entities:
            return ()
        arguments = [a for c in found.entities[entity].checks if c.rule == rule for a in c.args.values()]
        others = {a.source for a in arguments if isinstance(a, Reference) and a.source}
        return tuple(sorted(others - {source}))


def _behind(entity: Entity, column: str) -> str:
    """The column of the source that a mask or token of the edge stands for."""
    if entity.identity and column in IDENTITY_COLUMNS:
        return entity.identity.name[0] if column.startswith("name_") else entity.identity.number
    return column


def read_names() -> Names:
    """All contracts of the folder: the files that name themselves as their source."""
    keys = [p.stem for p in sorted(contracts_folder().glob("*.yml")) if _names_itself(p.stem)]
    return Names({key: _load(key) for key in keys})


def _names_itself(key: str) -> bool:
    try:
        return read_yaml(contracts_folder() / f"{key}.yml").get("source") == key
    except PipelineError:
        return False


def _load(key: str) -> Contract | None:
    try:
        return load_contract(key)
    except PipelineError:
        return None
