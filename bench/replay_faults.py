"""Seeded faults of a client and harmless changes: what a replay notices, and vcrpy at its default and its strictest.

    python bench/replay_faults.py

Corpus and programs are those of the tests. All three record the same program against the same shop and play what they
have recorded. vcrpy's own `Cassette` stands behind an httpx transport, so no patching is measured. Strictest is
everything that it can match on, headers and body included, no repeats, and a check at the end that all was played.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import vcr.cassette
import vcr.matchers
import vcr.record_mode
import vcr.request
from rich.console import Console
from rich.table import Table

TESTS = Path(__file__).parent.parent / "tests" / "replay"
sys.path.insert(0, str(TESTS))
import conftest  # noqa: E402
import test_faults  # noqa: E402

FIRST = 18
DEFAULT = ("method", "scheme", "host", "port", "path", "query")
STRICTEST = (*DEFAULT, "headers", "body")


class Vcrpy(httpx.BaseTransport):
    """One scenario recorded or played by vcrpy's cassette, whoever sends, whatever the step."""

    def __init__(self, path: Path, matchers: tuple[str, ...], stand: Any = None) -> None:
        self._stand = stand
        mode = vcr.record_mode.RecordMode.ALL if stand else vcr.record_mode.RecordMode.NONE
        matching = [getattr(vcr.matchers, name) for name in matchers]
        self.cassette = vcr.cassette.Cassette.load(path=str(path), match_on=matching, record_mode=mode)

    def transport(self, actor: str) -> Vcrpy:
        return self

    def begin_step(self, ordinal: int, text: str) -> None: ...

    def end_step(self) -> None: ...

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = vcr.request.Request(request.method, str(request.url), request.content, dict(request.headers))
        if self._stand is None:
            if not self.cassette.can_play_response_for(asked):
                raise LookupError(f"vcrpy cannot play {request.method} {request.url}")
            played = self.cassette.play_response(asked)
            return httpx.Response(played["status"]["code"], content=played["body"]["string"])
        shop = self._stand.shop if request.url.host == "shop.example" else self._stand.office
        answer = shop(request)
        headers = {name: [value] for name, value in answer.headers.items()}
        told = {
            "status": {"code": answer.status_code, "message": ""},
            "headers": headers,
            "body": {"string": answer.content},
        }
        self.cassette.append(asked, told)
        return httpx.Response(answer.status_code, content=answer.content)


def noticed_by_vcrpy(folder: Path, calls: Any, change: Callable[[Any], Any], matchers: Any, *, whole: bool) -> bool:
    path = folder / "peer.yaml"
    path.unlink(missing_ok=True)
    recording = Vcrpy(path, matchers, conftest.Stand())
    conftest.scripted(calls)(recording)  # type: ignore[arg-type]
    recording.cassette._save(force=True)
    playing = Vcrpy(path, matchers)
    try:
        conftest.scripted(change(calls))(playing)  # type: ignore[arg-type]
    except LookupError:
        return True
    return whole and not playing.cassette.all_played


def noticed_by_us(calls: Any, change: Callable[[Any], Any]) -> bool:
    stand = conftest.Stand()
    return bool(stand.replay(stand.record(conftest.scripted(calls)), conftest.scripted(change(calls))))


def main() -> None:
    calls = test_faults.program.__wrapped__(conftest.Call)
    faults = list(test_faults.FAULTS.values())
    corpora = {
        f"the first {FIRST} faults noticed": faults[:FIRST],
        f"all {len(faults)} faults noticed": faults,
        f"{len(test_faults.HARMLESS)} harmless changes that raise an alarm": list(test_faults.HARMLESS.values()),
    }
    table = Table(title="What a replay notices")
    for column in ("", "ours", "vcrpy", "vcrpy, strictest"):
        table.add_column(column, justify="right" if column else "left")
    with tempfile.TemporaryDirectory() as name, contextlib.suppress(KeyboardInterrupt):
        folder = Path(name)
        for title, changes in corpora.items():
            table.add_row(
                title,
                str(sum(noticed_by_us(calls, change) for change in changes)),
                str(sum(noticed_by_vcrpy(folder, calls, change, DEFAULT, whole=False) for change in changes)),
                str(sum(noticed_by_vcrpy(folder, calls, change, STRICTEST, whole=True) for change in changes)),
            )
    Console().print(table)


if __name__ == "__main__":
    main()
