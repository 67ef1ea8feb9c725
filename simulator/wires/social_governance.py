"""01 Social governance: a database with read-only views, here an SQLite file that lives as long as the wire.

The views hold every version of every row, as rows are issued again on each touch; the delete log stands beside them.
Row faults name a view and are laid into it whenever the connection is asked for.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

from simulator.faults import ROW_KINDS, Fault, FaultPlan
from simulator.store import Store

NUMBER = 1
TITLE = "广东省社会治安综合治理信息系统"

_PERSON = (
    "pk", "identity_num", "person_name", "person_sex", "date_birth", "registered_place", "residence_addr", "house_code",
    "household_id", "house_no", "househead_rela",
)  # fmt: skip
_FORCE = ("eff_date", "exp_date", "status_cd", "unit_code", "oper_date")
# Entity of the store -> its view and the columns sources.md keeps; the fields marked X follow, as the store has them.
VIEWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "registered_person": ("v_pop_registered", (*_PERSON, *_FORCE)),
    "floating_person": (
        "v_pop_floating", (*_PERSON, "card_type", "regis_date", "expiry_date", "resid_type", *_FORCE),
    ),
    "overseas_person": (
        "v_pop_overseas",
        ("pk", "lastname", "firstname", "country", "card_type", "card_no", "birth", "sex", "arrival_date", "plan_leave",
         "residence_addr", "unit_code", "status_cd", "oper_date"),
    ),
    "rental_house": (
        "v_house_rental",
        ("house_code", "house_name", "house_addr", "constr_purpose", "constr_area", "rent_use", "hazard_type", "lng",
         "lat", "unit_code", "oper_date"),
    ),
    "building": (
        "v_building",
        ("build_code", "build_name", "addr", "layer_num", "unit_num", "rooms_num", "unit_code", "oper_date"),
    ),
    "grid": ("v_grid", ("grid_code", "grid_name", "unit_code", "center_lng", "center_lat", "oper_date")),
    "delete_log": ("v_delete_log", ("pk", "table_name", "del_time")),
}  # fmt: skip
PEEK = 500  # records looked at for the names of further fields


class SocialGovernance:
    """The views of one town in a file of their own."""

    key = "social_governance"

    def __init__(self, store: Store, at: str | None = None) -> None:
        """`at`: nothing later is shown."""
        self.store, self.at = store, at
        self.faults = FaultPlan()
        self._folder: Path | None = None
        self._columns: dict[str, list[str]] = {}

    @property
    def file(self) -> Path:
        """The database, while the wire runs. Raises RuntimeError if it does not."""
        if self._folder is None:
            raise RuntimeError(f"wire {self.key} is not started")
        return self._folder / "social_governance.db"

    def start(self) -> None:
        """Fill the tables and lay the views over them."""
        self._folder = Path(tempfile.mkdtemp(prefix="social-governance-"))
        with closing(sqlite3.connect(self.file)) as database:
            database.execute("pragma journal_mode = off")
            database.execute("pragma synchronous = off")
            with database:
                for entity in VIEWS:
                    self._fill(database, entity)
            # From here on rows may change while somebody reads.
            database.execute("pragma journal_mode = wal")
        self._lay()

    def stop(self) -> None:
        """Remove the file."""
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def connection(self) -> dict[str, Any]:
        """The Airflow connection, as JSON has it; lays the faults that are due into the views."""
        self._lay()
        return {"conn_type": "generic", "extra": {"url": f"sqlite:///{self.file}"}}

    def holds(self) -> str:
        """One line on what it holds."""
        with closing(sqlite3.connect(self.file)) as database:
            counts = [database.execute(f"select count(*) from {view}").fetchone()[0] for view, _ in VIEWS.values()]
        return "户籍 {} · 流动 {} · 境外 {} · 出租屋 {} · 楼栋 {} · 网格 {} · 删除日志 {}".format(*counts)

    def touch(self, view: str, key: str, moment: str) -> int:
        """Issue the rows of one key again at a later moment, as the vendor does; returns how many there were."""
        columns = next(columns for name, columns in VIEWS.values() if name == view)
        sql = f"update {_table(view)} set {columns[-1]} = ? where {columns[0]} = ?"
        with closing(sqlite3.connect(self.file)) as database, database:
            return database.execute(sql, (moment, key)).rowcount

    def _fill(self, database: sqlite3.Connection, entity: str) -> None:
        view, kept = VIEWS[entity]
        records = self.store.iterate(self.key, entity, None, self.at)
        first = list(islice(records, PEEK))
        further = [name for name in dict.fromkeys(chain.from_iterable(r.fields for r in first)) if name not in kept]
        columns = self._columns[view] = [*kept, *further]
        database.execute(f"create table {_table(view)} ({', '.join(map(_quoted, columns))})")
        places = ", ".join("?" * len(columns))
        rows: Iterator[list[Any]] = ([r.fields.get(name) for name in columns] for r in chain(first, records))
        database.executemany(f"insert into {_table(view)} values ({places})", rows)
        database.execute(f"create index i{view[1:]} on {_table(view)} ({kept[-1]}, {kept[0]})")

    def _lay(self) -> None:
        """Lay the views anew, each with the faults that are due for it."""
        with closing(sqlite3.connect(self.file)) as database, database:
            for entity, (view, _) in VIEWS.items():
                hits = self.faults.fire(view, entity, kinds=ROW_KINDS).of(ROW_KINDS)
                database.execute(f"drop view if exists {view}")
                body = _select(view, self._columns[view], [hit.fault for hit in hits])
                database.execute(f"create view {view} as {body}")


def _select(view: str, columns: list[str], faults: list[Fault]) -> str:
    """What a view selects, with its faults. The order of rows (`reorder`) is the reader's business."""
    items = {name: _quoted(name) for name in columns}
    rows = ""
    for fault in faults:
        name = str(fault.options.get("field", ""))
        if fault.kind in ("add_field", "set_field"):
            items[fault["field"]] = _literal(fault["value"])
        elif fault.kind == "rename_field":
            items = {fault["to"] if n == name else n: sql for n, sql in items.items()}
        elif fault.kind == "remove_field":
            items.pop(name, None)
        elif fault.kind == "empty_page":
            rows = " where 0"
        elif fault.kind == "lose_rows":
            rows = f" limit max(0, (select count(*) from {_table(view)}) - {int(fault['count'])})"
        elif fault.kind == "duplicate_rows":
            rows = f" union all select * from (select {{}} from {_table(view)} limit {int(fault['count'])})"
    listed = ", ".join(f"{sql} as {_quoted(name)}" for name, sql in items.items())
    return f"select {listed} from {_table(view)}{rows.format(listed)}"


def _table(view: str) -> str:
    return f"t{view[1:]}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: object) -> str:
    if value is None or isinstance(value, int | float):
        return "null" if value is None else str(value)
    return "'" + str(value).replace("'", "''") + "'"


def make(
    store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None
) -> SocialGovernance:
    """The wire over a town. A file has no port, and no endpoint that could take faults."""
    return SocialGovernance(store, at)
