"""Events travel between processes as JSON and arrive as they were."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpart.reporting import Evidence, MalformedEvent, RecordSeen, RunFacts, ScenarioResult, StepResult

texts = st.text(st.characters(), max_size=20)
steps = st.builds(
    StepResult,
    st.integers(1, 99),
    texts,
    texts,
    st.sampled_from(["passed", "failed", "skipped"]),
    st.floats(0, 60),
    st.lists(st.lists(texts, max_size=3).map(tuple), max_size=3).map(tuple),
)
results = st.builds(
    ScenarioResult,
    *[texts] * 4,
    st.none() | texts,
    st.lists(texts, max_size=3).map(tuple),
    st.lists(texts, max_size=3).map(tuple),
    st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    st.sampled_from(["passed", "failed", "skipped", "error"]),
    texts,
    st.lists(steps, max_size=3).map(tuple),
    st.builds(Evidence, st.none() | texts, st.none() | texts, st.integers(0, 9), texts),
    st.sampled_from(["emulator recording", "live run"]),
    st.floats(0, 60),
    st.lists(st.builds(RecordSeen, *[texts] * 3, *[st.none() | st.dictionaries(texts, texts, max_size=3)] * 2)).map(
        tuple
    ),
)


@given(result=results)
def test_a_scenario_arrives_as_it_was(result: ScenarioResult) -> None:
    assert ScenarioResult.from_json(result.to_json()) == result


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dirty=st.booleans(), versions=st.dictionaries(texts, texts, max_size=3))
def test_facts_arrive_as_they_were(facts: Callable[..., RunFacts], dirty: bool, versions: dict[str, str]) -> None:
    told = facts(dirty=dirty, versions=versions, expected={"a/create": 2})
    assert RunFacts.from_json(told.to_json()) == told


def test_a_scenario_is_known_by_its_id_and_row(scenario: Callable[..., ScenarioResult]) -> None:
    item = "order-invoice/create"
    assert [scenario(item, "alone").id, scenario(item, "many", "two-pages").id] == ["alone", "many[two-pages]"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"node_id": 1}', "null"])
def test_another_text_is_no_event(text: str) -> None:
    with pytest.raises(MalformedEvent, match="same installation of counterpart"):
        ScenarioResult.from_json(text)
    with pytest.raises(MalformedEvent, match="No RunFacts can be read"):
        RunFacts.from_json(text)
