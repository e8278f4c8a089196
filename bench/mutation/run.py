"""Mutation score of the rules of the sync: a mutant is killed when some test of `tests/sync` fails with it.

    python bench/mutation/run.py [merge plan lines walk] [--survivors] [--tests tests/sync/test_merge.py]

Results are kept in reports/mutation, so a run that was cut off goes on where it was, and one over modules that have not
changed has nothing to do. `--survivors` puts those that have survived to the tests again, `--afresh` all of them.
Survivors that no test could kill, because they do the same, are listed in equivalent.toml with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from mutants import ROOT, Mutant, mutants
from trials import TESTS, TestsFail, tried

GOAL = 0.95
_KEPT = ROOT / "reports/mutation"
_RULES = ("merge", "plan", "lines", "walk")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="mutation score of the rules of the sync")
    parser.add_argument(
        "modules", nargs="*", default=_RULES, metavar="MODULE", help="of sync; else " + " ".join(_RULES)
    )
    parser.add_argument("--tests", nargs="+", default=[TESTS], help=f"where the tests are; else {TESTS}")
    parser.add_argument("--survivors", action="store_true", help="try again what has survived before")
    parser.add_argument("--afresh", action="store_true", help="forget earlier results of these modules")
    parser.add_argument("--sample", type=int, help="so many mutants of each module, drawn at random; all without it")
    given = parser.parse_args(arguments)
    chosen = {module: _sample(list(mutants(module)), given.sample) for module in given.modules}
    results = {module: {} if given.afresh else _kept(module) for module in given.modules}
    open_ = [
        mutant
        for module, found in chosen.items()
        for mutant in found
        if mutant.digest not in results[module] or (given.survivors and results[module][mutant.digest] is None)
    ]
    began = os.times()
    try:
        _try(open_, [str(ROOT / path) for path in given.tests], results)
    except TestsFail as failing:
        print(f"without any mutation a test fails: {failing}", file=sys.stderr)
        return 1
    spent = os.times()
    seconds = spent.children_user + spent.children_system - began.children_user - began.children_system
    print(f"{len(open_)} mutants tried in {seconds:.0f} s of CPU time; the others are known from earlier runs\n")
    return _report(chosen, results)


def _try(open_: Sequence[Mutant], tests: Sequence[str], results: Mapping[str, dict[str, str | None]]) -> None:
    began, survived = time.monotonic(), 0
    for number, (mutant, killer) in enumerate(tried(open_, tests) if open_ else (), start=1):
        results[mutant.module][mutant.digest] = killer
        _keep(mutant.module, results[mutant.module])
        survived += killer is None
        rate = number / (time.monotonic() - began)
        left = f"{(len(open_) - number) / rate / 60:.1f} min left"
        if sys.stderr.isatty() or number % 25 == 0 or number == len(open_):
            end = "\r" if sys.stderr.isatty() and number < len(open_) else "\n"
            line = f"{number} of {len(open_)} tried, {survived} survived, {rate:.1f} a second, {left}"
            print(f"{line:<78}", end=end, file=sys.stderr, flush=True)


def _report(chosen: Mapping[str, Sequence[Mutant]], results: Mapping[str, Mapping[str, str | None]]) -> int:
    listed = tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text(encoding="utf-8"))
    worst = 1.0
    told: list[str] = []
    print(f"{'module':10} {'mutants':>8} {'killed':>7} {'score':>7} {'equivalent':>11} {'score without':>14}")
    for module, found in chosen.items():
        same = {(each["was"], each["becomes"]) for each in listed.get(module, ())}
        alive = [mutant for mutant in found if results[module].get(mutant.digest) is None]
        equivalent = [mutant for mutant in alive if (mutant.was, mutant.becomes) in same]
        killed = len(found) - len(alive)
        score = killed / (len(found) - len(equivalent))
        worst = min(worst, score)
        print(f"{module:10} {len(found):8} {killed:7} {killed / len(found):7.1%} {len(equivalent):11} {score:14.1%}")
        for mutant in alive:
            if mutant not in equivalent:
                told.append(f"sync/{module}.py:{mutant.line}\n    - {mutant.was}\n    + {mutant.becomes}")
        wrong = same - {(mutant.was, mutant.becomes) for mutant in alive}
        told += [f"equivalent.toml: no survivor of {module} turns '{was}' into '{new}'" for was, new in sorted(wrong)]
    print("\n".join(["", *told]) if told else "")
    return 0 if worst >= GOAL else 1


def _sample(found: list[Mutant], size: int | None) -> list[Mutant]:
    if size is None or size >= len(found):
        return found
    return sorted(random.Random(1).sample(found, size), key=lambda mutant: mutant.line)


def _kept(module: str) -> dict[str, str | None]:
    """By the digest of a mutant the test that kills it, None for a survivor."""
    path = _KEPT / f"{module}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _keep(module: str, results: Mapping[str, str | None]) -> None:
    _KEPT.mkdir(parents=True, exist_ok=True)
    path = _KEPT / f"{module}.json"
    path.with_suffix(".new").write_text(json.dumps(results, indent=0), encoding="utf-8")
    path.with_suffix(".new").replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
