"""06 Wage arrears: asynchronous export jobs, each a zip of xlsx files with GBK names.

`POST /export/jobs` -> `GET /export/jobs/{id}` until READY -> the download link. Every call is signed, downloads too;
a job of more than 5,000 rows fails, a finished one is there for 30 minutes.
"""

from __future__ import annotations

import io
import threading
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any

from extractors._kit.signing import gjgxjhpt_headers
from simulator.store import Store
from simulator.town.canary import X_FIELDS
from simulator.wires._current import Current
from simulator.wires._http import HttpWire, Request, Response, Routes, json_response
from simulator.wires._workbook import plain_workbook

NUMBER = 6
TITLE = "全国根治欠薪线索反映平台"
FIELDS = (
    "clue_no", "domain", "employer_name", "employer_uscc", "project_name", "owe_addr_code", "owe_start", "owe_end",
    "worker_cnt", "owe_amt", "submit_time", "dispatch_time", "sign_time", "deadline", "handle_org", "conclusion",
    "paid_cnt", "paid_amt", "finish_time", "feedback_score", "update_time",
)  # fmt: skip
SKEW = 300
MAX_ROWS = 5_000
ROWS_PER_FILE = 2_000
LIVES = 30 * 60


@dataclass
class Job:
    """One export: its rows, how often it was asked for, and when it was finished."""

    rows: list[dict[str, Any]]
    total: int
    asked: int = 0
    ready_at: float | None = None


class WageArrears(HttpWire):
    """The clues of one town."""

    key = "wage_arrears"

    def __init__(
        self, store: Store, at: str | None = None, *, polls: int = 2, poll_gap: float = 0, **options: Any
    ) -> None:
        """`at`: nothing later is shown. A job is READY at the poll after `polls`; sooner ones than every `poll_gap`
        seconds get 429. Other options are those of HttpWire."""
        demo = {"login": "s_demo_0001", "password": "demo-key-2022", "extra": {"area_code": "440111017"}}
        super().__init__(**(demo | options))
        self.store, self.at, self.polls, self.poll_gap = store, at, polls, poll_gap
        self.max_rows = MAX_ROWS
        self._jobs: dict[str, Job] = {}
        self._last_poll = float("-inf")
        self._lock = threading.Lock()

    def routes(self) -> Routes:
        return {
            ("POST", "/export/jobs"): self._signed(self.submit),
            ("GET", "/export/jobs/{id}"): self._signed(self.state),
            ("GET", "/export/files/{id}"): self._signed(self.file),
        }

    def holds(self) -> str:
        return f"欠薪线索 {self.store.count(self.key, 'clue', None, self.at)} 版"

    def submit(self, request: Request) -> Response:
        """A new job for one window of change times."""
        asked = _asked(request)
        if asked is None or str(asked["areaCode"]) != self.extra["area_code"]:
            return json_response({"message": "请求参数不正确"}, 400)
        current = Current(self.store, self.key, "clue", asked["begin"], min(asked["end"], self.at or asked["end"]))
        rows = self.faults.rows(current.fields(current.places[: self.max_rows + 1]))
        number = uuid.uuid4().hex
        with self._lock:
            self._jobs[number] = Job(rows, self.faults.total(len(current.places)))
        return json_response({"jobId": number})

    def state(self, request: Request) -> Response:
        """How far a job is; too frequent questions are put off."""
        job = self._jobs.get(request.params["id"])
        if job is None:
            return json_response({"message": "任务不存在"}, 404)
        with self._lock:
            now = self.clock()
            wait = self._last_poll + self.poll_gap - now
            if wait > 0:
                return json_response({"message": "请求过于频繁"}, 429, headers={"Retry-After": str(int(wait) + 1)})
            self._last_poll = now
            job.asked += 1
        return json_response(self._said(request.params["id"], job))

    def _said(self, number: str, job: Job) -> dict[str, Any]:
        said: dict[str, Any] = {"state": "QUEUED", "rows": None, "downloadUrl": None, "reason": None}
        if job.asked <= self.polls:
            return said | {"state": "QUEUED" if job.asked == 1 else "RUNNING"}
        if job.total > self.max_rows:
            return said | {"state": "FAILED", "rows": job.total, "reason": "TOO_MANY_ROWS"}
        job.ready_at = job.ready_at or self.clock()
        if self.faults.expired() or self.clock() > job.ready_at + LIVES:
            return said | {"state": "EXPIRED"}
        link = self.faults.link(f"{self.url}/export/files/{number}")
        return said | {"state": "READY", "rows": job.total, "downloadUrl": link}

    def file(self, request: Request) -> Response:
        """The zip of a finished job."""
        job = self._jobs.get(request.params["id"])
        if job is None or job.ready_at is None or self.clock() > job.ready_at + LIVES:
            return json_response({"message": "下载链接已失效"}, 404)
        return Response(200, zipped(job.rows), {"Content-Type": "application/zip"})

    def _signed(self, handler: Any) -> Any:
        return lambda request: handler(request) if self._knows(request) else json_response({"message": "验签失败"}, 401)

    def _knows(self, request: Request) -> bool:
        said = {name: request.header(name).strip() for name in gjgxjhpt_headers("", "")}
        stamp = said["gjgxjhpt_rtime"]
        if said["gjgxjhpt_sid"] != self.login or not said["gjgxjhpt_rid"] or not (stamp.isascii() and stamp.isdigit()):
            return False
        if abs(self.clock() - int(stamp) / 1000) > SKEW:
            return False
        wanted = gjgxjhpt_headers(self.login, self.password, rid=said["gjgxjhpt_rid"], now=int(stamp) / 1000)
        return compare_digest(wanted["gjgxjhpt_sign"].encode(), said["gjgxjhpt_sign"].encode())


class _GbkName(zipfile.ZipInfo):
    """An entry whose name is GBK without the UTF-8 flag, as Chinese Windows tools write it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def zipped(rows: list[dict[str, Any]]) -> bytes:
    """The zip of one export, with no more than ROWS_PER_FILE rows in a workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, part in enumerate(_parts(rows), 1):
            archive.writestr(_GbkName(f"欠薪线索_{number}.xlsx"), plain_workbook(headings(rows), part, "线索"))
    return out.getvalue()


def headings(rows: list[dict[str, Any]]) -> list[str]:
    """The fields in their order, then the X fields, then what a fault added."""
    known = [*FIELDS, *X_FIELDS["wage_arrears", "clue"]]
    names = {name for row in rows for name in row} or set(known)
    return [*(name for name in known if name in names), *sorted(names - set(known))]


def _parts(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, max(1, len(rows)), ROWS_PER_FILE):
        yield rows[start : start + ROWS_PER_FILE]


def _asked(request: Request) -> dict[str, Any] | None:
    try:
        asked = request.json()
        moments = [datetime.strptime(asked[name], "%Y-%m-%d %H:%M:%S") for name in ("begin", "end")]
    except (ValueError, KeyError, TypeError):
        return None
    good = moments[0] < moments[1] and asked.get("timeType") == "update" and "areaCode" in asked
    return asked if good else None


def make(store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None) -> WageArrears:
    """The wire over a town."""
    return WageArrears(store, at, port=port, **(options or {}))
