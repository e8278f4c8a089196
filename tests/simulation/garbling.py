"""Records that cannot be read as long as people leave a mark on them: they show something else for an address.

Answers to writes can be read.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from network import Call

from counterpart.emulators import Response

MARK = "+0 garbled"  # a phone number that stands for it
_NO_ADDRESS = {"what": "no address"}


class Garbled:
    """What the sync sees of customers on their way."""

    def shown(self, call: Call, answer: Response) -> Response:
        """The answer to a call of the sync, as it is shown."""
        if call.method != "GET" or MARK.encode() not in answer.body or answer.status >= 300:
            return answer
        spoilt: set[str] = set()
        whole = _spoilt(msgspec.json.decode(answer.body), spoilt)
        call.hidden = frozenset(spoilt)
        return Response(answer.status, answer.headers, json.dumps(whole).encode())


def _spoilt(value: Any, ids: set[str]) -> Any:
    """The answer as it is shown; notes of which records it shows nothing that can be read."""
    if isinstance(value, list):
        return [_spoilt(each, ids) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("phone") == MARK:
        ids.add(str(value["id"]))
        return value | {"email": _NO_ADDRESS}
    return {name: _spoilt(each, ids) for name, each in value.items()}
