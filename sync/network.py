"""The carrier that reaches the network: aiohttp, whose parser is C, takes a sixth of httpx's time for a call."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache

import aiohttp
import httpx

from sync.transport import MAX_BODY, TIMEOUT_SECONDS, NoAnswer, NotSent, Reply, TooLarge

_KEPT_SECONDS = 4  # an idle connection; many servers close theirs after five, and a write must not meet that
_READ_SIZE = 256 * 1024  # a page of 100 records in one piece
_NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)


class Network:
    """Over connections that are kept between calls; how many at once is up to whoever calls."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None  # made at the first call: it belongs to the loop

    async def carry(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        session = self._session = self._session or _session()
        try:
            async with session.request(method, url, headers=headers, data=content, allow_redirects=False) as response:
                body = await _bounded(response)
        except _NOT_SENT as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoAnswer(type(error).__name__) from error
        named = {name.decode("ascii").lower(): value.decode("latin-1") for name, value in response.raw_headers}
        return Reply(response.status, named, body)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


@cache
def _authorities() -> ssl.SSLContext:
    """What both systems' certificates are held against; to read it takes 15 ms."""
    return httpx.create_ssl_context(trust_env=False)


def _session() -> aiohttp.ClientSession:
    """One that keeps no cookies, reads nothing from the environment, and trusts the authorities that httpx trusts."""
    # The last is for an answer that comes, but byte by byte.
    timeout = aiohttp.ClientTimeout(connect=TIMEOUT_SECONDS, sock_read=TIMEOUT_SECONDS, total=4 * TIMEOUT_SECONDS)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEPT_SECONDS, ssl=_authorities()),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Content-Type",),
        trust_env=False,
        timeout=timeout,
        read_bufsize=_READ_SIZE,
        middlewares=(_once,),
    )


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request once: aiohttp would send a GET, and a DELETE, again when a kept connection turns out to be closed.

    Whether a call may be repeated is decided where it is known what it does.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise NoAnswer(type(error).__name__) from error


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > MAX_BODY:
            raise TooLarge(f"more than {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)
