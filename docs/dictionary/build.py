"""From declarations, lineage and a published file to the site, which takes the place of the one before whole."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from docs.dictionary.model import as_json, mart_pages
from docs.dictionary.pages import ASSETS, draw_pages
from docs.dictionary.published import read_published
from expectations.marts import Marts, load_marts
from warehouse.lineage import Lineage, read_lineage
from warehouse.report.publish import publishing


@dataclass(frozen=True)
class DictionarySummary:
    """What was built, counts only."""

    page: str
    marts: int
    columns: int
    answers: int
    failed: tuple[str, ...]  # marts with an example query that the published file does not answer
    files: int
    bytes: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def build_dictionary(
    site: Path, *, published: Path | None = None, lineage: Lineage | None = None, declared: Marts | None = None
) -> DictionarySummary:
    """Build the site and put it in the place of the present one.

    published: a file readers open. lineage, declared: those of the project if not given. Raises: SC-CALL for a path
    or file that is something else, LO-LOCKED, LA-SPACE, LA-IO; then the present site stays.
    """
    started = time.monotonic()
    declared, lineage = declared or load_marts(), lineage or read_lineage()
    seen = read_published(published, declared)
    pages = mart_pages(declared, lineage, seen)
    with publishing(site) as folder:
        for path, text in draw_pages(pages, declared, lineage, seen):
            _write(folder / path, text.encode("utf8", "replace"))
        for asset in ASSETS:
            _write(folder / asset.name, asset.read_bytes())
        data = json.dumps(as_json(pages, declared), ensure_ascii=False, indent=1)
        _write(folder / "dictionary.json", data.encode("utf8", "replace"))
        sizes = [p.stat().st_size for p in folder.rglob("*") if p.is_file()]
    return DictionarySummary(
        page=str(site / "index.html"), marts=len(pages), columns=sum(len(p.columns) for p in pages),
        answers=sum(not a.failed for a in seen.answers.values()),
        failed=tuple(sorted({mart for (mart, _), a in seen.answers.items() if a.failed})),
        files=len(sizes), bytes=sum(sizes), seconds=round(time.monotonic() - started, 3),
    )  # fmt: skip


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
