"""`python tests/simulation --seeds 1000`: play histories, report what failed with its shortest history."""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

sys.path.insert(0, str(Path(__file__).parent))

from ablations import RULES, without
from canonical import CANONICAL
from explore import Coverage, Points, Swept, Tally, calm, ending_at, play, shortest, sweep
from scene import Outcome, Plan
from telling import feature, story

T = TypeVar("T")
_TWICE = 25  # every so many seeds are played twice, to see that the same seed gives the same trace


def _one(seed: int) -> tuple[Plan, Outcome]:
    plan = Plan.of(seed)
    outcome = play(plan)
    if seed % _TWICE == 0 and play(plan).hash != outcome.hash:
        raise SystemExit(f"seed {seed}: two plays gave two traces")
    outcome.trace.clear()
    return plan, outcome


def _swept(seed: int) -> Swept:
    swept = sweep(Plan.of(seed))
    for _, outcome in swept.plays:
        outcome.trace.clear()
    return swept


def _told(plan: Plan) -> tuple[Plan, Outcome]:
    outcome = play(plan)
    outcome.trace.clear()
    return plan, outcome


def _without(rule: str, removed: bool, seed: int) -> Counter[str]:
    """What one history breaks in the setting of a rule, with or without it."""
    setting = RULES[rule].setting
    with without(rule if removed else None, setting):
        violation = play(setting.sharpen(Plan.of(seed))).violation
    return Counter() if violation is None else Counter({violation.invariant: 1})


def _ready() -> None:
    """A worker makes and drops objects by the million, none of them in circles."""
    gc.set_threshold(200_000, 20, 100)


def _ablations(seeds: int, first: int, jobs: int, only: str) -> None:
    """The table of the manual, a row as it comes; by which invariants histories fail is told aside."""
    with ProcessPoolExecutor(jobs, initializer=_ready) as pool:

        def count(rule: str, removed: bool) -> Counter[str]:
            each = pool.map(partial(_without, rule, removed), range(first, first + seeds), chunksize=10)
            return sum(each, Counter())

        chosen = [rule for rule in RULES.values() if only in str(rule)]
        settings = {rule.setting: rule.name for rule in chosen}
        intact = {setting: count(rule, False).total() for setting, rule in settings.items()}
        click.echo(
            f"Failing histories of {seeds:,}:\n\n| rule | setting | with all rules | without |\n|---|---|---|---|"
        )
        for rule in chosen:
            broken = count(rule.name, True)
            which = ", ".join(f"{name} {number}" for name, number in broken.most_common())
            click.echo(f"| {rule.name} | {rule.setting.name} | {intact[rule.setting]} | {broken.total()} |")
            click.echo(f"  {which or 'none fails'}", err=True)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.1f} a second")


def _paced(results: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The results as they come; a terminal shows how many are in, at what rate, and how long it will take."""
    if not total:
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield from bar.track(results, total=total, description=what)


@click.command()
@click.option("--seeds", default=1000, show_default=True, help="How many histories to play.")
@click.option("--first", default=0, show_default=True, help="The seed to begin with.")
@click.option(
    "--exhaust", default=25, show_default=True, help="Histories in which to end the process at each of its sites."
)
@click.option(
    "--points",
    default=1,
    show_default=True,
    help="Histories, beside the small canonical ones, whose process ends at every await and commit, one play each.",
)
@click.option("--jobs", default=1, show_default=True, help="Processes.")
@click.option("--show", type=int, help="Tell one seed's history and what it came to.")
@click.option("--at", type=int, help="With --show: end the process at this point, and nowhere else.")
@click.option("--ablations", is_flag=True, help="Take the sync's rules away, one at a time, and count what fails.")
@click.option("--rule", default="", help="With --ablations: only rules, or settings, of this wording.")
@click.option("--write", type=click.Path(path_type=Path), help="Folder for a scenario of each failing history.")
def main(
    seeds: int,
    first: int,
    exhaust: int,
    points: int,
    jobs: int,
    show: int | None,
    at: int | None,
    ablations: bool,
    rule: str,
    write: Path | None,
) -> None:
    """Play histories of two systems, their people and a sync that crashes, and check the call log.

    Exits with 1 when an invariant does not hold in some history.

    Example: python tests/simulation --seeds 10000 --jobs 2
    """
    if show is not None:
        click.echo(story(Plan.of(show) if at is None else ending_at(Plan.of(show), at)))
        return
    if ablations:
        _ablations(seeds, first, jobs, rule)
        return
    began, tally, coverage, forced = time.perf_counter(), Tally(), Coverage(), Points()

    def add(plan: Plan, outcome: Outcome) -> None:
        tally.add(plan, outcome)
        if outcome.violation is not None:
            click.echo(f"seed {plan.seed}: {outcome.violation}")

    with ProcessPoolExecutor(jobs, initializer=_ready) as pool:
        chance = pool.map(_one, range(first, first + seeds), chunksize=10)
        swept = pool.map(_swept, range(first, first + exhaust))
        forced_ones = [*CANONICAL.values(), *map(Plan.of, range(first, first + points))] if points else []
        first_plays = pool.map(_told, map(calm, forced_ones))
        for played in _paced(chance, seeds, "histories"):
            add(*played)
        for each in _paced(swept, exhaust, "each site of a history"):
            for plan, outcome in each.plays:
                add(plan, outcome)
            coverage.add(each)
        ends: list[Plan] = []
        for plan, outcome in first_plays:
            add(plan, outcome)
            forced.enumerated(outcome)
            ends += (ending_at(plan, point) for point in range(1, outcome.points + 1))
        for plan, outcome in _paced(pool.map(_told, ends, chunksize=10), len(ends), "each point of a history"):
            add(plan, outcome)
            forced.add(plan, outcome)
    took = time.perf_counter() - began
    click.echo(tally.table())
    if exhaust:
        click.echo(coverage)
    if points:
        click.echo(forced)
    click.echo(f"{tally} in {took:.1f} s ({tally.steps / took / jobs:.0f} steps a second and process)")
    firsts = {
        (plan.seed, outcome.violation.invariant): plan for plan, outcome in tally.failed[::-1] if outcome.violation
    }
    for (seed, invariant), plan in sorted(firsts.items())[:3]:
        short = shortest(plan, invariant)
        click.echo(f"\n{story(short)}\n\n{feature(short)}")
        if write is not None:
            write.mkdir(parents=True, exist_ok=True)
            name = f"seed-{seed}-{invariant.replace(' ', '-')}.feature"
            (write / name).write_text(feature(short), encoding="utf-8")
    sys.exit(1 if tally.failed else 0)


if __name__ == "__main__":
    main()
