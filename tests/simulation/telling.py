"""A history as people read it, and as a Gherkin scenario."""

from __future__ import annotations

from collections.abc import Iterator

from explore import calm, play
from scene import Plan, Scene


def story(plan: Plan) -> str:
    """Who did what, what went wrong, and everything that was applied."""
    outcome = play(plan)
    lines = [f"seed {plan.seed}: {outcome.violation}", ""]
    lines += [f"  {event}" for event in plan.events]
    lines += [f"  call #{n} is {fate}" for n, fate in plan.faults]
    lines += [f"  the process ends at point {point}" for point in sorted(plan.crashes)]
    lines += ["", "What was applied:", *(f"  {line}" for line in outcome.trace if " GET " not in line)]
    return "\n".join(lines)


def feature(plan: Plan) -> str:
    """A scenario to be worded by whoever keeps it; comments say what each step came to."""
    points: list[str] = []

    def ends(site: str) -> bool:
        points.append(site)
        return len(points) in plan.crashes

    scene = Scene(calm(plan), ends)
    violation = scene.play().violation
    broken = violation.invariant if violation else "everything"
    lines = [
        "Feature: Histories that the simulation found",
        "",
        f"  # {violation}".replace("\n", " "),
        f"  Scenario: seed {plan.seed} keeps {broken}",
    ]
    given = "Given"
    for step, comments in (*_world(plan), *_deeds(plan, scene), *_faults(plan, scene), *_ends(plan, points)):
        lines += [f"    {given} {step}", *(f"      # {comment}" for comment in comments)]
        given = "And"
    lines += ["    When the sync comes to rest"]
    lines += ["    Then no edit is lost, nothing is doubled and every difference is told", ""]
    return "\n".join(lines)


Step = tuple[str, list[str]]


def _world(plan: Plan) -> Iterator[Step]:
    yield f"people work for {plan.length:g} seconds, and the sync has at most {plan.in_flight} calls in flight", []
    if plan.deaf:
        yield f"Invoiced ignores a change of {', '.join(sorted(plan.deaf))} of a customer", []
    for applies, what in (
        (plan.lossy, "Invoiced squeezes the blanks of names"),
        (plan.racing, f"people often edit in {', '.join(sorted(plan.racing))} what is just being written there"),
        (plan.slow, "every call takes its time"),
        (plan.spoiling, "people often reword what was just written while its answer is lost"),
    ):
        if applies:
            yield what, []


def _deeds(plan: Plan, scene: Scene) -> Iterator[Step]:
    for event in plan.events:
        did = [line[10:] for line in scene.deeds.get(event, []) if " GET " not in line]
        yield f"at {event.at:.2f} s {event.deed} ({event.which}, {event.what})", did or ["which comes to nothing"]


def _faults(plan: Plan, scene: Scene) -> Iterator[Step]:
    for n, fate in plan.faults:
        call = f"{scene.calls[n]}"[:300].strip() if n < len(scene.calls) else "which is never made"
        yield f"call {n} of the sync is {fate}", [call]


def _ends(plan: Plan, points: list[str]) -> Iterator[Step]:
    for point in sorted(plan.crashes):
        site = points[point - 1] if point <= len(points) else "which is never reached"
        yield f"the sync ends at point {point} and starts again", [site]
