"""One source's address and credentials, as Airflow keeps them.

Flow: AIRFLOW_CONN_<KEY> (JSON, or the URI form) or the text a hook hands over -> Connection. Nothing here is
ever printed: `repr` shows which fields are set, not what they hold.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from expectations.errors import CallRejected

_FIELDS = {"conn_id", "conn_type", "description", "host", "schema", "login", "password", "port", "extra"}


@dataclass(frozen=True, repr=False)
class Connection:
    """Where a source is and how it knows us; `host` holds scheme, address and port for http."""

    key: str
    conn_type: str
    host: str
    port: int | None
    login: str
    password: str
    extra: Mapping[str, Any]

    def __repr__(self) -> str:
        held = [name for name in ("host", "port", "login", "password") if getattr(self, name)]
        return f"Connection(key={self.key!r}, conn_type={self.conn_type!r}, set={held}, extra={sorted(self.extra)})"

    @classmethod
    def from_env(cls, key: str) -> Connection:
        """The connection of a source, from AIRFLOW_CONN_<KEY IN CAPITALS>. Raises CallRejected SC-CONN."""
        text = os.environ.get(f"AIRFLOW_CONN_{key.upper()}")
        if not text:
            raise CallRejected("SC-CONN", detail=f"connection {key}: AIRFLOW_CONN_{key.upper()} is not set")
        return cls.from_json(key, text) if text.lstrip().startswith("{") else cls.from_uri(key, text)

    @classmethod
    def from_json(cls, key: str, text: str) -> Connection:
        """A connection from Airflow's JSON form; `extra` may itself be JSON text. Raises CallRejected SC-CONN."""
        raw = _mapping(key, text, "the connection")
        unknown = sum(name not in _FIELDS for name in raw)
        if unknown:
            raise _unreadable(key, f"{unknown} unknown fields; known are {', '.join(sorted(_FIELDS))}")
        extra = raw.get("extra") or {}
        if isinstance(extra, str):
            extra = _mapping(key, extra, "extra")
        if not isinstance(extra, Mapping):
            raise _unreadable(key, "extra is not a mapping")
        conn_type = _text(key, raw, "conn_type")
        if not conn_type:
            raise _unreadable(key, "conn_type is missing")
        host = _with_scheme(_text(key, raw, "host"), _text(key, raw, "schema"))
        login, password = _text(key, raw, "login"), _text(key, raw, "password")
        return cls(key, conn_type, host, _port(key, raw.get("port")), login, password, dict(extra))

    @classmethod
    def from_uri(cls, key: str, text: str) -> Connection:
        """A connection from Airflow's URI form, `type://login:password@host:port/schema?name=value`."""
        parts = _split(key, text.strip())
        if not parts.scheme or not parts.netloc:
            raise _unreadable(key, "neither the JSON nor the URI form of Airflow")
        extra: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
        if "__extra__" in extra:
            extra = dict(_mapping(key, extra["__extra__"], "__extra__"))
        conn_type = parts.scheme.replace("-", "_")
        return cls(
            key=key,
            conn_type=conn_type,
            host=_with_scheme(unquote(parts.hostname or ""), parts.path.strip("/") or conn_type),
            port=parts.port,
            login=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            extra=extra,
        )

    @property
    def base_url(self) -> str:
        """`scheme://address[:port][/prefix]` without a closing slash. Raises CallRejected SC-CONN."""
        parts = _split(self.key, self.host)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _unreadable(self.key, "host must start with http:// or https:// and name an address")
        if parts.username is not None or parts.query or parts.fragment or ".." in parts.path:
            raise _unreadable(self.key, "host holds more than scheme, address, port and path")
        address = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = parts.port or self.port
        return f"{parts.scheme}://{address}" + (f":{port}" if port else "") + parts.path.rstrip("/")

    @property
    def credentials(self) -> tuple[str, str]:
        """Login and password. Raises CallRejected SC-CONN when one is missing."""
        if not self.login or not self.password:
            raise _unreadable(self.key, "login and password are both needed")
        return self.login, self.password

    def setting(self, name: str) -> str:
        """One text of `extra`. Raises CallRejected SC-CONN naming the setting."""
        value = self.extra.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise _unreadable(self.key, f"extra.{name} is missing or not a text")
        return str(value)


from_env = Connection.from_env
from_json = Connection.from_json


def _with_scheme(host: str, schema: str) -> str:
    """Airflow may keep the scheme of an http address in its own field."""
    return f"{schema}://{host}" if schema in ("http", "https") and host and "://" not in host else host


def _unreadable(key: str, why: str) -> CallRejected:
    return CallRejected("SC-CONN", detail=f"connection {key}: {why}")


def _split(key: str, text: str) -> SplitResult:
    parts = None
    try:
        parts = urlsplit(text)
        _ = parts.port  # urllib checks the port only when it is read
    except ValueError:
        parts = None  # the exception would quote the text, password and all
    if parts is None:
        raise _unreadable(key, "the address is malformed")
    return parts


def _mapping(key: str, text: str, what: str) -> Mapping[str, Any]:
    try:
        raw = json.loads(text)
    except ValueError:
        raw = None  # a JSONDecodeError carries the whole text: it must not be chained
    if not isinstance(raw, Mapping):
        raise _unreadable(key, f"{what} is not a JSON object")
    return raw


def _text(key: str, raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if value is not None and not isinstance(value, str):
        raise _unreadable(key, f"{name} is not a text")
    return value or ""


def _port(key: str, value: object) -> int | None:
    if value in (None, ""):
        return None
    number = int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0
    if isinstance(value, bool) or not 0 < number < 65536:
        raise _unreadable(key, "port is not a number between 1 and 65535")
    return number
