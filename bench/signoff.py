"""The sign-off of 200 scenarios and 5,000 exchanges: time to build, size, time to open; and 1,000 flipped bits.

    python bench/signoff.py [--flips 1000]

Nothing of the kind is offered by pytest, Allure or behave, so there is no peer; the goals stand beside the figures.
The exchanges are those of the shipped recordings, as many as are wanted. Times of building are CPU time of a process
of its own, imports included, and wall time beside it; what opens the page is a headless Chromium, where there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import cycle
from pathlib import Path

from counterpart.replay import Cassette
from counterpart.reporting import Results, Signer, finish, sign, verify
from counterpart.reporting.signing import DATA, PAGE, PDF
from counterpart.reporting.statement import items

ROOT = Path(__file__).parent.parent
SCENARIOS, EXCHANGES = 200, 5_000
sys.path.insert(0, str(ROOT / "tests" / "reporting"))


def project(at: Path) -> None:
    """A project with the shipped features, and a run of as many scenarios and exchanges as are wanted."""
    for name in ("contracts", "features", "pyproject.toml", "requirements.lock", "steps", "sync"):
        (at / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "cassettes", at / "cassettes")
    run = [str(Path(sys.executable).parent / "pytest"), "features", "-q", "-n", "2", "--product", "Sync 4.2"]
    subprocess.run(run, cwd=at, stdout=subprocess.DEVNULL, check=True)
    results = Results.load(at / "reports" / "results.json")
    per = EXCHANGES // SCENARIOS
    tests = []
    for number, test in zip(range(SCENARIOS), _long_enough(results, at, per), strict=False):
        cassette = Cassette.load(at / str(test.evidence.cassette))
        path = at / "cassettes" / "bench" / f"{number}.yaml"
        path.parent.mkdir(exist_ok=True)
        Cassette(cassette.interactions[:per], dict(cassette.metadata)).save(path)
        digest = sha256(path.read_bytes()).hexdigest()
        name = path.relative_to(at).as_posix()
        evidence = replace(test.evidence, cassette=name, sha256=digest, interactions=per)
        tests.append(replace(test, node_id=f"{number:03} {test.node_id}", evidence=evidence))
    facts = replace(results.facts, selected=SCENARIOS, total=SCENARIOS, expected={})
    Results(facts, tuple(sorted(tests, key=lambda each: each.node_id))).save(at / "reports" / "results.json")


def _long_enough(results: Results, at: Path, per: int) -> Iterator[object]:
    fit = [each for each in results.tests if each.evidence.cassette]
    return cycle([each for each in fit if len(Cassette.load(at / str(each.evidence.cassette)).interactions) >= per])


def build(at: Path) -> tuple[float, float]:
    """CPU and wall seconds of one build."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [str(Path(sys.executable).parent / "counterpart"), "signoff", "build"]
    done = subprocess.run(command, cwd=at, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode in (0, 1), done.returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, time.perf_counter() - started


def opening(page: Path) -> float | None:
    """Seconds from asking for the page until it is complete, None without a browser."""
    from chromium import PROGRAM, browser

    if PROGRAM is None:
        return None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, browser(Path(profile)) as shown:
        shown.look()
        found = []
        for _ in range(5):
            shown.open(page)
            found.append(shown.run("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        return min(found) / 1000


def flips(at: Path, number: int) -> tuple[int, int]:
    """How many of so many flipped bits in report, evidence and signatures are noticed."""
    keys = at / "keys"
    keys.mkdir()
    for name in ("kari", "ola"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
    signers, log = keys / "signers", at / "log.jsonl"
    signers.write_text("".join(f"{name} {(keys / f'{name}.pub').read_text()}" for name in ("kari", "ola")))
    report = at / "small"
    shutil.copytree(at / "reports" / "signoff", report)
    content = json.loads((report / DATA).read_bytes())
    for flow in content["flows"]:
        for item in flow["items"]:
            item["scenarios"] = item["scenarios"][:1]
    kept = {each["evidence"]["cassette"] for item in items(content) for each in item["scenarios"]}
    for recording in (report / "evidence" / "cassettes").rglob("*.yaml"):
        if recording.relative_to(report / "evidence").as_posix() not in kept:
            recording.unlink()
    (report / DATA).write_text(json.dumps(content))
    finish(report, content, {})
    sign(report, keys / "kari", Signer("kari", "QA lead", "review"), signers, log)
    sign(report, keys / "ola", Signer("ola", "Controller", "approval"), signers, log)
    assert verify(report, signers, log).signed
    chance = random.Random(number)
    groups = [
        [report / name for name in (PAGE, DATA, PDF, "SHA256SUMS")],
        [path for path in (report / "evidence").rglob("*") if path.is_file()],
        sorted((report / "signatures").iterdir()),
        [log],
    ]
    noticed = 0
    for turn in range(number):
        path = chance.choice(groups[turn % len(groups)])
        content_before = path.read_bytes()
        flipped = bytearray(content_before)
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        noticed += not verify(report, signers, log).intact
        path.write_bytes(content_before)
        if turn % 100 == 99 and sys.stderr.isatty():
            print(f"  {turn + 1} of {number} bits flipped", end="\r", file=sys.stderr)
    return noticed, number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flips", type=int, default=1000)
    options = parser.parse_args()
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        at = Path(folder)
        project(at)
        spent = [build(at) for _ in range(3)]
        report = at / "reports" / "signoff"
        opened = opening(report / PAGE)
        size = (report / PAGE).stat().st_size / 1e6
        print(f"{SCENARIOS} scenarios, {EXCHANGES} exchanges; load average {os.getloadavg()[0]:.1f}\n")
        print(f"{'':44}{'measured':>12}  goal")
        print(f"{'build: page, PDF, JSON, evidence (CPU, best)':44}{min(cpu for cpu, _ in spent):>10.2f} s  < 3 s")
        print(f"{'the same by the clock, best':44}{min(wall for _, wall in spent):>10.2f} s")
        print(f"{'page':44}{size:>9.2f} MB  < 5 MB")
        print(f"{'PDF':44}{(report / PDF).stat().st_size / 1e6:>9.2f} MB")
        shown = f"{opened:>10.2f} s" if opened is not None else f"{'no Chromium':>12}"
        print(f"{'page opened (best of 5)':44}{shown}  < 1 s")
        if options.flips and shutil.which("ssh-keygen"):
            noticed, number = flips(at, options.flips)
            print(f"{'flipped bits noticed':44}{noticed:>12}  {number} of {number}")


if __name__ == "__main__":
    main()
