"""The x-tif signature as petitions and mobile collection check it: who calls, when, and that he holds the token."""

from __future__ import annotations

from hmac import compare_digest

from extractors._kit.signing import xtif_headers
from simulator.wires._http import HttpWire, Request, Response, json_response

SKEW = 300


def refused(wire: HttpWire, request: Request) -> Response | None:
    """The 401 for a call without a good signature; None for a call that may go on.

    The wire's login is the paasid, its password the token.
    """
    stamp = request.header("x-tif-timestamp").strip()
    nonce = request.header("x-tif-nonce").strip()
    sent = request.header("x-tif-signature").strip().lower()
    if request.header("x-tif-paasid").strip() != wire.login:
        return _unauthorised("x-tif-paasid 未登记")
    if not (stamp.isascii() and stamp.isdigit()) or not nonce:
        return _unauthorised("缺少 x-tif-timestamp 或 x-tif-nonce")
    if abs(wire.clock() - int(stamp)) > SKEW:
        return _unauthorised(f"x-tif-timestamp 相差超过 {SKEW} 秒")
    wanted = xtif_headers(wire.login, wire.password, int(stamp), nonce)["x-tif-signature"]
    if not compare_digest(sent.encode(), wanted.encode()):
        return _unauthorised("x-tif-signature 不正确")
    return None


def _unauthorised(message: str) -> Response:
    return json_response({"code": "401", "message": message}, 401)
