"""Where a process can end: the place in the sync, and the write and the state of the link it is busy with there.

Points are counted as they come, so the next history has others. Sites have names: two points are one site if the same
lines wait, or commit, in the same order of calls, about a link of the same flow and state with the same kind of write.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import sync
from sync.links import Link

_HOME = str(Path(sync.__file__).parent)


def of_step(handle: asyncio.Handle) -> str:
    """The site after a step of the loop: where its task waits by now, or what has just arrived."""
    callback: Any = handle._callback  # type: ignore[attr-defined]  # asyncio tells nobody what it will run
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        return f"await {_named(_waiting(task.get_coro()))}"
    about = [call for call in handle._args or () if hasattr(call, "method")]  # type: ignore[attr-defined]  # nor for whom
    what = "".join(f" of {call.system} {call.method} /{call.path.split('/')[1]}" for call in about)
    return f"{callback.__name__.strip('_')}{what}"


def of_commit(moment: str) -> str:
    """The site just before or just after a commit."""
    return f"{moment} the commit {_named(reversed([*_calling(sys._getframe(1))]))}"


def _waiting(coroutine: Any) -> Iterator[FrameType]:
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is not None:
            yield frame
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)


def _calling(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _named(frames: Iterator[FrameType]) -> str:
    places: list[str] = []
    link: Link | None = None
    for frame in frames:
        code = frame.f_code
        if code.co_filename.startswith(_HOME):
            places.append(f"{code.co_name}:{frame.f_lineno}")
            held = frame.f_locals.get("link")
            link = held if isinstance(held, Link) else link
    if link is None:
        return " > ".join(places)
    write = "" if link.intent is None else f" with {link.intent.operation} in {link.intent.system}"
    return f"{' > '.join(places)} ({link.flow} {link.state.value}{write})"
