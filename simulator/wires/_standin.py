"""The stand-in for a source that has no wire of its own: it replays the `sample/` folder of an extractor over HTTP.

Any GET or POST is answered with `sample/reply.json`, or with `sample/reply_<name>.json` where the last part of the
path is `<name>`. So a thirteenth source is tried from wire to staging before anybody writes a simulator for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from simulator.wires._http import HttpWire, Request, Response, Routes, json_response
from simulator.wires._message import JSON

TOTALS = ("total", "count", "row_count")


class StandIn(HttpWire):
    """One source, as its sample says that it answers."""

    def __init__(self, key: str, sample: Path, **options: Any) -> None:
        """Options are those of HttpWire. Raises FileNotFoundError if the folder has no reply.json."""
        super().__init__(**options)
        self.key = key
        self.replies = {path.stem: path.read_bytes() for path in sorted(sample.glob("reply*.json"))}
        if "reply" not in self.replies:
            raise FileNotFoundError(f"{sample / 'reply.json'}: the stand-in answers with this file")

    def routes(self) -> Routes:
        return {("GET", "*"): self.reply, ("POST", "*"): self.reply}

    def operation(self, request: Request) -> str:
        return request.path

    def holds(self) -> str:
        return f"样例回放: {', '.join(f'{name}.json' for name in self.replies)}"

    def reply(self, request: Request) -> Response:
        """The bytes of the sample, or what row faults make of them."""
        name = f"reply_{request.path.rstrip('/').rpartition('/')[2]}"
        body = self.replies.get(name, self.replies["reply"])
        if not request.faults.hits:
            return Response(200, body, {"Content-Type": JSON})
        if self.faults.expired():
            return json_response({"error": "token expired"}, 401)
        return json_response(self._faulty(orjson.loads(body)))

    def _faulty(self, said: Any) -> Any:
        """Pass the first list of objects, and whatever is called a total, through the faults of the request."""
        if isinstance(said, list) and all(isinstance(row, dict) for row in said):
            return self.faults.rows(said)
        places = list(_mappings(said))
        for place in places:
            place.update({name: self.faults.total(place[name]) for name in TOTALS if isinstance(place.get(name), int)})
        for place in places:
            for name, value in place.items():
                if isinstance(value, list) and all(isinstance(row, dict) for row in value):
                    place[name] = self.faults.rows(value)
                    return said
        return said


def _mappings(said: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of an answer, the outer ones first; the rows in its lists are not among them."""
    waiting: deque[Any] = deque([said])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
