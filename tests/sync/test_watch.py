"""Round after round: when it goes on, when it is quiet, when it ends."""

from __future__ import annotations

import asyncio

from sync.errors import AccountRefused, SideStopped
from sync.report import RunReport
from sync.watch import Watch, pause_after

QUIET = RunReport((), (), (), 2)


def refused(status: int) -> AccountRefused:
    return AccountRefused("Invoiced", "http://localhost", f"answers {status}", "Check the credential")


class Script:
    """An engine whose rounds end as told; stops the watch after the last."""

    def __init__(self, *endings: RunReport | SideStopped) -> None:
        self.endings = list(endings)
        self.stopped = False
        self.watch: Watch | None = None

    async def run(self) -> RunReport:
        ending = self.endings.pop(0)
        assert self.watch is not None
        # Each round asks for the next at once, so that no test waits.
        self.watch.wake() if self.endings else self.watch.stop()
        if isinstance(ending, SideStopped):
            raise ending
        return ending

    def stop(self) -> None:
        self.stopped = True


def watched(*endings: RunReport | SideStopped) -> tuple[list[str], Script]:
    """What was told of a series of rounds."""
    heard: list[str] = []
    script = Script(*endings)

    async def work() -> None:
        script.watch = Watch(
            script, 3600, lambda report: heard.append(f"{report.reads} reads"), lambda error: heard.append(str(error))
        )
        await script.watch.work()

    asyncio.run(work())
    return heard, script


def test_each_round_is_told_and_a_wake_during_a_round_starts_the_next_at_once() -> None:
    heard, script = watched(QUIET, QUIET, QUIET)
    assert (heard, script.stopped, script.endings) == (["2 reads"] * 3, True, [])


def test_a_trouble_is_told_once_and_again_only_when_it_is_another_or_came_back() -> None:
    heard, _ = watched(refused(401), refused(401), refused(403), QUIET, refused(403))
    assert heard == [
        "Invoiced at http://localhost: answers 401. Check the credential.",
        "Invoiced at http://localhost: answers 403. Check the credential.",
        "2 reads",
        "Invoiced at http://localhost: answers 403. Check the credential.",
    ]


def test_a_stop_during_the_pause_ends_it() -> None:
    async def work() -> int:
        rounds = 0

        def told(report: RunReport) -> None:
            nonlocal rounds
            rounds += 1
            asyncio.get_running_loop().call_soon(watch.stop)

        script = Script(QUIET, QUIET)
        watch = Watch(script, 3600, told, lambda error: None)
        script.watch = Watch(script, 3600, told, lambda error: None)  # its wakes go nowhere
        await watch.work()
        return rounds

    assert asyncio.run(work()) == 1


def test_a_system_that_does_not_serve_us_is_asked_less_and_less_often() -> None:
    assert [pause_after(300, failures) for failures in range(6)] == [300, 600, 1200, 2400, 2400, 2400]
