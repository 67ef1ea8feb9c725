"""Clues to unpaid wages (asynchronous export): a job for the window, polled until READY, then a zip of workbooks.

A job that fails for too many rows is asked again in two halves, down to a second. The zip stays in memory, and each
workbook in it is decoded in a limited child process: a bad one is refused, its siblings land.

Flow: POST /export/jobs -> GET /export/jobs/{id} … -> download (same host) -> xlsx -> landing/wage_arrears/clue
Alone: python -m extractors wage_arrears --begin 2022-11-01 --end 2022-11-08 --landing DIR
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import quote

from expectations.errors import PipelineError, RecordRejected, SourceChanged, SourceLater
from extractors._kit.archive import Bounds, open_archive, read_entry
from extractors._kit.context import Context, Page
from extractors._kit.rest import Call, Http
from extractors._kit.retry import RetryPolicy, retry_after
from extractors._kit.sandbox import decode
from extractors._kit.signing import gjgxjhpt_headers
from extractors._kit.window import Window

ENTITY = "clue"
JOBS = "/export/jobs"
TOO_MANY = "TOO_MANY_ROWS"
GONE = (404, 410)
LONGEST_WAIT = 300
ZIP = Bounds(entries=200, total_bytes=256 << 20)


@dataclass(frozen=True)
class Job:
    """The end of one export job: READY with rows and link, EXPIRED, or FAILED for a reason."""

    state: str
    rows: int = 0
    link: str = ""
    reason: str = ""


def extract(ctx: Context) -> Iterator[Page]:
    """Yield the clues updated in the window."""
    ctx.expect(ENTITY, 0)
    windows = [ctx.window]
    with Http(ctx.connection, rate=ctx.source.rate) as http:
        while windows:
            window = windows.pop()
            found = _export(ctx, http, window)
            if found is None:
                windows += reversed(_halves(window))
            else:
                yield from _pages(ctx, *found)


def _halves(window: Window) -> tuple[Window, Window]:
    halves = window.halves()
    if halves is None:
        raise SourceChanged("EX-TOOMANY", detail=f"the second {window.begin_text}")
    return halves


def _export(ctx: Context, http: Http, window: Window) -> tuple[int, bytes] | None:
    """The row count of a finished job and its zip; None when the window holds too many rows."""
    trouble: PipelineError = SourceLater("EX-JOB")
    for number in range(ctx.option("submits")):
        if number:
            ctx.note("jobs_submitted_again")
        job = _finished(ctx, http, _submit(ctx, http, window))
        if job.state == "FAILED" and TOO_MANY in job.reason.upper():
            return None
        if job.state != "READY":
            trouble = SourceLater("EX-JOB", detail=f"state {job.state}")
            continue
        if not job.rows:
            return 0, b""
        try:
            return job.rows, _download(ctx, http, job)
        except SourceChanged as error:
            if error.code != "EX-HTTP":
                raise
            trouble = error  # a link that has died meanwhile; another job makes another link
    raise trouble


def _submit(ctx: Context, http: Http, window: Window) -> str:
    said = {"areaCode": ctx.connection.setting("area_code"), "timeType": "update"}
    body = _object(_send(ctx, http, "POST", JOBS, said | {"begin": window.begin_text, "end": window.end_text}).json())
    if not (number := str(body.get("jobId") or "")):
        raise SourceChanged("EX-SHAPE", detail=f"{JOBS}: an answer without jobId")
    return f"{JOBS}/{quote(number, safe='')}"


def _finished(ctx: Context, http: Http, path: str) -> Job:
    """Ask until the job has ended. Raises SourceLater EX-JOB when that takes too long."""
    pace = RetryPolicy.from_env().base
    wait, longest = ctx.option("poll_seconds") * pace, ctx.option("poll_cap") * pace
    for _ in range(ctx.option("polls")):
        reply = _send(ctx, http, "GET", path, None)
        job = Job("EXPIRED") if reply.status in GONE else _job(_object(reply.json()))
        if job.state in ("READY", "EXPIRED", "FAILED"):
            return job
        told = retry_after(reply.headers) or 0
        if told > LONGEST_WAIT:
            raise SourceLater("EX-JOB", detail="the source said when to come back", retry_after=told)
        # Not below a twentieth of a second, whatever the pace: a job is not asked in a tight loop.
        time.sleep(max(wait, told, 0.05))
        wait = min(wait * 1.5, longest)
    raise SourceLater("EX-JOB", detail="not ready in time", retry_after=LONGEST_WAIT)


def _job(body: dict[str, Any]) -> Job:
    state, rows = str(body.get("state") or "").strip().upper(), str(body.get("rows") or 0)
    if not state or not rows.isdecimal() or (state == "READY" and body.get("rows") is None):
        raise SourceChanged("EX-SHAPE", detail=f"{JOBS}: an answer without state or rows")
    return Job(state, int(rows), str(body.get("downloadUrl") or ""), str(body.get("reason") or ""))


def _download(ctx: Context, http: Http, job: Job) -> bytes:
    if not job.link:
        raise SourceChanged("EX-SHAPE", detail=f"{JOBS}: READY without downloadUrl")
    path, target = http.same_origin(job.link), BytesIO()
    sid, key = ctx.connection.credentials
    http.download(
        lambda: Call("GET", path, headers=gjgxjhpt_headers(sid, key), label="download"), target, ctx.option("zip_bytes")
    )
    return target.getvalue()


def _send(ctx: Context, http: Http, method: str, path: str, said: dict[str, str] | None) -> Any:
    sid, key = ctx.connection.credentials
    accept = (200,) if said else (200, *GONE)
    return http.send(
        lambda: Call(method, path, headers=gjgxjhpt_headers(sid, key), json=said, accept=accept, label=JOBS)
    )


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise SourceChanged("EX-SHAPE", detail=f"{JOBS}: the answer is not an object")
    return body


def _pages(ctx: Context, rows: int, data: bytes) -> Iterator[Page]:
    """The rows of each workbook. A refused one leaves the load partial: its rows are in the total and not here."""
    ctx.expect(ENTITY, rows, add=True)
    columns = ctx.contract.entities[ENTITY].columns
    options = {"headings": {c.name: [] for c in columns}, "required": [c.name for c in columns if c.required]}
    try:
        for alias, workbook in _workbooks(ctx, data) if rows else ():
            try:
                found = decode("extractors._kit.sheets:workbook_table", workbook, options, about=alias)
            except RecordRejected as error:
                _refuse(ctx, error)
            else:
                yield Page(ENTITY, [record for _, _, record in found])
    except RecordRejected as error:
        _refuse(ctx, error)


def _workbooks(ctx: Context, data: bytes) -> Iterator[tuple[str, bytes]]:
    """(alias, bytes) of each xlsx in the zip; the names, in GBK, are only hashed."""
    with open_archive(data, ZIP) as archive:
        for entry in archive.infolist():
            if entry.filename.lower().endswith(".xlsx"):
                yield hashlib.sha256(entry.filename.encode()).hexdigest()[:12], read_entry(archive, entry)
            elif not entry.is_dir():
                ctx.note("other_entries")


def _refuse(ctx: Context, error: RecordRejected) -> None:
    if ctx.tallies[ENTITY].partial is None:
        ctx.partial(ENTITY, error)
    else:
        ctx.refuse(error)
