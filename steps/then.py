"""Then: what both systems show, read through their APIs; each sentence compares."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import parsers, then

from counterpart.drivers import Record
from steps.story import Story
from steps.tables import two_columns


def _stands(story: Story, record: Record, path: str, value: str) -> None:
    driver = story.driver(record.system)
    story.expect(record, path)
    expected = driver.normal(record.kind, path, value)
    story.scene.equal(driver.shown(record, path), expected, f"{path} in {record.system}")


@then(parsers.re(r"(?P<property>\S+) in (?P<system>\w+) is (?P<value>.+)"))
def stands(story: Story, property: str, system: str, value: str) -> None:  # noqa: A002 - the word of the sentence
    """It, or its counterpart, shows this value."""
    _stands(story, story.side(system), property, value)


@then(parsers.re(r"these values stand in (?P<system>\w+)"))
def stand(story: Story, system: str, datatable: Sequence[Sequence[str]]) -> None:
    """It, or its counterpart, shows all these values."""
    record = story.side(system)
    for path, value in two_columns(datatable).items():
        _stands(story, record, path, value)


@then(parsers.re(r"(?P<property>\S+) in (?P<system>\w+) refers to the counterpart of its (?P<reference>\S+)"))
def refers(story: Story, property: str, system: str, reference: str) -> None:  # noqa: A002
    """A reference arrives as a reference to the counterpart, not as the other system's id."""
    kind, _ = story.it
    elsewhere = kind.system if system != kind.system else story.cast.counterpart(kind).system
    here, there = story.side(elsewhere), story.side(system)
    target = story.cast.referred(elsewhere, reference)
    referenced = story.driver(elsewhere).read(target.kind, here.at(reference))
    assert referenced is not None, f"{reference} in {elsewhere} refers to nothing"
    found = story.counterparts(target, referenced)
    story.expect(there, property)
    story.scene.equal([there.at(property)], [each.id for each in found], f"{property} in {system}")


@then(parsers.re(r"(?P<property>\S+) in (?P<system>\w+) has not changed"))
def stays(story: Story, property: str, system: str) -> None:  # noqa: A002 - the word of the sentence
    """It, or its counterpart, shows the value that it had before the round."""
    record = story.side(system)
    story.expect(record, property)
    story.scene.equal(record.at(property), story.before(record, property), f"{property} in {system}")


@then(parsers.re(r"it has exactly one counterpart in (?P<system>\w+)"))
def one_counterpart(story: Story, system: str) -> None:
    """The other system holds one record under its natural key."""
    kind, record = story.it
    current = story.current(record)
    found = story.counterparts(kind, current)
    story.scene.equal(len(found), 1, f"the number of counterparts of {kind} {current.at(kind.key)} in {system}")
    story.link(record, found[0])


@then(parsers.re(r"it has no counterpart in (?P<system>\w+)"))
def no_counterpart(story: Story, system: str) -> None:
    """The other system holds nothing under its natural key."""
    kind, record = story.it
    found = story.counterparts(kind, record)
    story.scene.equal(len(found), 0, f"the number of counterparts of {kind} {record.at(kind.key)} in {system}")


@then(parsers.re(r"each of them has exactly one counterpart in (?P<system>\w+)"))
def one_counterpart_each(story: Story, system: str) -> None:
    """The natural keys of both sides are the same, each once."""
    kind, _ = story.it
    other = story.cast.counterpart(kind)
    here = sorted(str(record.at(kind.key)) for record in story.driver(kind.system).list(kind.kind))
    there = sorted(str(record.at(other.key)) for record in story.driver(system).list(other.kind))
    story.scene.equal(there, here, f"the list of {other.key}s in {system}")


@then(parsers.re(r"there (?:is|are) (?P<count>\d+) (?P<name>[A-Z]\w*?)s? in (?P<system>\w+)"))
def counted(story: Story, count: str, name: str, system: str) -> None:
    """The system holds so many live records of the type."""
    kind = story.cast.type(f"{system} {name}")
    live = [each for each in story.driver(system).list(kind.kind) if not each.values.get("archived")]
    story.scene.equal(len(live), int(count), f"the number of {name}s in {system}")


@then(parsers.re(r"it is still linked with the same (?P<counterpart>[A-Z]\w* [A-Z]\w*)"))
def still_linked(story: Story, counterpart: str) -> None:
    """The natural key leads to the very record that it was linked with before."""
    kind, record = story.it
    found = story.counterparts(kind, story.current(record))
    known = story.counterpart(record)
    story.scene.equal([each.id for each in found], [known.id], f"the {counterpart} that it is linked with")


@then(parsers.re(r"it is gone from (?P<system>\w+)"))
def gone(story: Story, system: str) -> None:
    """It, or its counterpart, is deleted there, or archived where that is what deleting means."""
    story.scene.equal("gone" if story.gone(system) else "there", "gone", f"its record in {system}")


@then("nothing else has changed on either side")
def nothing_else(story: Story) -> None:
    """Both systems show what they showed before the round, but for what the scenario has named."""
    story.scene.equal(story.surprises() or "nothing", "nothing", "what else has changed")


@then("one more round writes nothing")
def at_rest(story: Story) -> None:
    """The sync is at rest: another round reads, and finds nothing to do on either side."""
    story.rest()
    story.scene.equal(story.subject.written(), 0, "the number of writes in one more round")


@then("the sync has written nothing since")
def written_nothing(story: Story) -> None:
    """The last round found nothing to do on either side."""
    story.scene.equal(story.subject.written(), 0, "the number of writes in the last round")


@then(parsers.re(r"the sync has written (?P<count>\d+) times? to (?P<system>\w+)"), converters={"count": int})
def written_so_often(story: Story, count: int, system: str) -> None:
    """So many writes reached the system in the last round."""
    story.scene.equal(
        story.subject.written_exactly(system), count, f"the number of writes to {system} in the last round"
    )


@then(parsers.re(r"the sync reports (?:an? )?(?P<kind>[a-z ]+) on (?P<property>[^\s,]+)(?:, won by (?P<winner>\w+))?"))
def reported(story: Story, kind: str, property: str, winner: str | None) -> None:  # noqa: A002
    """The sync tells people what it could not carry across by itself, or how it decided."""
    told = [(each.kind, each.property, each.winner) for each in story.subject.notices() if each.property == property]
    expected = (kind.replace(" ", "_"), property, winner)
    story.scene.equal(expected if expected in told else told, expected, f"what the sync reports on {property}")


@then(parsers.re(r"the sync reports that it (?:is )?(?P<kind>[a-z ]+)"))
def told(story: Story, kind: str) -> None:
    """The sync leaves a record as a whole to people, and tells them so."""
    kinds = sorted({each.kind for each in story.subject.notices() if not each.property})
    story.scene.equal(", ".join(kinds) or "nothing", kind.replace(" ", "_"), "what the sync reports on whole records")
