"""A scenario's traffic: what recording and playing have in common, and recording."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import httpx

from counterpart.replay.cassette import Cassette
from counterpart.replay.errors import UnfinishedRecording
from counterpart.replay.exchange import Exchange
from counterpart.replay.matching import (
    COMPARED,
    HARMLESS,
    IDEMPOTENCY_KEY,
    KEPT_OF_ANSWERS,
    Headers,
)
from counterpart.replay.miss import Miss, MissKind, ReplayMiss
from counterpart.replay.secrets import MASKED, Secrets
from counterpart.replay.transport import Conversation, InProcess, SessionTransport, Upstream

Actor = Literal["driver", "sync"]
TICK = 0.01
"""Seconds of the logical clock before and after each request, the same in a replay as in its recording."""


class Session(ABC):
    """One scenario's traffic with both systems: who sends what in which step."""

    def __init__(self, secrets: Secrets, tick: Callable[[float], None], scenario: str, cure: str) -> None:
        self.misses: list[Miss] = []
        self._secrets, self._tick = secrets, tick
        self._scenario, self._cure = scenario, cure
        self._step, self._step_text = 0, ""
        self._missed_before_step = 0
        self._transports: list[SessionTransport] = []
        self._lock = threading.Lock()

    @property
    @abstractmethod
    def exchanges(self) -> list[Exchange]:
        """What was asked and answered so far, without secrets."""

    @abstractmethod
    def converse(self, actor: str, request: httpx.Request) -> Conversation:
        """Decide about one request; for transports."""

    def transport(self, actor: Actor) -> SessionTransport:
        """The transport for this actor's clients, sync or async."""
        transport = SessionTransport(self, actor)
        self._transports.append(transport)
        return transport

    def begin_step(self, ordinal: int, text: str) -> None:
        """A step begins; ordinals count from one."""
        with self._lock:
            self._step, self._step_text = ordinal, text
            self._missed_before_step = len(self.misses)

    def end_step(self) -> None:
        """The step is over; raises ReplayMiss with all misses in it, those too that the program has swallowed."""
        with self._lock:
            self._miss_unsent(step=self._step)
            self._step, self._step_text = 0, ""
            if self.misses[self._missed_before_step :]:
                raise ReplayMiss(self.misses[self._missed_before_step :])

    def finish(self) -> None:
        """The scenario is over; closes connections of sync clients, raises ReplayMiss with all that was missed."""
        for transport in self._transports:
            transport.close()
        with self._lock:
            self._miss_unsent(step=None)
            if self.misses:
                raise ReplayMiss(self.misses)

    @abstractmethod
    def _miss_unsent(self, *, step: int | None) -> None:
        """Note what should have been sent in this step, or with None in any, and was not."""

    def _missed(self, kind: MissKind, actor: str, asking: str, **facts: Any) -> ReplayMiss:
        """Note a miss in the running step, for whoever sent the request to raise."""
        miss = Miss(kind, self._scenario, self._step, self._step_text, actor, asking, cure=self._cure)
        self.misses.append(replace(miss, **facts))
        return ReplayMiss(self.misses[-1:])


class Recording(Session):
    """Sends requests to the systems that stand behind public names, and writes down what was said.

    `upstreams` maps a public base URL to the address that serves it, or to a transport in process; nothing else is
    contacted. `Accept-Encoding` is always `identity`.
    """

    def __init__(
        self,
        upstreams: Mapping[str, str | InProcess],
        secrets: Secrets,
        tick: Callable[[float], None],
        *,
        scenario: str = "",
        cure: str = "",
    ) -> None:
        super().__init__(secrets, tick, scenario, cure)
        self._upstreams = [(httpx.URL(base), Upstream(target)) for base, target in upstreams.items()]
        self._keys: dict[str, str] = {}
        # In the order in which requests were sent; each is completed once its answer is there.
        self._begun: list[tuple[str, Exchange | None]] = []

    @property
    def exchanges(self) -> list[Exchange]:
        with self._lock:
            return [exchange for _, exchange in self._begun if exchange is not None]

    def cassette(self, metadata: Mapping[str, Any]) -> Cassette:
        """What was recorded; raises UnfinishedRecording when a request was never answered."""
        with self._lock:
            if unanswered := [request for request, exchange in self._begun if exchange is None]:
                raise UnfinishedRecording(unanswered)
            exchanges = tuple(exchange for _, exchange in self._begun if exchange is not None)
        return Cassette(exchanges, dict(metadata), self._secrets)

    def _miss_unsent(self, *, step: int | None) -> None:
        """While recording nothing is expected."""

    def converse(self, actor: str, request: httpx.Request) -> Conversation:
        with self._lock:
            asking = self._numbered(asked(self._secrets, self._step, actor, request))
            upstream, path = self._route(actor, asking, request)
            self._tick(TICK)
            position = len(self._begun)
            self._begun.append((str(asking), None))
        answer = yield upstream, upstream.rebased(request, path)
        with self._lock:
            self._tick(TICK)
            self._begun[position] = (str(asking), answered(asking, self._secrets, answer))
        return response(answer.status_code, kept(answer), answer.content)

    def _numbered(self, asking: Exchange) -> Exchange:
        """Number the idempotency keys: their values are random, but which requests share one is meant."""
        headers = tuple(
            (name, self._placeholder(value) if name == IDEMPOTENCY_KEY else value)
            for name, value in asking.request_headers
        )
        return replace(asking, request_headers=headers)

    def _placeholder(self, key: str) -> str:
        return self._keys.setdefault(key, f"<{IDEMPOTENCY_KEY}-{len(self._keys) + 1}>")

    def _route(self, actor: str, asking: Exchange, request: httpx.Request) -> tuple[Upstream, bytes]:
        url = request.url
        for public, upstream in self._upstreams:
            prefix = public.raw_path.rstrip(b"/")
            if (url.scheme, url.host, url.port) == (public.scheme, public.host, public.port) and (
                url.raw_path == prefix or url.raw_path.startswith(prefix + b"/")
            ):
                return upstream, url.raw_path.removeprefix(prefix)
        known = ", ".join(str(public) for public, _ in self._upstreams)
        detail = f"only {known} may be contacted; nothing was sent"
        raise self._missed(MissKind.OTHER_HOST, actor, str(asking), detail=detail)


def asked(secrets: Secrets, step: int | None, actor: str | None, request: httpx.Request) -> Exchange:
    """A request as it is recorded and compared: without secrets, noise and credentials in the address."""
    url = request.url.copy_with(username=None, password=None) if request.url.userinfo else request.url
    headers = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw)
    return Exchange(
        step=step,
        actor=actor,
        method=request.method,
        url=secrets.conceal(str(url)),
        request_headers=tuple(sorted(_concealed(secrets, headers))),
        request_body=secrets.conceal_body(request.content),
        status=0,
        response_headers=(),
        response_body=b"",
    )


def answered(exchange: Exchange, secrets: Secrets, response: httpx.Response) -> Exchange:
    """The exchange with an answer as it is recorded: its content not compressed, without secrets and noise."""
    return replace(
        exchange,
        status=response.status_code,
        response_headers=tuple((name, secrets.conceal(value)) for name, value in kept(response)),
        response_body=secrets.conceal_body(response.content),
    )


def kept(response: httpx.Response) -> Headers:
    """The headers of an answer that a client may act on, in a stable order."""
    named = ((name.lower(), value) for name, value in response.headers.multi_items())
    return tuple(sorted((pair for pair in named if pair[0] in KEPT_OF_ANSWERS), key=lambda pair: pair[0]))


def response(status: int, headers: Headers, body: bytes) -> httpx.Response:
    """The answer that a client is given, the same for a recording and its replay."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode()))
    # A stream, since httpx takes five times as long over `content`.
    return httpx.Response(status, headers=raw, stream=httpx.ByteStream(body))


def _concealed(secrets: Secrets, headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        if name == "authorization":
            yield name, secrets.credential(value)
        elif name in COMPARED:
            yield name, secrets.conceal(value)
        elif name not in HARMLESS:
            yield name, MASKED
