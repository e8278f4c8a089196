"""Doubtful situations before the gate: each is a really clean one with one change, and each has to be answered no.

    python bench/gate/run.py

Prints for each the answer and whether the right reason is among those given, then the clean situations, which have to
be answered yes. No other gate can be run beside it: none reads a checklist, recordings and signatures.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from doubts import CLEAN, DOUBTS
from situation import build


def main() -> int:
    right = passed = 0
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        clean = Path(folder, "clean")
        clean.mkdir()
        build(clean)
        for doubt in DOUBTS:
            place = _copy(clean)
            doubt.change(place)
            ruling = doubt.ask(place)
            found = any(each.code == doubt.code and doubt.item in ("", each.item) for each in ruling.reasons)
            right += not ruling.passed and found
            others = sorted({each.code for each in ruling.reasons} - {doubt.code})
            answer = "YES" if ruling.passed else "no" if found else "no, for another reason"
            print(f"{doubt.name:<44} {answer:<4} {doubt.code:<20} {' '.join(others)}".rstrip())
        for name, change, ask in CLEAN:
            place = _copy(clean)
            change(place)
            ruling = ask(place)
            passed += ruling.passed
            print(f"{name:<44} {'yes' if ruling.passed else 'NO'}")
    print(f"\n{right} of {len(DOUBTS)} doubtful situations answered no with the right reason")
    print(f"{passed} of {len(CLEAN)} clean situations answered yes")
    return 0 if (right, passed) == (len(DOUBTS), len(CLEAN)) else 1


def _copy(clean: Path) -> Path:
    place = clean.parent / "one"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(clean, place, symlinks=True)
    return place


if __name__ == "__main__":
    sys.exit(main())
