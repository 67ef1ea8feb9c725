"""A light loopback server that hands out pages made before: it must never be what a bench waits for.

`GET /<spool>/collect/records?last_id=N` gives page N of that spool, with the head the real wire sends. It runs as a
process of its own, so that its CPU time is nobody's.

Alone: python -m bench._server FOLDER    (prints its port, serves every spool in the folder until it is ended)
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench._measure import ROOT


class Pages(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    folder = Path()

    def do_GET(self) -> None:
        """Send one page, or 404."""
        parts = urlsplit(self.path)
        number = parse_qs(parts.query).get("last_id", ["0"])[0] or "0"
        page = self.folder / parts.path.split("/")[1] / f"{int(number)}.gz"
        body = page.read_bytes() if page.is_file() else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Encoding", "gzip" if body else "identity")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """No log."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server over a folder of spools, in a process of its own; gives its URL."""
    command = [sys.executable, "-m", "bench._server", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def main() -> None:
    """Serve until the process is ended."""
    Pages.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
