"""Publishing a folder whole: built beside, then swapped in by one rename; the one before is kept.

`DIR` is a symbolic link to `DIR.site-<n>`: replacing a link is atomic, replacing a folder that holds files is not.
A kill at any point leaves either site whole; what an unfinished build left is cleared away by the next.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expectations.errors import CallRejected, SourceLater
from expectations.faultpoint import faultpoint, register
from warehouse.engine.lock import writer_lock

KEPT = 2  # the present site and the one before
WAIT = 60.0

register("report.before_swap", "report.after_swap")


@contextmanager
def publishing(site: Path) -> Iterator[Path]:
    """An empty folder to build in; becomes `site` when the block ends well, and is removed when it does not.

    Raises: CallRejected SC-CALL when `site` is a folder or file that this module did not make; SourceLater LO-LOCKED,
    LA-SPACE, LA-IO.
    """
    if not _is_ours(site):
        raise CallRejected("SC-CALL", detail=f"--site: {site.name} exists and is not a report; nothing was touched")
    site.parent.mkdir(parents=True, exist_ok=True)
    with writer_lock(site, WAIT):
        workshop = _workshop(site)
        try:
            with _disk_errors():
                yield workshop
                _swap(site, workshop)
        except BaseException:
            if not site.exists() or site.resolve() != workshop.resolve():
                shutil.rmtree(workshop, ignore_errors=True)
            raise
        _clear(site)


@contextmanager
def _disk_errors() -> Iterator[None]:
    """What the disk refuses, as LA-SPACE or LA-IO."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SourceLater("LA-SPACE", detail="report") from error
        if error.errno in (errno.EIO, errno.EROFS):
            raise SourceLater("LA-IO", detail="report") from error
        raise


def _is_ours(site: Path) -> bool:
    """Nothing there yet, or a link to a generation: a path that was mistyped must not cost anybody a folder."""
    if site.is_symlink():
        return _number(site, site.readlink().name) is not None and not site.readlink().is_absolute()
    return not site.exists()


def generations(site: Path) -> list[Path]:
    """The folders of a site, oldest first."""
    found = [(n, p) for p in site.parent.iterdir() if (n := _number(site, p.name)) is not None]
    return [path for _, path in sorted(found)]


def _number(site: Path, name: str) -> int | None:
    found = re.fullmatch(re.escape(f"{site.name}.site-") + r"(\d+)", name)
    return int(found[1]) if found else None


def _workshop(site: Path) -> Path:
    """The next folder. Under the lock, what is newer than the published one is an unfinished build."""
    present = (_number(site, site.readlink().name) if site.is_symlink() else None) or 0
    for path in generations(site):
        if (_number(site, path.name) or 0) > present:
            shutil.rmtree(path)
    workshop = site.with_name(f"{site.name}.site-{present + 1}")
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
