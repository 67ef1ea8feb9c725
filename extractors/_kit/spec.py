"""Sources are found, not listed: every folder with a `source.yml` is one.

`source.yml` says how a source is reached and when; what its rows must be stands in its contract.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from expectations.contract import Contract, Text, contracts_folder, load_contract
from expectations.errors import CallRejected
from expectations.strict import read_yaml, take

FOLDER = Path(__file__).parent.parent
_REQUIRED = (
    "number", "title", "publisher", "summary", "transport", "connection", "entities", "schedule", "window", "status",
)  # fmt: skip
PRESENT, FILES, CHANGES = "none", "files", "changes"  # what a source can tell of the past
HISTORIES = (PRESENT, FILES, CHANGES)
OVERLAP, COMPARE = "1d", "7d"  # unless source.yml says otherwise
TRANSPORTS = ("rest", "soap", "gb28181", "sql", "sftp")


@dataclass(frozen=True)
class Source:
    """One source system as its folder describes it.

    number: its place in the office's list, text such as "03".
    lookback: days that the wire's own agreement looks back in every window. overlap: days before a night that its
    window reads again, for rows that were committed late. compare: days after which the keys of entities whose contract
    says `deletions: compared` are held against ours again; rate: requests per second or None.
    history: what each entity can tell of the past: `none` (only the present can be asked for, so no backfill reads it),
    `files` (a month as long as its file lies there) or `changes` (what changed in a window, in its present state).
    options: constants of the wire, such as a page size; a missing one is an error where it is read.
    """

    key: str
    number: str
    title: Text
    publisher: Text
    summary: Text
    transport: str
    connection: str
    entities: tuple[str, ...]
    schedule: str
    window_field: str
    lookback: int
    overlap: int
    compare: int
    rate: float | None
    status: str
    options: Mapping[str, Any]
    folder: Path
    contracts: Path
    history: Mapping[str, str]

    def of_the_past(self) -> Source:
        """The same source with the entities that can tell of a time before now; it may have none."""
        return replace(self, entities=tuple(e for e in self.entities if self.history[e] != PRESENT))

    def of_the_present(self) -> tuple[str, ...]:
        """The entities of which only the present can be asked for."""
        return tuple(e for e in self.entities if self.history[e] == PRESENT)

    def contract(self) -> Contract:
        """The contract of the same name."""
        return load_contract(self.key, self.contracts)

    def doc(self) -> str:
        """Markdown for the DAG page, made from source.yml and the contract; Chinese first."""
        contract = self.contract()
        rows = "\n".join(
            f"| `{e.name}` | {e.title.zh} / {e.title.en} | {len(e.columns)} | {len(e.ignore)} | {e.deletions} |"
            for e in contract.entities.values()
        )
        return (
            f"### {self.number} {self.title.zh}\n{self.summary.zh}\n\n*{self.title.en}. {self.summary.en}*\n\n"
            f"**责任单位 / owner**: {contract.owner.zh} / {contract.owner.en}  \n"
            f"**出错先看 / first aid**: {contract.fix_hint.zh} / {contract.fix_hint.en}  \n"
            f"**保留 / retention**: {contract.retention}\n\n"
            "| 记录 / entity | 名称 / title | 保留字段 / kept | 丢弃 / ignored | 删除 / deletions |\n"
            f"|---|---|---|---|---|\n{rows}\n"
        )

    def extract(self) -> Callable[..., Iterator[Any]]:
        """The folder's one public function. Loaded late and by place: discovery must stay cheap (DAG parsing),
        and a source may live in another folder (the test of the thirteenth one)."""
        place = importlib.util.spec_from_file_location(f"extractors.{self.key}.extractor", self.folder / "extractor.py")
        if place is None or place.loader is None:
            raise CallRejected("CT-SPEC", detail=f"{self.key}/extractor.py cannot be loaded")
        module = importlib.util.module_from_spec(place)
        sys.modules[place.name] = module  # dataclasses look up the module they stand in
        place.loader.exec_module(module)
        function: Callable[..., Iterator[Any]] = module.extract
        return function


def discover(folder: Path = FOLDER, contracts: Path | None = None) -> dict[str, Source]:
    """All live sources, sorted by key. Raises CallRejected CT-SPEC naming the file that is wrong."""
    return dict(_discover(folder, contracts or contracts_folder()))


@cache
def _discover(folder: Path, contracts: Path) -> dict[str, Source]:
    found = {}
    for path in sorted(folder.glob("*/source.yml")):
        if not path.parent.name.startswith("_"):  # not a source: the kit, the template
            source = _source(path, contracts)
            if source.status == "live":
                found[source.key] = source
    return found


def _source(path: Path, contracts: Path) -> Source:
    raw = read_yaml(path)
    key = path.parent.name
    where = f"{key}/source.yml"
    take(raw, where, required=_REQUIRED, optional=("rate", "options", "history"))
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", key) or len(key) > 24:
        raise CallRejected("CT-SPEC", detail=f"{where}: the folder name must be snake_case of at most 24 characters")
    if raw["connection"] != key:
        raise CallRejected("CT-SPEC", detail=f"{where}: connection must be named like the folder, {key!r}")
    if raw["transport"] not in TRANSPORTS:
        raise CallRejected("CT-SPEC", detail=f"{where}: transport is not one of {', '.join(TRANSPORTS)}")
    if raw["status"] not in ("draft", "live"):
        raise CallRejected("CT-SPEC", detail=f"{where}: status must be draft or live")
    take(raw["window"], f"{where}: window", required=("field",), optional=("lookback", "overlap", "compare"))
    return Source(
        key=key,
        number=str(raw["number"]),
        title=_text(raw["title"], where),
        publisher=_text(raw["publisher"], where),
        summary=_text(raw["summary"], where),
        transport=raw["transport"],
        connection=raw["connection"],
        entities=tuple(raw["entities"]),
        schedule=raw["schedule"],
        window_field=raw["window"]["field"],
        lookback=_days(raw["window"].get("lookback", "0d"), where),
        overlap=_days(raw["window"].get("overlap", OVERLAP), where),
        compare=_days(raw["window"].get("compare", COMPARE), where),
        rate=float(raw["rate"]) if "rate" in raw else None,
        status=raw["status"],
        options=raw.get("options", {}),
        folder=path.parent,
        contracts=contracts,
        history=_history(raw.get("history", {}), tuple(raw["entities"]), where),
    )


def _history(raw: Any, entities: tuple[str, ...], where: str) -> dict[str, str]:
    """One word per entity: written for all of them at once, or by name; `changes` where nothing is written."""
    told = dict.fromkeys(entities, raw) if isinstance(raw, str) else dict(raw)
    take(told, f"{where}: history", optional=entities)
    if wrong := sorted(str(word) for word in told.values() if word not in HISTORIES):
        raise CallRejected("CT-SPEC", detail=f"{where}: history {wrong[0]!r} is not one of {', '.join(HISTORIES)}")
    return {entity: told.get(entity, CHANGES) for entity in entities}


def _text(raw: Any, where: str) -> Text:
    if not isinstance(raw, dict):
        raise CallRejected("CT-SPEC", detail=f"{where}: a text needs zh and en")
    take(raw, where, required=("zh", "en"))
    return Text(str(raw["zh"]).strip(), str(raw["en"]).strip())


def _days(text: str, where: str) -> int:
    if not re.fullmatch(r"\d+d", str(text)):
        raise CallRejected("CT-SPEC", detail=f"{where}: lookback and overlap are written in days, as 3d")
    return int(str(text)[:-1])
