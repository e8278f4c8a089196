"""Playing a cassette back, strictly."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from enum import Enum

import httpx

from counterpart.replay.cassette import Cassette
from counterpart.replay.causality import Order
from counterpart.replay.exchange import Exchange
from counterpart.replay.matching import IDEMPOTENCY_KEY, Canonical, canonical, differences
from counterpart.replay.miss import MissKind, ReplayMiss
from counterpart.replay.secrets import Secrets
from counterpart.replay.session import TICK, Session, answered, asked, response
from counterpart.replay.transport import Conversation

_MOST_COMPARED = 100
_MOST_SHOWN = 3


class _State(Enum):
    WAITING = "not sent yet"
    PLAYED = "answered already"
    LEFT = "left out in its step"


class Playing(Session):
    """Answers from a cassette: each interaction once, to the actor, in the step and in the order that it records.

    `cure` is the command that records the scenario again; it stands at the end of every miss. In recordings of other
    tools, which know no steps and actors, only the order counts.
    """

    def __init__(self, cassette: Cassette, secrets: Secrets, tick: Callable[[float], None], *, cure: str = "") -> None:
        super().__init__(secrets, tick, scenario=str(cassette.metadata.get("scenario", "")), cure=cure)
        self._foreign = cassette.foreign
        recorded = cassette.interactions
        self._recorded = tuple(_scrubbed(each, secrets) for each in recorded) if self._foreign else recorded
        self._canonical = [_canonical(each) for each in self._recorded]
        self._order = Order(self._recorded)
        self._state = [_State.WAITING] * len(self._recorded)
        self._queues: dict[tuple[int | None, str | None, Canonical], deque[int]] = defaultdict(deque)
        self._steps: dict[int | None, list[int]] = defaultdict(list)
        for position, exchange in enumerate(self._recorded):
            self._queues[exchange.step, exchange.actor, self._canonical[position]].append(position)
            self._steps[exchange.step].append(position)
        self._placeholders: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._blamed: set[int] = set()
        self._played: list[Exchange] = []

    @property
    def exchanges(self) -> list[Exchange]:
        with self._lock:
            return list(self._played)

    def converse(self, actor: str, request: httpx.Request) -> Conversation:
        with self._lock:
            self._tick(TICK)
            recorded = self._play(actor, asked(self._secrets, self._step, actor, request))
            self._tick(TICK)
        headers = tuple((name, self._secrets.reveal(value)) for name, value in recorded.response_headers)
        return response(recorded.status, headers, self._secrets.reveal_body(recorded.response_body))
        yield  # a generator as every conversation, but nothing is ever sent

    def _play(self, actor: str, request: Exchange) -> Exchange:
        wanted = _canonical(request)
        queue = self._queues.get((None, None, wanted) if self._foreign else (self._step, actor, wanted))
        if not queue:
            raise self._explained(actor, request, wanted)
        position = queue[0]
        if not self._order.ready(position):
            first = self._recorded[self._order.blockers(position)[0]]
            detail = f"the recording has {first} before it, which has not been sent"
            self._blamed.add(position)
            raise self._missed(MissKind.TOO_EARLY, actor, str(request), detail=detail)
        self._check_key(actor, request, position)
        queue.popleft()
        self._order.settle(position)
        self._state[position] = _State.PLAYED
        self._played.append(self._recorded[position])
        return self._recorded[position]

    def _check_key(self, actor: str, request: Exchange, position: int) -> None:
        """Equal idempotency keys where the recording has equal ones, different ones where it has not."""
        key, placeholder = _idempotency_key(request), _idempotency_key(self._recorded[position])
        if key is None or placeholder is None:
            return
        if self._placeholders.get(key, placeholder) != placeholder:
            detail = "it repeats the key of an earlier request; the recording has another key here"
        elif self._keys.get(placeholder, key) != key:
            detail = "its key is a new one; the recording repeats the key of an earlier request here"
        else:
            self._placeholders[key], self._keys[placeholder] = placeholder, key
            return
        self._blamed.add(position)
        raise self._missed(MissKind.OTHER_KEY, actor, str(request), detail=detail)

    def _explained(self, actor: str, request: Exchange, wanted: Canonical) -> ReplayMiss:
        """A miss that says how the request relates to the recording, most telling relation first."""
        equal = [position for position, each in enumerate(self._canonical) if each == wanted]
        here = [position for position in equal if self._recorded[position].step == self._step]
        waiting = [position for position in equal if self._state[position] is _State.WAITING]
        left = [position for position in equal if self._state[position] is _State.LEFT]
        if not equal:
            return self._unlike(actor, request, wanted)
        if others := [position for position in here if position in waiting]:
            kind, position = MissKind.OTHER_ACTOR, others[0]
        elif here and not left:
            kind, position = MissKind.REPEATED, here[-1]
        elif left:
            kind, position = MissKind.TOO_LATE, left[0]
        elif waiting:
            kind, position = MissKind.TOO_EARLY, waiting[0]
        else:
            kind, position = MissKind.REPEATED, equal[-1]
        if kind is MissKind.OTHER_ACTOR:
            self._blamed.add(position)
        detail = f"the recording has it {self._place(position)}, {self._state[position].value}"
        return self._missed(kind, actor, str(request), detail=detail)

    def _unlike(self, actor: str, request: Exchange, wanted: Canonical) -> ReplayMiss:
        """A request that the recording holds nowhere, beside the recorded one that it resembles most."""
        candidates = sorted(range(len(self._canonical)), key=lambda position: self._distance(position, actor, wanted))
        ranked = sorted(
            candidates[:_MOST_COMPARED],
            key=lambda position: (
                self._distance(position, actor, wanted),
                len(differences(wanted, self._canonical[position])),
            ),
        )
        near = [position for position in ranked[:_MOST_SHOWN] if _resembles(self._canonical[position], wanted)]
        if not near:
            return self._missed(
                MissKind.NOT_RECORDED, actor, str(request), detail="the recording holds nothing like it"
            )
        nearest, *others = near
        self._blamed.add(nearest)
        return self._missed(
            MissKind.NOT_RECORDED,
            actor,
            str(request),
            nearest=f"{self._recorded[nearest]}, {self._place(nearest)}, {self._state[nearest].value}",
            differences=tuple(differences(wanted, self._canonical[nearest])),
            others=tuple(
                self._another(position, wanted)
                for position in others
                if self._canonical[position].method == wanted.method
            ),
        )

    def _another(self, position: int, wanted: Canonical) -> str:
        paths = ", ".join(dict.fromkeys(each.path for each in differences(wanted, self._canonical[position])))
        place = f"{self._place(position)}, {self._state[position].value}"
        return f"{self._recorded[position]}, {place}; differs in {paths}"

    def _distance(self, position: int, actor: str, wanted: Canonical) -> tuple[bool | int, ...]:
        recorded, exchange = self._canonical[position], self._recorded[position]
        return (
            (recorded.method, recorded.url) != (wanted.method, wanted.url),
            recorded.url != wanted.url,
            not _resembles(recorded, wanted),
            self._state[position] is not _State.WAITING,
            abs((exchange.step or 0) - self._step),
            exchange.actor != actor,
        )

    def _place(self, position: int) -> str:
        exchange = self._recorded[position]
        if exchange.step is None:
            return f"as interaction {position + 1}"
        step = f"in step {exchange.step}" if exchange.step else "outside any step"
        return f"{step} by the {exchange.actor}"

    def _miss_unsent(self, *, step: int | None) -> None:
        for position in range(len(self._recorded)) if step is None else self._steps.get(step, ()):
            if self._state[position] is not _State.WAITING:
                continue
            exchange = self._recorded[position]
            self._state[position] = _State.LEFT
            # Never to come, so nothing waits for it any more: one cause, one miss.
            self._order.settle(position)
            # What another miss names as its nearest recording is that request gone wrong, not one more.
            if position not in self._blamed:
                ordinal = exchange.step or 0
                text = self._step_text if ordinal == self._step else ""
                actor = exchange.actor or "recorded program"
                self._missed(MissKind.LEFT_OVER, actor, str(exchange), step=ordinal, step_text=text)


def _canonical(exchange: Exchange) -> Canonical:
    return canonical(exchange.method, exchange.url, exchange.request_headers, exchange.request_body)


def _resembles(recorded: Canonical, wanted: Canonical) -> bool:
    """Whether both are about one address, or do the same to members of one list."""
    list_, _, _ = wanted.url.rpartition("/")
    in_one_list = list_.count("/") > 2 and recorded.url.rpartition("/")[0] == list_
    return recorded.url == wanted.url or (recorded.method == wanted.method and in_one_list)


def _idempotency_key(exchange: Exchange) -> str | None:
    return next((value for name, value in exchange.request_headers if name == IDEMPOTENCY_KEY), None)


def _scrubbed(exchange: Exchange, secrets: Secrets) -> Exchange:
    """A recording of another tool as ours would be: secrets concealed, noise left out, bodies not compressed."""
    request = httpx.Request(
        exchange.method, exchange.url, headers=list(exchange.request_headers), content=exchange.request_body
    )
    try:
        answer = httpx.Response(
            exchange.status, headers=list(exchange.response_headers), content=exchange.response_body
        )
    except httpx.DecodingError:
        # vcrpy can store a body decompressed and keep the header that says otherwise.
        answer = httpx.Response(
            exchange.status,
            headers=[(name, value) for name, value in exchange.response_headers if name != "content-encoding"],
            content=exchange.response_body,
        )
    return answered(asked(secrets, None, None, request), secrets, answer)
