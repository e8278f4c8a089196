"""What can go wrong in this package: a tool's failure, or a refusal that the emulated API answers with."""

from __future__ import annotations

from collections.abc import Sequence


class EmulatorError(Exception):
    """Base of every exception raised by the emulators."""


class ServerNotStarted(EmulatorError):
    """A server could not listen; choose another port and start again."""

    def __init__(self, name: str, port: int, cause: str) -> None:
        self.name, self.port, self.cause = name, port, cause
        super().__init__(
            f"The {name} emulator cannot listen on 127.0.0.1:{port}: {cause}. "
            "Free the port, or leave it out to have a free one chosen."
        )


class UnusableFault(EmulatorError):
    """A fault that cannot be armed; put it right and arm it again."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This fault cannot be armed: {reason}.")


class UnusableSnapshot(EmulatorError):
    """A snapshot that is torn, or of another version; take another one, or start without."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The snapshot cannot be restored: {reason}. Use another one, or start without.")


class MalformedJson(EmulatorError):
    """The text of a request is not JSON, or exceeds what the parser admits."""


class ApiError(EmulatorError):
    """A request the emulated API answers with an error; never leaves `handle`."""

    status: int


class InvoicedError(ApiError):
    """An error body of Invoiced: `type`, `message` and, when one attribute is to blame, `param`."""

    def __init__(self, message: str, param: str | None = None, *, status: int = 400, allow: str = "") -> None:
        self.status, self.message, self.param, self.allow = status, message, param, allow
        super().__init__(message)


class CustomerpError(ApiError):
    """A problem body (RFC 9457) of Customerp; `errors` holds (JSON pointer, detail) pairs."""

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.status, self.slug, self.title, self.detail = status, slug, title, detail
        self.errors, self.headers = tuple(errors), tuple(headers)
        super().__init__(f"{title}: {detail}")
