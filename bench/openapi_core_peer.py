"""openapi-core over exchanges, in an environment of its own: reads JSON lines, prints for each `ok` or the fault.

Run by `bench/replay_checks.py`. The lock of this project holds an old openapi-core back, which knows no OpenAPI 3.1.
"""

from __future__ import annotations

import json
import sys

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse


def fault(api: OpenAPI, told: dict[str, object]) -> str:
    """What it finds wrong with an exchange, both directions; empty for nothing."""
    content_type = dict(told["request_headers"]).get("content-type", "")
    request = MockRequest(
        told["host"],
        told["method"].lower(),
        told["path"],
        args=[tuple(pair) for pair in told["query"]],
        headers=dict(told["request_headers"]),
        data=told["request_body"].encode() or None,
        content_type=content_type,
    )
    headers = dict(told["response_headers"])
    response = MockResponse(
        told["response_body"].encode(), told["status"], headers, content_type=headers.get("content-type", "")
    )
    for check in (lambda: api.validate_request(request), lambda: api.validate_response(request, response)):
        try:
            check()
        except OpenAPIError as error:
            return type(error).__name__
        except Exception as error:  # it breaks over some inputs, which finds them as well
            return f"broke: {type(error).__name__}"
    return ""


def main() -> None:
    api = OpenAPI.from_file_path(sys.argv[1])
    for line in sys.stdin:
        print(fault(api, json.loads(line)) or "ok")


if __name__ == "__main__":
    main()
