"""What can go wrong in a synchronisation, branched by what the caller does next.

SyncError
├── ConfigError             correct the configuration, then start again
│   ├── FlowError           a flow file
│   ├── SettingError        counterpart.toml
│   └── EndpointMissing     the environment
├── StoreError              free or replace the store, then start again
│   ├── StoreInUse
│   └── NotAStore
├── SideStopped             a system as a whole does not serve us; the run ends, nothing is half done
│   ├── AccountRefused
│   ├── EndpointDown
│   └── BadAnswer
├── CallFailed              one call about one record; the run goes on
│   ├── Refused             the record's data; retried only when they change
│   │   └── Taken           its number or id; look up who has it
│   ├── Locked              the document's state: closed, paid, voided
│   ├── Gone                not there (any more)
│   ├── Stale               changed since we read it: read and plan again
│   ├── Unavailable         did not happen; try again later
│   ├── Broken              failed for no reason we know; look, then try again with a new key, not for ever
│   └── OutcomeUnknown      may have happened; look before doing anything
├── NothingToDecide         a person's decision that fits nothing; look again, then decide
├── Superseded              another handler changed the link first; start the link over
└── Inexpressible           a value has no counterpart
    ├── Unmappable
    └── Unresolved          ... yet: the record it refers to is not linked
"""

from __future__ import annotations


class SyncError(Exception):
    """Base of everything the sync raises on purpose."""


class ConfigError(SyncError):
    """The configuration cannot be used."""


class _FileError(ConfigError):
    """A file of the configuration says something that cannot be meant."""

    def __init__(self, file: str, line: int | None, problem: str, cure: str) -> None:
        self.file, self.line, self.problem, self.cure = file, line, problem, cure
        place = file if line is None else f"{file}, line {line}"
        super().__init__(f"{place}: {problem}. {cure}{'' if cure.endswith('?') else '.'}")


class FlowError(_FileError):
    """A flow file."""


class SettingError(_FileError):
    """The file of settings."""


class EndpointMissing(ConfigError):
    """The environment does not say where a system is or how to sign in."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        self.variables = variables
        super().__init__(f"environment: {', '.join(variables)} not set. Set them and start again.")


class StoreError(SyncError):
    """The sync's own state cannot be used."""

    def __init__(self, path: str, problem: str, cure: str) -> None:
        self.path, self.problem, self.cure = path, problem, cure
        super().__init__(f"{path}: {problem}. {cure}.")


class StoreInUse(StoreError):
    """Another process works on this store."""


class NotAStore(StoreError):
    """The file holds something else, or a store of another version."""


class SideStopped(SyncError):
    """A whole system is out of reach or out of bounds."""

    def __init__(self, system: str, url: str, problem: str, cure: str) -> None:
        self.system, self.url, self.problem, self.cure = system, url, problem, cure
        super().__init__(f"{system} at {url}: {problem}. {cure}.")


class AccountRefused(SideStopped):
    """The system does not accept our credentials (401, 402, 403)."""


class EndpointDown(SideStopped):
    """The system does not answer."""


class BadAnswer(SideStopped):
    """The system answers with something that is not its API."""


class CallFailed(SyncError):
    """A call about one record did not succeed."""

    def __init__(self, system: str, call: str, status: int | None, message: str, param: str | None = None) -> None:
        self.system, self.call, self.status, self.message, self.param = system, call, status, message, param
        answer = f"answered {status}: {message}" if status is not None else message
        super().__init__(f"{system}: {call} {answer}")


class Refused(CallFailed):
    """The system does not accept these data."""


class Taken(Refused):
    """A record cannot be created, as another one has its number or id."""


class Locked(CallFailed):
    """The document is closed, paid or voided and takes no change."""


class Gone(CallFailed):
    """The record does not exist."""


class Stale(CallFailed):
    """The record has changed since it was read (412)."""


class Unavailable(CallFailed):
    """The call had no effect and may be repeated later, after `retry_after` seconds where the system says so."""

    def __init__(self, system: str, call: str, status: int, message: str, retry_after: float | None = None) -> None:
        super().__init__(system, call, status, message)
        self.retry_after = retry_after


class Broken(CallFailed):
    """The call failed, perhaps after it took effect; the answer may stick to its idempotency key."""


class OutcomeUnknown(CallFailed):
    """The call may or may not have taken effect."""


class Superseded(SyncError):
    """The link was changed by another handler between reading and storing it."""

    def __init__(self, link: int) -> None:
        self.link = link
        super().__init__(f"link {link}: changed by another handler; it is started over")


class NothingToDecide(SyncError):
    """What a person decided does not fit what is there."""

    def __init__(self, problem: str, cure: str) -> None:
        self.problem, self.cure = problem, cure
        super().__init__(f"{problem}. {cure}.")


class Inexpressible(SyncError):
    """A value of one side cannot be expressed on the other."""


class Unmappable(Inexpressible):
    """The value has no counterpart."""

    def __init__(self, value: object, reason: str) -> None:
        self.value, self.reason = value, reason
        super().__init__(reason)


class Unresolved(Inexpressible):
    """The value refers to a record that is not linked."""

    def __init__(self, flow: str, record: str) -> None:
        self.flow, self.record = flow, record
        super().__init__(f"{flow}:{record} is not linked yet")
