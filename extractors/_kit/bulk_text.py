"""Bulk text: pieces of bytes in GB18030 in, cells of lines out, size and SM3 of what passed; in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from expectations.errors import RecordRejected
from extractors._kit.signing import Sm3

MAX_LINE = 1 << 20
BOM = b"\xef\xbb\xbf"
Cells = list[str] | None  # None: a line that cannot be decoded


class BulkText:
    """One passage through a file of header, rows and trailer: `rows()` first, then `size`, `sm3` and the rest."""

    def __init__(self, pieces: Iterable[bytes], separator: str, trailer: str, about: str) -> None:
        """trailer: the first cell of the line that ends the rows; about: the file, hashed."""
        self.size, self._sum = 0, Sm3()
        self._separator, self._mark = separator, trailer
        self._lines = lines_of(self._hashed(pieces), about)
        self.header = [name.strip() for name in self._cells(next(self._lines, b"").removeprefix(BOM)) or []]
        self.trailer: list[str] = []
        self.beyond = 0  # lines that follow the trailer

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Line number and cells of each data line; the trailer ends them."""
        for number, line in enumerate(self._lines, 2):
            if not line.strip():
                continue
            cells = self._cells(line)
            if self.trailer:
                self.beyond += 1
            elif cells and cells[0].strip() == self._mark:
                self.trailer = cells
            else:
                yield number, cells if cells and len(cells) == len(self.header) else None

    @property
    def sm3(self) -> str:
        """Of what was read so far."""
        return self._sum.hexdigest()

    def _hashed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._sum.update(piece)
            self.size += len(piece)
            yield piece

    def _cells(self, line: bytes) -> Cells:
        # Decoded first, split second: the separator's bytes also occur inside two-byte characters.
        with suppress(UnicodeDecodeError):
            text = line.decode("gb18030")
            return None if "\0" in text else text.split(self._separator)
        return None


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
