"""All reports of a run, made from its results and from nothing else."""

from __future__ import annotations

from counterpart.checklist import Additional, Checklist, Circumstances, Decisions, Supplement
from counterpart.reporting.allure_folder import complete
from counterpart.reporting.junit import write_junit
from counterpart.reporting.places import Places
from counterpart.reporting.results import RESULTS, Results, void
from counterpart.reporting.signoff import SignOff, build, invalidate
from counterpart.reporting.summary import MARKDOWN, markdown

SIGNOFF = "signoff"


def retract(places: Places) -> None:
    """Take away what an earlier run has left, so that nobody takes yesterday's green for today's."""
    void(places.out / RESULTS)
    places.junit.unlink(missing_ok=True)
    (places.out / MARKDOWN).unlink(missing_ok=True)
    for old in places.allure.glob("*") if places.allure.is_dir() else ():
        if old.is_file():
            old.unlink()
    invalidate(places.out / SIGNOFF)


def publish(
    places: Places,
    results: Results,
    checklist: Checklist,
    supplement: Supplement,
    decisions: Decisions,
    additional: Additional,
    circumstances: Circumstances,
) -> SignOff:
    """Write every report; the results last, so that whoever finds them finds the others as well."""
    write_junit(places.junit, results)
    complete(places.allure, results)
    out = places.out / SIGNOFF
    judged_by = (results.facts, decisions, additional)
    signoff = build(out, checklist, supplement, results.ran, *judged_by, circumstances=circumstances)
    summary = markdown(results, signoff.judgement)
    (places.out / MARKDOWN).write_text(summary, "utf-8", errors="backslashreplace")
    results.save(places.out / RESULTS)
    return signoff
