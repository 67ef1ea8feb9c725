"""Airflow connections from the environment: both forms, and errors that keep the secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from expectations.errors import CallRejected
from extractors._kit.connection import Connection

FULL = {
    "conn_type": "http",
    "host": "http://127.0.0.1:8103",
    "login": "canary-login",
    "password": "canary-password",
    "extra": {"area_code": "440111017"},
}


def from_json(**changes: Any) -> Connection:
    return Connection.from_json("petitions", json.dumps(FULL | changes))


def test_the_json_form_with_extra_as_mapping_or_as_text() -> None:
    for extra in (FULL["extra"], json.dumps(FULL["extra"])):
        connection = from_json(extra=extra, port="22", description="x")
        assert connection == Connection(
            "petitions",
            "http",
            "http://127.0.0.1:8103",
            22,
            "canary-login",
            "canary-password",
            {"area_code": "440111017"},
        )
        assert connection.setting("area_code") == "440111017"
        assert connection.credentials == ("canary-login", "canary-password")


def test_it_is_read_from_the_environment_in_either_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PETITIONS", " " + json.dumps(FULL))
    assert Connection.from_env("petitions") == from_json()
    monkeypatch.setenv("AIRFLOW_CONN_PETITIONS", "http://u%40x:p%2Fw@10.0.0.1:8103/https?area_code=440111017")
    connection = Connection.from_env("petitions")
    assert (connection.credentials, connection.base_url) == (("u@x", "p/w"), "https://10.0.0.1:8103")
    assert connection.setting("area_code") == "440111017"
    monkeypatch.setenv("AIRFLOW_CONN_PETITIONS", 'sftp://u:p@drop.example:22/?__extra__={"folder":"in"}')
    connection = Connection.from_env("petitions")
    assert (connection.conn_type, connection.host, connection.port) == ("sftp", "drop.example", 22)
    assert connection.extra == {"folder": "in"}


def test_a_missing_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_PETITIONS", raising=False)
    with pytest.raises(CallRejected) as caught:
        Connection.from_env("petitions")
    assert caught.value.code == "SC-CONN" and "AIRFLOW_CONN_PETITIONS" in caught.value.detail


@pytest.mark.parametrize(
    "text",
    [
        '{"password":"canary"',
        '["canary"]',
        '{"password":"canary"}',
        '{"conn_type":"http","password":"canary","passwrod":"canary"}',
        '{"conn_type":"http","password":["canary"]}',
        '{"conn_type":"http","extra":"canary"}',
        '{"conn_type":"http","extra":["canary"]}',
        '{"conn_type":"http","port":"canary"}',
        '{"conn_type":"http","port":true}',
        '{"conn_type":"http","port":99999}',
        "canary",
        "http://canary:canary@host:canary/",
        "http://[canary/",
    ],
)
def test_an_unreadable_one_is_refused_without_its_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PETITIONS", text)
    with pytest.raises(CallRejected) as caught:
        Connection.from_env("petitions")
    assert caught.value.code == "SC-CONN" and "canary" not in str(caught.value)
    assert caught.value.__context__ is None


def test_printing_a_connection_shows_no_value() -> None:
    shown = f"{from_json()!r} {from_json()}"
    assert "canary" not in shown and "127.0.0.1" not in shown and "440111017" not in shown
    assert "'password'" in shown and "area_code" in shown


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("http://127.0.0.1:8103", None, "http://127.0.0.1:8103"),
        ("https://gw.example/", None, "https://gw.example"),
        ("https://gw.example/sieaf/", 8443, "https://gw.example:8443/sieaf"),
        ("http://[::1]:80", 1, "http://[::1]:80"),
    ],
)
def test_the_base_url_has_no_closing_slash(host: str, port: int | None, url: str) -> None:
    assert from_json(host=host, port=port).base_url == url


def test_the_scheme_may_stand_in_its_own_field() -> None:
    assert from_json(host="gw.example", schema="https").base_url == "https://gw.example"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "gw.example",
        "ftp://gw.example",
        "http://",
        "http://u:canary@gw.example",
        "http://a?canary",
        "http://a:canary",
    ],
)
def test_an_address_that_is_not_plain_http_is_refused(host: str) -> None:
    with pytest.raises(CallRejected) as caught:
        _ = from_json(host=host).base_url
    assert caught.value.code == "SC-CONN" and "canary" not in str(caught.value)


def test_a_missing_setting_or_login_is_named() -> None:
    for value in (None, "", True, ["x"]):
        with pytest.raises(CallRejected) as caught:
            from_json(extra={"area_code": value}).setting("area_code")
        assert "extra.area_code" in caught.value.detail
    assert from_json(extra={"area_code": 440111017}).setting("area_code") == "440111017"
    with pytest.raises(CallRejected):
        _ = from_json(password=None).credentials
