"""How a request leaves the process and an answer comes back; everything above deals in plain values.

Three carriers exist: the network's own (`network`), httpx's transports, which carry recordings, and whatever a caller
hands in, such as a simulation that calls both systems below HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import httpx

MAX_BODY = 16 * 1024 * 1024  # a page of 100 records of either API is far below one megabyte
TIMEOUT_SECONDS = 30
_TIMEOUT = httpx.Timeout(TIMEOUT_SECONDS).as_dict()
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)


class NotSent(Exception):
    """The request never left: there is no connection."""


class NoAnswer(Exception):
    """The request left, and what became of it is not known."""


class TooLarge(Exception):
    """The answer is larger than any that the API gives; the rest of it is not read."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names in lower case, of repeated ones the last."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@runtime_checkable
class Carrier(Protocol):
    """One request out, one answer in; raises NotSent, NoAnswer and TooLarge."""

    async def carry(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply: ...

    async def close(self) -> None: ...


Transport = httpx.AsyncBaseTransport | Carrier


class Httpx:
    """Over a transport of httpx and without its client.

    The client's share is what we do not want: redirects, cookies, proxies from the environment.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def carry(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        try:
            request = httpx.Request(method, url, headers=headers, content=content, extensions={"timeout": _TIMEOUT})
            response = await self._transport.handle_async_request(request)
            try:
                body = await _bounded(response)
            finally:
                await response.aclose()
        except _NOT_SENT as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error
        except httpx.TransportError as error:
            raise NoAnswer(type(error).__name__) from error
        named = {name.decode("ascii").lower(): value.decode("latin-1") for name, value in response.headers.raw}
        return Reply(response.status_code, named, body)

    async def close(self) -> None:
        await self._transport.aclose()


async def _bounded(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MAX_BODY:
            raise TooLarge(f"more than {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)
