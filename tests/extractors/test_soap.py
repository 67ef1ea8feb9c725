"""Reading SOAP answers: encodings, Faults, and what is no answer at all."""

from __future__ import annotations

import pytest

from expectations.errors import SourceChanged
from extractors._kit.message import Reply
from extractors._kit.soap import read_answer

ANSWER = "<Envelope><Body><business>{}</business></Body></Envelope>"


def reply(body: bytes | str, status: int = 200, kind: str = "text/xml") -> Reply:
    return Reply(status, {"Content-Type": kind}, body if isinstance(body, bytes) else body.encode())


def test_a_fault_is_an_error_by_its_code() -> None:
    fault = "<Fault><faultcode>s:Server</faultcode><faultstring>CANARY</faultstring></Fault>"
    with pytest.raises(SourceChanged) as error:
        read_answer(reply(f"<s:Envelope xmlns:s='urn:s'><s:Body>{fault}</s:Body></s:Envelope>", 500), "business")
    assert (error.value.code, error.value.detail) == ("EX-CODE", "business: SOAP Fault s:Server")


@pytest.mark.parametrize(
    ("head", "codec", "kind"),
    [
        ('<?xml version="1.0" encoding="GBK"?>', "gbk", "text/xml; charset=UTF-8"),
        ("<?xml version='1.0' encoding='gb2312'?>", "gb18030", "text/xml"),
        ('<?xml version="1.0" encoding="UTF-8"?>', "utf-8", "text/xml; charset=GBK"),
        ("", "gbk", 'text/xml; charset="GBK"'),
        ("", "utf-8", "text/xml"),
    ],
)
def test_the_prolog_says_how_to_read_and_then_the_header(head: str, codec: str, kind: str) -> None:
    body = head + ANSWER.format("<result code='1'/><resultset><row aab004='鹤龙商行'/></resultset>")
    answer = read_answer(reply(body.encode(codec), kind=kind), "business")
    assert answer.rows == [{"aab004": "鹤龙商行"}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'<?xml version="1.0" encoding="GBK"?><a>\xff\xff</a>', "DE-ENC"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "DE-ENC"),
        (b"<Envelope><Body/></Envelope>", "EX-SHAPE"),
        (b"<Envelope><Body><login><result/></login></Body></Envelope>", "EX-SHAPE"),
        (ANSWER.format("<resultset/>").encode(), "EX-SHAPE"),
        (b"", "DE-XML"),
    ],
)
def test_other_shapes_are_refused(body: bytes, code: str) -> None:
    with pytest.raises(SourceChanged) as error:
        read_answer(reply(body), "business")
    assert error.value.code == code


def test_a_deep_or_long_answer_is_refused() -> None:
    for body in ("<a>" * 5_000, f"<a b='{'x' * 11_000_000}'/>"):
        with pytest.raises(SourceChanged) as error:
            read_answer(reply(body), "business")
        assert error.value.code == "DE-XML"
