"""`python tests/simulation --seeds 1000`: play histories, report what failed with its shortest history."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent))

from explore import Tally, every_crash, feature, play, shortest, story
from scene import Outcome, Plan

_TWICE = 25  # every so many seeds are played twice, to see that the same seed gives the same trace


def _one(seed: int) -> list[tuple[Plan, Outcome]]:
    plan = Plan.of(seed)
    outcome = play(plan)
    if seed % _TWICE == 0 and play(plan).hash != outcome.hash:
        raise SystemExit(f"seed {seed}: two plays gave two traces")
    outcome.trace.clear()
    return [(plan, outcome)]


def _every_crash(seed: int) -> list[tuple[Plan, Outcome]]:
    played = []
    for plan in every_crash(Plan.of(seed)):
        outcome = play(plan)
        outcome.trace.clear()
        played.append((plan, outcome))
    return played


@click.command()
@click.option("--seeds", default=1000, show_default=True, help="How many histories to play.")
@click.option("--first", default=0, show_default=True, help="The seed to begin with.")
@click.option("--exhaust", default=3, show_default=True, help="Histories to play once for each of their crash points.")
@click.option("--jobs", default=1, show_default=True, help="Processes.")
@click.option("--show", type=int, help="Tell one seed's history and what it came to.")
def main(seeds: int, first: int, exhaust: int, jobs: int, show: int | None) -> None:
    """Exits with 1 when an invariant does not hold in some history."""
    if show is not None:
        click.echo(story(Plan.of(show)))
        return
    began, tally = time.perf_counter(), Tally()
    with ProcessPoolExecutor(jobs) as pool:
        work = [pool.map(_one, range(first, first + seeds), chunksize=10)]
        work.append(pool.map(_every_crash, range(first, first + exhaust)))
        for results in work:
            for played in results:
                for plan, outcome in played:
                    tally.add(plan, outcome)
                    if outcome.violation is not None:
                        click.echo(f"seed {plan.seed}: {outcome.violation}")
    took = time.perf_counter() - began
    click.echo(f"{tally} in {took:.1f} s ({tally.steps / took / jobs:.0f} steps a second and process)")
    for plan, outcome in tally.failed[:3]:
        assert outcome.violation is not None
        short = shortest(plan, outcome.violation.invariant)
        click.echo(f"\n{story(short)}\n\n{feature(short)}")
    sys.exit(1 if tally.failed else 0)


if __name__ == "__main__":
    main()
