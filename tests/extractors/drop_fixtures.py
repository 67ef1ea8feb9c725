"""What the tests of the drop folders share: a bare folder, one that replays a sample, and rows for the wires."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extractors import discover
from simulator.store import Store
from simulator.wires._drop import put
from simulator.wires._sftp import SftpWire
from tests.extractors.kit_fixtures import Row, store_of

BEGIN, END = "2022-12-01", "2022-12-08"
IN_WINDOW = "2022-12-05 02:10:00"


class Folder(SftpWire):
    """A drop folder that holds what a test puts there: name -> content, all dropped at one moment."""

    key = "folder"

    def __init__(self, files: Mapping[str, bytes], moment: str = IN_WINDOW, **options: Any) -> None:
        super().__init__(**({"login": "u", "password": "p", "folder": "/out"} | options))
        self.files, self.moment = dict(files), moment

    def holds(self) -> str:
        return f"{len(self.files)} files"

    def fill(self, drop: Path) -> None:
        for name, content in self.files.items():
            put(drop, name, content, self.moment)


def sample_folder(key: str, moment: str = IN_WINDOW, **options: Any) -> Folder:
    """The files of a source's sample as a drop folder."""
    sample = discover()[key].folder / "sample"
    files = {path.name: path.read_bytes() for path in sorted(sample.iterdir()) if path.name != "rows.json"}
    return Folder(files, moment, **options)


def empty_store(tmp_path: Path) -> Store:
    """A store without a record: the tests put their files into the folder themselves."""
    return store_of(tmp_path, {})


def counts(rows: list[Row]) -> list[tuple[Any, ...]]:
    """(month, kind, count) of landed rows."""
    return [(row["service_month"], row["service_type"], row.get("service_cnt")) for row in rows]
