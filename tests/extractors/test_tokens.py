"""Tokens: golden vectors for both algorithms, one key per purpose, and a key that never shows."""

import copy
import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.errors import CallRejected
from extractors._kit.tokens import Tokeniser

# Two busy cores are no finding.
steady = settings(deadline=None)
KEY = bytes(range(32))
# Computed with the standard library's hmac module, not with the code under test.
GOLDEN = [
    ("sha256", "id", "111\x1f11010519491231002X", "P1.h1dd4fc.5bacf1884b458e23c1d5cd3e47fee4b1"),
    ("sha256", "name", "张三", "P1.h1dd4fc.9d590341caebe9a8f93467c6d4e598ca"),
    ("sha256", "surname_birth", "张\x1f1990-01-01", "P1.h1dd4fc.dadf05ec62e8ca04a514e311991b30ef"),
    ("sm3", "id", "111\x1f11010519491231002X", "P1.s2b953a.dc0277ddcc071b660f87ff4e207ef4cf"),
    ("sm3", "name", "张三", "P1.s2b953a.dd93e6bef41acccdda9a465da1a759d4"),
    ("sm3", "surname_birth", "张\x1f1990-01-01", "P1.s2b953a.9d00001749e1044fab9010f7bf305aa2"),
]


def by_the_book(algorithm: str, purpose: str, value: str) -> str:
    """The definition, written out with the standard library."""

    def mac(key: bytes, message: str) -> bytes:
        return hmac.new(key, message.encode(), algorithm).digest()

    kid = algorithm.replace("sha256", "h")[0] + mac(KEY, "street-base-register\x1fkid\x01")[:3].hex()
    purpose_key = mac(KEY, f"street-base-register\x1fpurpose\x1f{purpose}\x01")
    digest = mac(purpose_key, f"{purpose}\x1fv1\x1f{value}")
    return f"P1.{kid}.{digest[:16].hex()}"


@pytest.mark.parametrize(("algorithm", "purpose", "value", "token"), GOLDEN)
def test_golden_vectors_hold(algorithm: str, purpose: str, value: str, token: str) -> None:
    assert Tokeniser(KEY, algorithm).token(purpose, value) == token


@steady
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_sha256_follows_the_definition(value: str) -> None:
    assert Tokeniser(KEY).token("name", value) == by_the_book("sha256", "name", value)


@pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="this OpenSSL has no SM3 for hashlib")
@steady
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_sm3_follows_the_definition(value: str) -> None:
    assert Tokeniser(KEY, "sm3").token("name", value) == by_the_book("sm3", "name", value)


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_bulk_single_and_hasher_agree(algorithm: str) -> None:
    tokeniser = Tokeniser(KEY, algorithm)
    values = ["张三", None, "", "李四", "张三", "\ud800"]
    one_by_one = [tokeniser.token("name", v) if v else None for v in values]
    assert tokeniser.tokens("name", values) == one_by_one
    assert [tokeniser.hasher("name")(v) if v else None for v in values] == one_by_one


def test_purposes_keys_and_algorithms_share_no_token() -> None:
    made = {
        Tokeniser(key, algorithm).token(purpose, "张三").split(".")[2]
        for key in (KEY, bytes(32))
        for algorithm in ("sha256", "sm3")
        for purpose in ("name", "name_sound", "petition")
    }
    assert len(made) == 12


def test_an_empty_value_has_no_token() -> None:
    with pytest.raises(ValueError, match="empty value"):
        Tokeniser(KEY).token("name", "")


@pytest.mark.parametrize("purpose", ["", "Name", "a b", "x\x1fv1", "n" * 33])
def test_a_purpose_is_a_plain_word(purpose: str) -> None:
    with pytest.raises(ValueError, match="purpose"):
        Tokeniser(KEY).token(purpose, "张三")


@pytest.mark.parametrize("value", [None, "", "00", KEY.hex() + "00", "zz" * 32, KEY.hex()[:32] + " " * 32])
def test_a_bad_key_is_named_but_not_shown(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTER_TOKEN_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("REGISTER_TOKEN_KEY", value)
    with pytest.raises(CallRejected, match="REGISTER_TOKEN_KEY") as caught:
        Tokeniser.from_env()
    assert caught.value.code == "SC-KEY" and "REGISTER_TOKEN_KEY" in caught.value.detail
    assert not value or value not in str(caught.value)


def test_an_unknown_algorithm_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_TOKEN_KEY", KEY.hex())
    monkeypatch.setenv("REGISTER_TOKEN_ALG", "md5")
    with pytest.raises(CallRejected) as caught:
        Tokeniser.from_env()
    assert caught.value.code == "SC-KEY" and "REGISTER_TOKEN_ALG" in caught.value.detail


@pytest.mark.parametrize(("chosen", "letter"), [("", "h"), ("sha256", "h"), ("SM3", "s")])
def test_the_environment_chooses_the_algorithm(chosen: str, letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_TOKEN_KEY", KEY.hex().upper() + "\n")
    monkeypatch.setenv("REGISTER_TOKEN_ALG", chosen)
    assert Tokeniser.from_env().kid[0] == letter


def test_no_attribute_shows_the_key() -> None:
    tokeniser = Tokeniser(KEY)
    tokeniser.token("name", "张三")
    shown = repr(copy.copy(vars(tokeniser)))
    assert KEY.hex() not in shown
    assert repr(KEY) not in shown
    assert not any(isinstance(v, bytes) for v in vars(tokeniser).values())
