"""In what a run takes place."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import pytest

from counterpart.surroundings import Watch, inputs, job


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, {}),
        ({"CI": "true"}, {}),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKFLOW": "prove",
                "GITHUB_RUN_NUMBER": "7",
                "GITHUB_SERVER_URL": "https://forge.example",
                "GITHUB_REPOSITORY": "a/b",
                "GITHUB_RUN_ID": "99",
            },
            {
                "ci": "GitHub Actions",
                "name": "prove",
                "number": "7",
                "url": "https://forge.example/a/b/actions/runs/99",
            },
        ),
        (
            {"GITLAB_CI": "true", "CI_JOB_NAME": "prove", "CI_PIPELINE_IID": "7", "CI_JOB_URL": "https://ci.example/7"},
            {"ci": "GitLab CI", "name": "prove", "number": "7", "url": "https://ci.example/7"},
        ),
        (
            {"JENKINS_URL": "https://ci.example", "JOB_NAME": "prove", "BUILD_NUMBER": "7"},
            {"ci": "Jenkins", "name": "prove", "number": "7", "url": ""},
        ),
    ],
)
def test_the_job_is_told_by_its_own_variables(environment: dict[str, str], told: dict[str, str]) -> None:
    assert job(environment) == told


def test_inputs_change_with_what_they_say_and_not_with_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "features" / "a.feature"
    path.parent.mkdir()
    path.write_bytes(b"Feature: a\n")
    before = inputs(tmp_path)
    path.write_bytes(b"Feature: a\r\n")
    (path.parent / "__pycache__").mkdir()
    (path.parent / "__pycache__" / "a.pyc").write_bytes(b"compiled")
    assert inputs(tmp_path) == before
    path.write_bytes(b"Feature: b\n")
    assert inputs(tmp_path) != before
    path.rename(path.with_name("b.feature"))
    assert inputs(tmp_path).keys() == {"features"}


def test_a_watch_notes_hosts_outside_this_machine() -> None:
    watch = Watch()
    # Nothing is sent: a datagram socket connects without a word, and the port of the other is refused at once.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside, suppress(OSError):
        outside.connect(("192.0.2.1", 9))
    with socket.socket() as here, suppress(OSError):
        here.connect(("127.0.0.1", 9))
    assert watch.hosts == {"192.0.2.1"}
