"""Publishing to a file: a generation of the marts, whole or not at all.

`FOLDER/current` is a symbolic link to `marts-<n>.duckdb`; replacing a link is atomic, and who has opened a generation
keeps it. Steps: made beside -> read back and checked -> renamed -> its figures noted -> the link replaced -> old ones
removed, two are kept. A kill anywhere leaves `current` whole; the next publish clears what was unfinished.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from expectations.errors import CallRejected, PipelineError, SourceChanged
from expectations.faultpoint import faultpoint, register
from expectations.marts import Marts, load_marts
from expectations.sql import fill, name, value
from warehouse.engine.connection import Connection, disk_errors, open_warehouse
from warehouse.engine.digest import digest_table
from warehouse.engine.lock import writer_lock
from warehouse.engine.sql import statement
from warehouse.publish.control import COARSER, GENERATION, TOTALS, Shares, control, figures_of
from warehouse.publish.history import forget, note, recall
from warehouse.publish.versions import View, make_views, rows_of, views_of

KEPT: Final = 2  # generations beside the current one
CURRENT: Final = "current"
CALLED: Final = "the published folder"  # in the words of an error
WAIT: Final = 60.0
UNFORESEEN: Final = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError, AssertionError,
                     MemoryError, duckdb.Error)  # fmt: skip
SHARES: Final = ("exact", "coarser", "empty")
_FILE: Final = re.compile(r"marts-(\d+)\.duckdb")

register("publish.made", "publish.checked", "publish.renamed", "publish.noted", "publish.switched")


@dataclass
class Published:
    """A generation: its number, where it lies, per mart its manifest row, what control cost, what was held and why."""

    generation: int
    path: Path
    marts: list[dict[str, Any]] = field(default_factory=list)
    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    errors: list[PipelineError] = field(default_factory=list)
    unanswered: int = 0

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: names and counts only."""
        return {
            "generation": self.generation, "file": self.path.name, "marts": self.marts,
            "held": sorted({m["mart"] for m in self.marts if m["held"]}), "costs": self.costs,
            "cells": {s: sum(m[f"cells_{s}"] for m in self.marts) for s in SHARES}, "unanswered": self.unanswered,
            "errors": [e.as_dict() for e in self.errors],
            "exit_status": max((e.exit_status for e in self.errors), default=0),
        }  # fmt: skip


def publish_duckdb(
    warehouse: Path, folder: Path, night: str, *,
    held: Iterable[str] = (), declared: Marts | None = None,
) -> Published:  # fmt: skip
    """Publish the marts of a warehouse as the next generation of a folder.

    held: consistency groups that failed their checks; they keep the tables of the generation before. Raises:
    SourceLater LO-LOCKED, LA-SPACE, LA-IO; SourceChanged PU-TORN when the file does not read back as it was written;
    PU-FAILED when anything breaks off; CallRejected PU-NONE when there is nothing to publish, SC-CALL when the folder
    holds another thing called `current`.
    """
    declared = declared or load_marts()
    link = folder / CURRENT
    if link.exists() and not link.is_symlink():
        raise CallRejected("SC-CALL", detail=f"{link.name} is no link; nothing was touched")
    with disk_errors(CALLED):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with disk_errors(CALLED), writer_lock(folder / "marts", WAIT):
        before = current(folder)
        made = Published(_number(before) + 1, folder / f"marts-{_number(before) + 1}.duckdb")
        _clear_unfinished(folder, _number(before))
        workshop = made.path.with_suffix(".making")
        with _coded(), disk_errors(CALLED):
            _make(warehouse, workshop, before, made, (night, set(held), declared))
            _check(workshop)
        faultpoint("publish.checked")
        _sync(workshop)
        workshop.rename(made.path)
        faultpoint("publish.renamed")
        _switch(link, made.path)
        _clear_old(folder, made.generation)
    return made


@contextmanager
def _coded() -> Iterator[None]:
    """Whatever goes wrong in the making has a code, a name and nothing else: its text might tell a figure."""
    try:
        yield
    except UNFORESEEN as error:
        raise SourceChanged("PU-FAILED", detail=type(error).__name__) from error


def current(folder: Path) -> Path | None:
    """The file readers open, if anything was published."""
    link = folder / CURRENT
    return folder / link.readlink().name if link.is_symlink() else None


def _number(path: Path | None) -> int:
    found = _FILE.fullmatch(path.name) if path else None
    return int(found[1]) if found else 0


def _clear_unfinished(folder: Path, present: int) -> None:
    """What is newer than the current generation was never published."""
    for path in folder.glob("marts-*"):
        if path.suffix in (".making", ".wal") or _number(path) > present:
            path.unlink()
    forget(folder, newer_than=present)


def _make(
    warehouse: Path, workshop: Path, before: Path | None, made: Published, said: tuple[str, set[str], Marts]
) -> None:
    night, held, declared = said
    with open_warehouse(warehouse) as connection, _attached(connection, workshop, "fresh"):
        missing = {m.group for m in declared.marts.values() if not _has(connection, m.name)}
        connection.execute("create schema fresh.marts")
        done = control(connection, declared, held | missing, "fresh", history=recall(workshop.parent))
        made.costs, made.unanswered = done.costs, done.release.unanswered
        made.errors += [SourceChanged("PU-HELD", detail=group) for group in sorted(held | missing)]
        stay = [m for m in declared.marts.values() if m.group in held | missing]
        old = _carry(connection, [m.name for m in stay], before)
    carried = _views_of_old(before, old, night)
    with duckdb.connect(str(workshop)) as connection:
        connection.execute(statement("_types"))  # temporary macros that a digest is made with
        make_views(connection, [v for v in views_of(connection, declared, night) if v.mart not in old] + carried)
        _write_manifest(connection, made, night, declared, old, done.shares)
        connection.execute("checkpoint")
    if not any(row["mart"] in declared.marts for row in made.marts):
        raise CallRejected("PU-NONE", detail=", ".join(sorted(held | missing)))
    note(workshop.parent, made.generation, figures_of(done.release, done.key))
    faultpoint("publish.made")


@contextmanager
def _attached(connection: Connection, path: Path, alias: str, *, read_only: bool = False) -> Iterator[None]:
    attach = "attach {{file}} as {{alias}} (read_only)" if read_only else "attach {{file}} as {{alias}}"
    connection.execute(fill(attach, file=value(str(path)), alias=name(alias)))
    try:
        yield
    finally:
        connection.execute(fill("detach {{alias}}", alias=name(alias)))


def _has(connection: Connection, mart: str) -> bool:
    found = connection.execute(
        "select count(*) from duckdb_tables() where database_name = current_database() and schema_name = 'marts' "
        "and table_name = $mart", {"mart": mart},
    ).fetchall()  # fmt: skip
    return bool(found == [(1,)])


def _carry(connection: Connection, marts: list[str], before: Path | None) -> dict[str, tuple[int, str, Shares]]:
    """Copy the tables of held marts from the generation before; generation and night they are of, and their shares."""
    if before is None or not marts:
        return {}
    with _attached(connection, before, "earlier", read_only=True):
        told = connection.sql("select * from earlier.marts.generation").to_arrow_table().to_pylist()
        old = {r["mart"]: (r["generation"], r["night"], Shares(*(r.get(f"cells_{s}", 0) for s in SHARES)))
               for r in told if r["mart"] in marts}  # fmt: skip
        for mart in old:
            connection.execute(fill("create table {{new}} as select * from {{old}}",
                                    new=name("fresh", "marts", mart), old=name("earlier", "marts", mart)))  # fmt: skip
            for table, belongs in ((TOTALS, "mart = $mart"), (COARSER, "starts_with(figure, $mart || '.')")):
                connection.execute(
                    fill("insert into {{new}} by name select * from {{old}} where {{belongs}}",
                         new=name("fresh", "marts", table), old=name("earlier", "marts", table),
                         belongs=_CONDITIONS[belongs]),
                    {"mart": mart},
                )  # fmt: skip
    return old


def _views_of_old(before: Path | None, old: Iterable[str], night: str) -> list[View]:
    """A held mart has the columns it had, so it keeps its views."""
    if before is None or not old:
        return []
    with duckdb.connect(str(before), read_only=True) as connection:
        rows = [row for row in rows_of(connection) if row["mart"] in old]
    return [View(r["mart"], r["version"], r["until"], r["sql"])
            for r in rows if r["until"] is None or date.fromisoformat(night) <= r["until"]]  # fmt: skip


_CONDITIONS: Final = {text: fill(text) for text in ("mart = $mart", "starts_with(figure, $mart || '.')")}


def _write_manifest(
    connection: Connection, made: Published, night: str, declared: Marts, old: dict[str, tuple[int, str, Shares]],
    shares: Mapping[str, Shares],
) -> None:  # fmt: skip
    tables = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
    ).fetchall()
    connection.execute(
        'create table marts.generation (mart varchar, "group" varchar, generation bigint, night varchar, held boolean, '
        "rows bigint, digest varchar, published_at timestamp, cells_exact bigint, cells_coarser bigint, "
        "cells_empty bigint)"
    )
    at = datetime.now().replace(microsecond=0)
    for (table,) in tables:
        digest = digest_table(connection, "marts", table)
        generation, of, share = old.get(table, (made.generation, night, shares.get(table, Shares())))
        group = declared.marts[table].group if table in declared.marts else "release"
        row = {"mart": table, "group": group, "generation": generation, "night": of, "held": table in old,
               "rows": int(digest.partition(":")[0]), "digest": digest, "cells_exact": share.exact,
               "cells_coarser": share.coarser, "cells_empty": share.empty}  # fmt: skip
        connection.execute("insert into marts.generation values ($mart, $group, $generation, $night, $held, $rows, "
                           "$digest, $at, $cells_exact, $cells_coarser, $cells_empty)", {**row, "at": at})  # fmt: skip
        made.marts.append(row)


def _check(path: Path) -> None:
    """Read the file back: every table is the one that was written, and nothing but the schema `marts` is in it."""
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute(statement("_types"))
        manifest = dict(connection.execute("select mart, digest from marts.generation").fetchall())
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        wrong = sorted({f"{s}.{t}" for s, t in tables} ^ {f"marts.{t}" for t in (*manifest, GENERATION)})
        wrong += [mart for mart, digest in manifest.items() if digest_table(connection, "marts", mart) != digest]
    if wrong:
        raise SourceChanged("PU-TORN", detail=", ".join(wrong[:5]))


def _switch(link: Path, target: Path) -> None:
    target.chmod(0o440)
    _sync(target.parent)
    fresh = link.with_name(f"{CURRENT}.next")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.name)  # relative, so that the folder may be moved
    faultpoint("publish.noted")
    fresh.replace(link)
    _sync(link.parent)
    faultpoint("publish.switched")


def _clear_old(folder: Path, generation: int) -> None:
    for path in folder.glob("marts-*.duckdb"):
        if _number(path) < generation - KEPT:
            path.unlink()
    forget(folder, older_than=generation - 11)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
