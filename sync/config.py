"""Where the two systems are; credentials come from the environment and from nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sync.errors import ConfigError, EndpointMissing
from sync.http import Endpoint
from sync.links import System

VARIABLES: Mapping[System, tuple[str, str]] = {
    "customerp": ("COUNTERPART_CUSTOMERP_URL", "COUNTERPART_CUSTOMERP_TOKEN"),
    "invoiced": ("COUNTERPART_INVOICED_URL", "COUNTERPART_INVOICED_KEY"),
}


def endpoints(environ: Mapping[str, str]) -> dict[System, Endpoint]:
    """Both endpoints; raises ConfigError naming every variable that is missing or unusable."""
    missing = tuple(name for names in VARIABLES.values() for name in names if not environ.get(name, "").strip())
    if missing:
        raise EndpointMissing(missing)
    return {
        system: Endpoint(_url(environ[url], url), environ[credential].strip())
        for system, (url, credential) in VARIABLES.items()
    }


def _url(given: str, variable: str) -> str:
    url = given.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        private = parts.username is not None or parts.password is not None
    except ValueError:
        usable, private = False, False
    if not usable:
        raise ConfigError(f"environment: {variable} is no http(s) address. Write it like https://api.example.com.")
    if private:
        raise ConfigError(
            f"environment: {variable} holds a user or password. Put the credential into its own variable."
        )
    return url
