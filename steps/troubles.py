"""When: what goes wrong in the two systems. Only the sync meets it, in its next round."""

# ruff: noqa: A002 - "property" is the word of the sentences

from __future__ import annotations

from pytest_bdd import parsers, when

from counterpart.emulators import Fault
from counterpart.scene import LASTING
from steps.story import Story

# What people call a call, and how it goes over the wire.
METHODS = {"creation": "POST", "change": "PATCH", "deletion": "DELETE", "list": "GET", "request": "*"}
CALL = r"(?P<call>creation|change|deletion|list|request)s?(?: of an? (?P<name>[A-Z]\w*))?"


def _path(story: Story, system: str, name: str | None) -> str:
    return f"/{story.cast.type(f'{system} {name}').kind}*" if name else "*"


@when(parsers.re(r"(?P<system>\w+) answers (?P<status>429|500|502|503) to the next (?:(?P<count>\d+) )?" + CALL))
def refuse(story: Story, system: str, status: str, count: str | None, call: str, name: str | None) -> None:
    """The call has no effect, and the answer says so."""
    path = _path(story, system, name)
    story.trouble(system, Fault(status, METHODS[call], path, times=int(count or 1)))  # type: ignore[arg-type]


@when(parsers.re(r"(?P<system>\w+) makes the next " + CALL + r" but its answer is lost"))
def lose(story: Story, system: str, call: str, name: str | None) -> None:
    """The call takes effect, but a gateway on the way gives up waiting for the answer."""
    story.trouble(system, Fault("504", METHODS[call], _path(story, system, name)))


@when(parsers.re(r"(?P<system>\w+) accepts the next " + CALL + r" but ignores (?P<property>\S+)"))
def ignore(story: Story, system: str, call: str, name: str | None, property: str) -> None:
    """The call succeeds, and one of its properties is as it was."""
    story.trouble(system, Fault("ignored-field", METHODS[call], _path(story, system, name), field=property))


@when(parsers.re(r"(?P<system>\w+) answers the next " + CALL + r" without its (?P<property>\S+)"))
def leave_out(story: Story, system: str, call: str, name: str | None, property: str) -> None:
    """The call takes effect, and the record that answers it lacks a property."""
    story.trouble(system, Fault("missing-field", METHODS[call], _path(story, system, name), field=property))


@when(parsers.re(r"(?P<system>\w+) shows a list of (?P<name>[A-Z]\w*?)s without their (?P<property>\S+) once"))
def list_without(story: Story, system: str, name: str, property: str) -> None:
    """Each record of the list lacks a property, although it has it."""
    path = f"/{story.cast.type(f'{system} {name}').kind}"
    story.trouble(system, Fault("missing-field", "GET", path, field=property))


@when(parsers.re(r"(?P<system>\w+) shows an empty list of (?P<name>[A-Z]\w*?)s once"))
def show_nothing(story: Story, system: str, name: str) -> None:
    """The list says that there is nothing, although there is."""
    story.trouble(system, Fault("empty-list", "GET", f"/{story.cast.type(f'{system} {name}').kind}"))


@when(parsers.re(r"(?P<system>\w+)'s change feed leaves everything out once"))
def omit(story: Story, system: str) -> None:
    """The feed goes on, and what has happened since is not in it."""
    story.trouble(system, Fault("empty-list", "GET", "/changes"), needs="change feed")


@when(
    parsers.re(
        r"(?P<property>\S+) is to become (?P<value>.+) in (?P<system>\w+) just before the sync's next change"
        r" of an? (?P<name>[A-Z]\w*)"
    )
)
def overtake(story: Story, property: str, value: str, system: str, name: str) -> None:
    """Somebody edits the record that the sync is about to write, after it was read."""
    path = _path(story, system, name)
    story.trouble(system, Fault("overtaken", "PATCH", path, field=property, value=value), needs="versions")


@when(parsers.re(r"(?P<system>\w+) refuses the credentials(?: for every " + CALL + ")?"))
def deny(story: Story, system: str, call: str | None, name: str | None) -> None:
    """Until further notice, whatever is asked or one kind of call."""
    story.trouble(system, Fault("401", METHODS[call or "request"], _path(story, system, name), times=LASTING))


@when(parsers.re(r"(?P<system>\w+) accepts the credentials again"))
def admit(story: Story, system: str) -> None:
    """Somebody has authorised the sync again."""
    story.end_trouble(system)
