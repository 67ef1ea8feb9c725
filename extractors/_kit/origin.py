"""The same-origin rule: a link a source gives never leads to another scheme, host or port."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from expectations.errors import SourceChanged

_PORTS = {"http": 80, "https": 443}


def path_within(base_url: str, url: str) -> str:
    """Path and query of `url` below `base_url`, for a Call. Raises SourceChanged EX-ORIGIN for any other place.

    Only the path is handed on and the own origin put before it, so that no two readings of a URL can differ.
    The path of the base counts: on a shared gateway another path is another application.
    """
    base = urlsplit(base_url)
    link = _split(urljoin(base_url, url) if url.startswith("/") else url)
    if (
        link is None
        or _origin(link) != _origin(base)
        or not f"{link.path}/".startswith(f"{base.path}/")
        or ".." in unquote(link.path).split("/")
    ):
        raise SourceChanged("EX-ORIGIN", detail=f"a link leads away from {base_url}")
    path = link.path[len(base.path) :] or "/"
    return f"{path}?{link.query}" if link.query else path


def _split(url: str) -> SplitResult | None:
    """The parts, or None for anything that only a lenient reader would take for a URL."""
    if not (url.isascii() and url.isprintable()) or set(url) & set(' \\"<>'):
        return None
    try:
        link = urlsplit(url)
        _ = link.port  # urllib checks the port only when it is read
    except ValueError:
        return None
    return None if "@" in link.netloc else link


def _origin(link: SplitResult) -> tuple[str, str | None, int | None]:
    return link.scheme, link.hostname, link.port or _PORTS.get(link.scheme)
