"""Bulk text as lines: pieces of bytes in, lines of bytes out, in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from expectations.errors import RecordRejected

MAX_LINE = 1 << 20


def lines_of(pieces: Iterable[bytes], about: str) -> Iterator[bytes]:
    """The lines without their line ends, LF or CRLF. Cut before decoding: no GB18030 character holds a line feed.

    Raises RecordRejected DE-LIMIT for a line without an end; about: the file, hashed.
    """
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
        if len(rest) > MAX_LINE:
            raise RecordRejected("DE-LIMIT", detail=f"file {about}: a line of more than {MAX_LINE} bytes")
    if rest:
        yield rest.removesuffix(b"\r")
