"""Publishing a folder whole: built beside, then swapped in by one rename; the one before is kept.

`DIR` is a symbolic link to `DIR.site-<n>`: replacing a link is atomic, replacing a folder that holds files is not.
A kill at any point leaves either site whole; what an unfinished build left is cleared away by the next.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expectations.errors import CallRejected
from expectations.faultpoint import faultpoint, register
from warehouse.engine.lock import writer_lock

KEPT = 2  # the present site and the one before
WAIT = 60.0

register("report.before_swap", "report.after_swap")


@contextmanager
def publishing(site: Path) -> Iterator[Path]:
    """An empty folder to build in; becomes `site` when the block ends well, and is removed when it does not.

    Raises: CallRejected SC-CALL when `site` is a folder or file that this module did not make, SourceLater LO-LOCKED.
    """
    if site.exists() and not site.is_symlink():
        raise CallRejected("SC-CALL", detail=f"--site: {site.name} exists and is not a report; nothing was touched")
    site.parent.mkdir(parents=True, exist_ok=True)
    with writer_lock(site, WAIT):
        workshop = _workshop(site)
        try:
            yield workshop
            _swap(site, workshop)
        except BaseException:
            if not site.exists() or site.resolve() != workshop.resolve():
                shutil.rmtree(workshop, ignore_errors=True)
            raise
        _clear(site)


def generations(site: Path) -> list[Path]:
    """The folders of a site, oldest first."""
    pattern = re.compile(re.escape(f"{site.name}.site-") + r"(\d+)")
    found = [(int(m[1]), p) for p in site.parent.iterdir() if (m := pattern.fullmatch(p.name))]
    return [path for _, path in sorted(found)]


def _workshop(site: Path) -> Path:
    """The next folder. Under the lock, what is newer than the published one is an unfinished build."""
    present = site.resolve() if site.is_symlink() else None
    numbers = [0]
    for path in generations(site):
        number = int(path.name.rsplit("-", 1)[1])
        if present is None or number > int(present.name.rsplit("-", 1)[1]):
            shutil.rmtree(path)
        else:
            numbers.append(number)
    workshop = site.with_name(f"{site.name}.site-{max(numbers) + 1}")
    workshop.mkdir(mode=0o700)
    return workshop


def _swap(site: Path, workshop: Path) -> None:
    for path in sorted(workshop.rglob("*")):
        _sync(path)
    _sync(workshop)
    link = site.with_name(f"{site.name}.link")
    link.unlink(missing_ok=True)
    link.symlink_to(workshop.name)  # relative, so that the whole folder may be moved
    faultpoint("report.before_swap")
    link.replace(site)
    _sync(site.parent)
    faultpoint("report.after_swap")


def _clear(site: Path) -> None:
    for old in generations(site)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
