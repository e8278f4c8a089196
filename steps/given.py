"""Given: how the two systems stand before anything is tested."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pytest_bdd import given, parsers

from counterpart.checklist import Checklist
from counterpart.scene import Scene
from steps.cast import Cast
from steps.product import Product
from steps.story import Story
from steps.tables import two_columns

RECORD = r"(?P<record>[A-Z]\w* [A-Z]\w*?)"


@pytest.fixture
def story(scene: Scene, subject: Product, checklist: Checklist) -> Story:
    """The memory of one scenario."""
    return Story(scene, subject, Cast(checklist, scene.drivers, scene.identity.item.partition("/")[0]))


@given(parsers.re(rf"an? {RECORD}(?: with)?"))
def create(story: Story, record: str, datatable: Sequence[Sequence[str]] | None = None) -> None:
    """A record of the named type, with the values of the table where there is one."""
    story.create(story.cast.type(record), two_columns(datatable))


@given(parsers.re(rf"(?P<count>\d+) {RECORD}s"), converters={"count": int})
def create_many(story: Story, record: str, count: int) -> None:
    """So many records of the named type."""
    kind = story.cast.type(record)
    for number in range(1, count + 1):
        story.create(kind, {kind.key: f"N-{number:05d}"})


@given(parsers.re(rf"an? {RECORD} linked with its (?P<counterpart>[A-Z]\w* [A-Z]\w*)"))
def create_linked(story: Story, record: str, counterpart: str) -> None:
    """A record that the sync has already given its counterpart."""
    story.create(story.cast.type(record), {})
    link(story, counterpart)


@given(parsers.re(r"it is linked with its (?P<counterpart>[A-Z]\w* [A-Z]\w*)"))
def link(story: Story, counterpart: str) -> None:
    """The sync has given it its counterpart."""
    story.settle()
    story.side(story.cast.type(counterpart).system)


@given("a backup of the sync's memory")
def back_up(story: Story) -> None:
    """Its state as it is now is kept."""
    story.subject.back_up()


@given("the sync has come to rest")
def settle(story: Story) -> None:
    """The sync has done all there was to do."""
    story.settle()


@given(parsers.re(r"its (?P<property>\S+) is (?P<value>.+) on both sides"))
def on_both_sides(story: Story, property: str, value: str) -> None:  # noqa: A002 - the word of the sentence
    """A property has this value, and the sync has brought it across."""
    kind, _ = story.it
    record = story.side(kind.system)
    driver = story.driver(kind.system)
    if driver.shown(record, property) != driver.normal(kind.kind, property, value):
        story.edit(record, kind, {property: value})
        story.settle()
