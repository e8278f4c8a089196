"""What can go wrong with recordings as such, branched by what the caller does next.

ReplayError
├── CassetteError        record the scenario again, or put the right file back
│   ├── MissingCassette
│   ├── NotACassette     empty, another format, hostile
│   ├── TornCassette     cut, or changed by hand
│   ├── WrongCassette    recorded for another item or scenario
│   └── UnknownVersion
├── UnsafeCassette       nothing was written: a secret would have been
├── UnfinishedRecording  nothing to keep: a request has no answer
├── UnusableSecret       configure another value
├── UnusableContract     put the contract right; nothing can be checked against it
├── UnusableReviews      put the list of reviews right
└── CannotSign           give another key, or record without one

A request that the recording does not hold is no failure of this tool and stands apart: `counterpart.replay.miss`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class ReplayError(Exception):
    """Base of every exception raised by this package; a ReplayMiss is deliberately not one of them."""


class CassetteError(ReplayError):
    """A recording cannot be used: `path` says where, `cause` why, `cure` what helps."""

    def __init__(self, path: Path, cause: str, cure: str) -> None:
        self.path, self.cause, self.cure = path, cause, cure
        super().__init__(f"{path}: {cause}. {cure}")


class MissingCassette(CassetteError):
    """There is no file."""


class NotACassette(CassetteError):
    """The file is empty or holds something else."""


class TornCassette(CassetteError):
    """The file lost something, or does not say what its recorder wrote."""


class WrongCassette(CassetteError):
    """The file is whole, but was recorded for something else."""


class UnknownVersion(CassetteError):
    """The file is of a format that this version does not know."""


class UnsafeCassette(ReplayError):
    """A recording still contains secrets; `places` names where, never what."""

    def __init__(self, path: Path, places: Iterable[str]) -> None:
        self.path, self.places = path, tuple(places)
        super().__init__(
            f"{path}: not written, because it would contain {'; '.join(self.places)}. "
            "Have the program send the secret in a header or in a form that is concealed, then record again."
        )


class UnfinishedRecording(ReplayError):
    """Requests were sent and never answered, so a replay could not answer them either."""

    def __init__(self, requests: Iterable[str]) -> None:
        self.requests = tuple(requests)
        super().__init__(
            f"The recording is not complete: no answer to {', '.join(self.requests)}. "
            "See that the system is up and every request is awaited, then record again."
        )


class UnusableSecret(ReplayError):
    """A secret cannot be told apart from ordinary text, or its name cannot stand in a placeholder."""

    def __init__(self, name: str, cause: str, cure: str) -> None:
        self.name, self.cause, self.cure = name, cause, cure
        super().__init__(f"Secret {name!r}: {cause}. {cure}")


class UnusableContract(ReplayError):
    """An OpenAPI document is missing, broken, or of a kind that is not read."""

    def __init__(self, name: str, cause: str) -> None:
        self.name, self.cause = name, cause
        super().__init__(f"{name}: {cause}. Correct the contract; `openapi-spec-validator` names more of its faults.")


class UnusableReviews(ReplayError):
    """The list of reviews cannot be read, so nobody knows who has read what."""

    def __init__(self, path: Path, cause: str) -> None:
        self.path, self.cause = path, cause
        super().__init__(f"{path}: {cause}. Put the file back as it was; `counterpart cassettes review` adds to it.")


class CannotSign(ReplayError):
    """A recording was to be signed and could not be."""

    def __init__(self, key: Path, cause: str) -> None:
        self.key, self.cause = key, cause
        super().__init__(f"{key}: it cannot sign: {cause}. Name another key in COUNTERPART_RECORDER_KEY, or none.")
