"""Recording what both systems and their clients say to each other, and playing it back strictly.

What looks through recordings afterwards stands in modules of its own, which a replay does not load: `audit` for what
must not be written, `contracts`, `conformance` and `survey` for what the contracts say, `staleness` for what has to be
recorded again, and `drift` for what a new recording means.
"""

from counterpart.replay.cassette import Cassette, path_for
from counterpart.replay.errors import (
    CassetteError,
    MissingCassette,
    NotACassette,
    ReplayError,
    TornCassette,
    UnfinishedRecording,
    UnknownVersion,
    UnsafeCassette,
    UnusableSecret,
    WrongCassette,
)
from counterpart.replay.exchange import Exchange
from counterpart.replay.matching import Difference
from counterpart.replay.miss import Miss, MissKind, ReplayMiss, together
from counterpart.replay.playing import Playing
from counterpart.replay.secrets import Secrets
from counterpart.replay.session import Recording, Session

__all__ = [
    "Cassette",
    "CassetteError",
    "Difference",
    "Exchange",
    "Miss",
    "MissKind",
    "MissingCassette",
    "NotACassette",
    "Playing",
    "Recording",
    "ReplayError",
    "ReplayMiss",
    "Secrets",
    "Session",
    "TornCassette",
    "UnfinishedRecording",
    "UnknownVersion",
    "UnsafeCassette",
    "UnusableSecret",
    "WrongCassette",
    "path_for",
    "together",
]
