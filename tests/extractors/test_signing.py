"""The signatures against the vectors of the interface profiles and the published ones of SM3."""

from __future__ import annotations

import time

from extractors._kit.signing import Sm3, gjgxjhpt_headers, hmac_sm3_hex, sm3_hex, xtif_headers

ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_xtif_vector() -> None:
    assert xtif_headers("paas", "demo-token", now=1667260800.9, nonce="n-0001") == {
        "x-tif-paasid": "paas",
        "x-tif-timestamp": "1667260800",
        "x-tif-nonce": "n-0001",
        "x-tif-signature": "977cb4bdbad5a8a90dd4c3c8bf8d3df42a58a3c4b911543a03de2f4fff22a1f2",
    }


def test_gjgxjhpt_vector() -> None:
    assert gjgxjhpt_headers("s_demo_0001", "demo-key", now=1667260800, rid="r_demo@1") == {
        "gjgxjhpt_rid": "r_demo@1",
        "gjgxjhpt_sid": "s_demo_0001",
        "gjgxjhpt_rtime": "1667260800000",
        "gjgxjhpt_sign": "SPlQA+rCS2qNDK3Alo/L7msLlYjh5L572h0EwcSwM9c=",
    }


def test_every_attempt_has_its_own_nonce_and_the_time_of_now() -> None:
    first, second = xtif_headers("p", "t"), xtif_headers("p", "t")
    assert first["x-tif-nonce"] != second["x-tif-nonce"]
    assert abs(int(first["x-tif-timestamp"]) - time.time()) < 5
    one, two = gjgxjhpt_headers("s", "k"), gjgxjhpt_headers("s", "k")
    assert one["gjgxjhpt_rid"] != two["gjgxjhpt_rid"]
    assert abs(int(one["gjgxjhpt_rtime"]) - time.time() * 1000) < 5000


def test_sm3_vectors_of_gb_t_32905() -> None:
    assert sm3_hex(b"abc") == ABC
    assert sm3_hex(b"abcd" * 16) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_sm3_in_pieces_equals_sm3_at_once_and_can_be_read_on_the_way() -> None:
    digest = Sm3()
    for piece in (b"a", b"", b"bc"):
        digest.update(piece)
    assert (digest.hexdigest(), digest.hexdigest()) == (ABC, ABC)
    digest.update(b"d" * 100_000)
    assert digest.hexdigest() == sm3_hex(b"abc" + b"d" * 100_000)


def test_hmac_sm3_follows_rfc_2104() -> None:
    key, text = "secret", "clientId1667260800"

    def by_hand(key: bytes, text: bytes) -> str:
        block = key.ljust(64, b"\0")
        inner = bytes.fromhex(sm3_hex(bytes(b ^ 0x36 for b in block) + text))
        return sm3_hex(bytes(b ^ 0x5C for b in block) + inner)

    assert hmac_sm3_hex(key, text) == by_hand(key.encode(), text.encode())
    assert hmac_sm3_hex("密钥", "区") == by_hand("密钥".encode(), "区".encode())
