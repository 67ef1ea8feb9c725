"""Scripted misbehaviour: which request goes wrong, and how.

A test (or the control endpoint of a wire) adds rules to a FaultPlan; a rule says what happens (its kind and
options) and when (a glob over the names of a request, the n-th match, how many times). The servers in
`wires/_http.py` and `wires/_sftp.py` apply what concerns bytes and files; a wire applies what concerns rows,
totals, links and tokens by passing them through `rows`, `total`, `link` and `expired`.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

Row = dict[str, Any]

LOGIN_PAGE = "<!DOCTYPE html><html><title>登录</title><body><form action='/login'></form></body></html>"
ELSEWHERE = "http://127.0.0.2:9"
HOSTILE_NAMES = [
    "../../etc/passwd",
    "/etc/shadow",
    "line\nbreak.txt",
    "a" * 251 + ".txt",
    "report_\u202etxt.exe",
    "\udcb7\udcfe\udcce\udcf1.csv",  # GBK bytes, not UTF-8
    "$(touch pwned).csv",
]

# kind -> its options and their defaults. Rows: applied by the wire, before it serialises.
ROW_KINDS: dict[str, dict[str, Any]] = {
    "reorder": {},
    "empty_page": {},
    "lose_rows": {"count": 1},
    "duplicate_rows": {"count": 1},
    "add_field": {"field": "extra_field", "value": "x"},
    "set_field": {"field": "", "value": None},
    "rename_field": {"field": "", "to": ""},
    "remove_field": {"field": ""},
}
# Asked for by the wire, one at a time.
ASKED_KINDS: dict[str, dict[str, Any]] = {
    "total": {"by": 1},
    "next_elsewhere": {"to": ELSEWHERE},
    "expired_token": {},
}
# Answers that stand in for the wire's own. `after`: the wire handles the request first, then its answer is lost.
ANSWER_KINDS: dict[str, dict[str, Any]] = {
    "status": {"status": 500, "body": "", "headers": {}, "after": False},
    "rate_limit": {"retry_after": "seconds", "seconds": 1},
    "redirect": {"to": ELSEWHERE + "/", "status": 302},
    "replace": {"body": LOGIN_PAGE, "content_type": "text/html; charset=utf-8", "status": 200},
    "gzip_bomb": {"megabytes": 100},
    "repeat_page": {},
}
# What the base servers do to the bytes of an answer, or to the connection. `at` counts body bytes.
BYTE_KINDS: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 1.0},
    "drop": {"after": False, "at": 0},
    "truncate": {"at": 0},
    "truncate_chunked": {"at": 0},
    "wrong_length": {"by": 1},
    "headers": {"headers": {}},
    "encoding": {"read_as": "utf-8", "write_as": "gb18030"},
}
# What only a drop folder can do. `growing` shows `step` more bytes at every look; `vanish` with `at`: while reading.
FILE_KINDS: dict[str, dict[str, Any]] = {
    "growing": {"at": 0, "step": 1},
    "vanish": {"at": None},
    "symlink": {"target": "/etc/passwd"},
    "special": {"type": "directory"},
    "hostile_names": {"names": HOSTILE_NAMES},
    "new_host_key": {},
}
KINDS = ROW_KINDS | ASKED_KINDS | ANSWER_KINDS | BYTE_KINDS | FILE_KINDS
NEEDED = {"set_field": "field", "rename_field": "field", "remove_field": "field"}


@dataclass(frozen=True)
class Fault:
    """What happens and when: `nth` alone is that one match, with `times` that many from there on; neither: every."""

    kind: str
    path: str = "*"
    nth: int | None = None
    times: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault kind {self.kind!r} is not one of {', '.join(sorted(KINDS))}")
        unknown = set(self.options) - set(KINDS[self.kind])
        if unknown:
            raise ValueError(f"{self.kind} has no option {sorted(unknown)}; it has {sorted(KINDS[self.kind])}")
        needed = NEEDED.get(self.kind)
        if needed and not self.options.get(needed):
            raise ValueError(f"{self.kind} needs the option {needed!r}")
        if (self.nth is not None and self.nth < 1) or (self.times is not None and self.times < 1):
            raise ValueError("nth and times count from 1")

    def __getitem__(self, option: str) -> Any:
        return self.options.get(option, KINDS[self.kind][option])

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Fault:
        """Read `{"kind", "path", "nth", "times", option: value …}`. Raises ValueError, or TypeError for a bad count."""
        rest = dict(value)
        when = {name: rest.pop(name) for name in ("path", "nth", "times") if name in rest}
        return cls(str(rest.pop("kind", None)), **when, options=rest)


@dataclass(frozen=True)
class Hit:
    """One fault that applies to one request; `ordinal` counts how often its rule has fired, from 1."""

    fault: Fault
    ordinal: int


@dataclass
class Rule:
    """A fault in a plan, with its counters: requests that matched, and those it fired on."""

    fault: Fault
    matched: int = 0
    fired: int = 0

    def meet(self, names: Collection[str], kinds: Collection[str] | None) -> Hit | None:
        """Count one request and say whether the fault applies to it."""
        fault = self.fault
        if kinds is not None and fault.kind not in kinds:
            return None
        if not any(fnmatchcase(name, fault.path) for name in names):
            return None
        self.matched += 1
        limit = fault.times or (1 if fault.nth else None)
        if self.matched < (fault.nth or 1) or (limit is not None and self.fired >= limit):
            return None
        self.fired += 1
        return Hit(fault, self.fired)


@dataclass(frozen=True)
class Hits:
    """The faults that apply to one request, in the order in which their rules were added."""

    hits: tuple[Hit, ...] = ()

    def of(self, kinds: Collection[str]) -> list[Hit]:
        """The hits of these kinds."""
        return [hit for hit in self.hits if hit.fault.kind in kinds]

    def first(self, *kinds: str) -> Fault | None:
        """The first fault of these kinds, if any."""
        return next((hit.fault for hit in self.hits if hit.fault.kind in kinds), None)


NOTHING = Hits()


class FaultPlan:
    """The rules of one wire. Safe to change while requests run.

    Inside a request (see `request`) the helpers of a wire use the faults of that request, whatever `path` says;
    outside one (files that are written, tables that are filled) each call with a `path` counts as a request.
    """

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._local = threading.local()

    def add(
        self,
        kind: str | Fault,
        path: str = "*",
        *,
        nth: int | None = None,
        times: int | None = None,
        **options: Any,
    ) -> Rule:
        """Add a rule and return it, so that a test can ask how often it fired. Raises ValueError."""
        rule = Rule(kind if isinstance(kind, Fault) else Fault(kind, path, nth, times, options))
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget every rule."""
        with self._lock:
            self._rules.clear()

    @property
    def rules(self) -> list[Rule]:
        """A copy of the list of rules, with their counters."""
        with self._lock:
            return list(self._rules)

    def fire(self, *names: str, kinds: Collection[str] | None = None) -> Hits:
        """Count one request known under these names, and return the faults that apply to it."""
        if not self._rules:
            return NOTHING
        with self._lock:
            met = [rule.meet(names, kinds) for rule in self._rules]
        return Hits(tuple(hit for hit in met if hit is not None))

    @contextmanager
    def request(self, *names: str) -> Iterator[Hits]:
        """Hold the faults of one request for this thread: the base server wraps every request in it."""
        self._local.hits = hits = self.fire(*names)
        try:
            yield hits
        finally:
            self._local.hits = None

    def _applying(self, path: str | None, kinds: Collection[str]) -> list[Hit]:
        current: Hits | None = getattr(self._local, "hits", None)
        if current is not None:
            return current.of(kinds)
        return self.fire(path, kinds=kinds).of(kinds) if path is not None else []

    def rows(self, rows: list[Row], path: str | None = None) -> list[Row]:
        """Pass the rows of a page (or file, or table) through the row faults. The given rows stay as they are."""
        for hit in self._applying(path, ROW_KINDS):
            rows = CHANGES[hit.fault.kind](copy.deepcopy(rows), hit.fault)
        return rows

    def total(self, total: int, path: str | None = None) -> int:
        """Pass a count that the source states through the `total` faults: it moves by `by` at every firing."""
        return total + sum(int(hit.fault["by"]) * hit.ordinal for hit in self._applying(path, ("total",)))

    def link(self, url: str, path: str | None = None) -> str:
        """Pass a link that the source hands out (next page, download) through the `next_elsewhere` faults."""
        for hit in self._applying(path, ("next_elsewhere",)):
            url = hit.fault["to"] + urlsplit(url)._replace(scheme="", netloc="").geturl()
        return url

    def expired(self, path: str | None = None) -> bool:
        """Whether the wire has to treat the caller's token (session, login) as expired."""
        return bool(self._applying(path, ("expired_token",)))


def _holders(node: Any, parts: list[str]) -> Iterator[Row]:
    """Every mapping that holds (or could hold) the last part of a dotted field, through lists on the way."""
    if isinstance(node, list):
        for item in node:
            yield from _holders(item, parts)
    elif isinstance(node, dict):
        if len(parts) == 1:
            yield node
        elif parts[0] in node:
            yield from _holders(node[parts[0]], parts[1:])


def _set(rows: list[Row], fault: Fault) -> list[Row]:
    *_, leaf = parts = fault["field"].split(".")
    for holder in _holders(rows, parts):
        holder[leaf] = fault["value"]
    return rows


def _rename(rows: list[Row], fault: Fault) -> list[Row]:
    *_, leaf = parts = fault["field"].split(".")
    for holder in _holders(rows, parts):
        if leaf in holder:  # rebuilt, so that the new name keeps the old place in the order of the columns
            items = [(fault["to"] if name == leaf else name, value) for name, value in holder.items()]
            holder.clear()
            holder.update(items)
    return rows


def _remove(rows: list[Row], fault: Fault) -> list[Row]:
    *_, leaf = parts = fault["field"].split(".")
    for holder in _holders(rows, parts):
        holder.pop(leaf, None)
    return rows


CHANGES: dict[str, Callable[[list[Row], Fault], list[Row]]] = {
    "reorder": lambda rows, fault: rows[::-1],
    "empty_page": lambda rows, fault: [],
    "lose_rows": lambda rows, fault: rows[: max(0, len(rows) - fault["count"])],
    "duplicate_rows": lambda rows, fault: rows + copy.deepcopy(rows[: fault["count"]]),
    "add_field": _set,
    "set_field": _set,
    "rename_field": _rename,
    "remove_field": _remove,
}
