"""When: what people and the sync do."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import parsers, when

from steps.cast import RecordType
from steps.story import Story
from steps.tables import two_columns


def _type_in(story: Story, system: str) -> RecordType:
    kind, _ = story.it
    return kind if system == kind.system else story.cast.counterpart(kind)


@when("the sync comes to rest")
def rest(story: Story) -> None:
    """The sync runs until there is nothing left to do."""
    story.rest()


@when(parsers.re(r"(?P<property>\S+) is set to (?P<value>.+) in (?P<system>\w+)"))
def edit(story: Story, property: str, value: str, system: str) -> None:  # noqa: A002 - the word of the sentence
    """Somebody edits it, or its counterpart."""
    story.edit(story.side(system), _type_in(story, system), {property: value})


@when(
    parsers.re(
        r"(?P<property>\S+) of the (?P<first>first )?(?P<name>[A-Z]\w*) is set to (?P<value>.+) in (?P<system>\w+)"
    )
)
def edit_other(
    story: Story,
    property: str,  # noqa: A002 - the word of the sentence
    first: str | None,
    name: str,
    value: str,
    system: str,
) -> None:
    """Somebody edits another record of the story than the one it speaks of."""
    kind = story.cast.type(f"{system} {name}")
    record = story.told[kind][0 if first else -1]
    story.edit(story.current(record), kind, {property: value})


@when(parsers.re(r"these properties are set in (?P<system>\w+)"))
def edit_several(story: Story, system: str, datatable: Sequence[Sequence[str]]) -> None:
    """Somebody edits several properties and saves them together."""
    story.edit(story.side(system), _type_in(story, system), two_columns(datatable))


@when(
    parsers.re(
        r"in the same second (?P<property>\S+) is set to (?P<value>.+) in (?P<system>\w+)"
        r" and to (?P<other>.+) in (?P<elsewhere>\w+)"
    )
)
def edit_both(
    story: Story,
    property: str,  # noqa: A002 - the word of the sentence
    value: str,
    system: str,
    other: str,
    elsewhere: str,
) -> None:
    """Two people edit the same property so close together that no clock tells who was first."""
    for place, text in ((system, value), (elsewhere, other)):
        story.edit(story.side(place), _type_in(story, place), {property: text})


@when(parsers.re(r"line (?P<position>\d+) is removed in (?P<system>\w+)"), converters={"position": int})
def remove_line(story: Story, position: int, system: str) -> None:
    """Somebody takes a line out."""
    story.remove_line(story.side(system), position)


@when(parsers.re(r"it is deleted in (?P<system>\w+)"))
def delete(story: Story, system: str) -> None:
    """Somebody deletes it, or its counterpart."""
    story.delete(story.side(system))


@when(parsers.re(r"it is merged into the other (?P<name>[A-Z]\w*) in (?P<system>\w+)"))
def merge(story: Story, name: str, system: str) -> None:
    """Somebody takes it, or its counterpart, for the same as another record, and makes it a part of that."""
    story.merge(story.side(system), story.cast.type(f"{system} {name}"))


@when("the sync reads everything again")
def scan(story: Story) -> None:
    """The sync reads all records of both sides, not only those that changed, and comes to rest."""
    story.rest(scan=True)


@when(parsers.re(r"(?P<count>\d+) hours? pass(?:es)?"), converters={"count": int})
def wait(story: Story, count: int) -> None:
    """Time passes; among real systems nobody waits that long, so there the scenario is skipped."""
    story.wait(3600.0 * count)


@when("the sync is asked what it would do")
def preview(story: Story) -> None:
    """A preview."""
    story.subject.preview()


@when("the sync is started again")
def restart(story: Story) -> None:
    """The sync's process ends and another one goes on with the same state."""
    story.subject.restart()


@when("the sync's memory is restored from the backup")
def restore(story: Story) -> None:
    """The sync starts with the state that was kept before."""
    story.subject.restore()


@when("the sync has lost its memory")
def forget(story: Story) -> None:
    """The sync starts with no state at all, as after a restore from nothing."""
    story.subject.forget()
