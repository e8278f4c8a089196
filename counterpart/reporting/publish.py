"""All reports of a run, made from its results and from nothing else."""

from __future__ import annotations

from pathlib import Path

from counterpart.checklist import Additional, Checklist, Decisions, Supplement
from counterpart.reporting.allure_folder import complete
from counterpart.reporting.junit import write_junit
from counterpart.reporting.places import ALLURE, Places
from counterpart.reporting.results import RESULTS, Results, void
from counterpart.reporting.signoff import SignOff, build, invalidate
from counterpart.reporting.summary import MARKDOWN, markdown

SIGNOFF = "signoff"


def retract(out: Path, junit: Path) -> None:
    """Take away what an earlier run has left, so that nobody takes yesterday's green for today's."""
    void(out / RESULTS)
    junit.unlink(missing_ok=True)
    (out / MARKDOWN).unlink(missing_ok=True)
    results = out / ALLURE
    for old in results.glob("*") if results.is_dir() else ():
        old.unlink()
    invalidate(out / SIGNOFF)


def publish(
    places: Places,
    results: Results,
    checklist: Checklist,
    supplement: Supplement,
    decisions: Decisions,
    additional: Additional,
) -> SignOff:
    """Write every report; the results last, so that whoever finds them finds the others as well."""
    write_junit(places.junit, results)
    complete(places.allure, results)
    out = places.out / SIGNOFF
    signoff = build(out, checklist, supplement, results.ran, results.facts, decisions, additional)
    summary = markdown(results, signoff.judgement)
    (places.out / MARKDOWN).write_text(summary, "utf-8", errors="backslashreplace")
    results.save(places.out / RESULTS)
    return signoff
