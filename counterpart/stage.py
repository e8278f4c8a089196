"""Where scenarios run: the recordings, the emulators on loopback, or real systems; one switch, one kind of scene."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx

from counterpart.contract import Contract
from counterpart.drivers import CustomerpDriver, Driver, InvoicedDriver
from counterpart.emulators import (
    CUSTOMERP_TOKEN,
    INVOICED_KEY,
    VERSION,
    Clock,
    Customerp,
    Invoiced,
    Profile,
    Server,
)
from counterpart.gherkin import Identity
from counterpart.live import Endpoints, endpoints, tidy
from counterpart.replay import Cassette, Playing, Recording, Secrets, path_for
from counterpart.replay.people import Discreet, People
from counterpart.replay.provenance import LIVE, doubt_of, says_live
from counterpart.replay.signing import recorder_key, sign
from counterpart.reporting.events import Proof
from counterpart.scene import Scene

if TYPE_CHECKING:
    from counterpart.replay.leaks import Leaks

Against = Literal["replay", "emulators", "live"]
PLACES: tuple[Against, ...] = ("replay", "emulators", "live")

# Whether a recording is live, it says itself.
WEAKEST: Mapping[Against, Proof] = {"replay": "emulator recording", "emulators": "emulator run", "live": "live run"}
# Scenarios live on a Monday morning of their own, so that recordings do not age into other answers.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BASE_URLS = {"Customerp": "https://customerp.emulator.example", "Invoiced": "https://invoiced.emulator.example"}
CREDENTIALS = {"Customerp": CUSTOMERP_TOKEN, "Invoiced": INVOICED_KEY}
MASKING_VARIABLE = "COUNTERPART_MASKING_KEY"
CONTRACTS = {"Customerp": "customerp.openapi.yaml", "Invoiced": "invoiced.openapi.yaml"}

# From the table of optional parts in Customerp's contract.
MINIMAL = (
    "Customerp offered only the minimal profile of its contract, without versions, change feed, cursors and external "
    "references: that no edit is overwritten or missed between two looks, and that a delete is noticed at once, "
    "cannot hold there and was not shown."
)


class Stage:
    """Opens scenes for one test process; close it at the end."""

    def __init__(
        self,
        root: Path,
        against: Against,
        record: bool,
        profile: Profile = "full",
        *,
        cassettes: Path | None = None,
        reports: Path | None = None,
        production: bool = False,
    ) -> None:
        """`cassettes` and `reports` are folders of the project if not given; raises LiveRefused."""
        self.root = root
        self.against = against
        self.record = record
        self.profile = profile
        self.cassettes = cassettes or root / "cassettes"
        self.reports = reports or root / "reports"
        self._live = endpoints(os.environ, production=production) if against == "live" else None
        self._stack = ExitStack()

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The contract of each system, read once a process."""
        return {system: Contract.load(self.root / "contracts" / name) for system, name in CONTRACTS.items()}

    @cached_property
    def contract_hashes(self) -> dict[str, str]:
        """SHA-256 of each contract file with line ends as LF, by file name."""
        return {
            name: sha256((self.root / "contracts" / name).read_bytes().replace(b"\r\n", b"\n")).hexdigest()
            for name in CONTRACTS.values()
        }

    @property
    def proof(self) -> Proof:
        """On what a verdict rests here at least, where a scenario has no scene of its own to say more."""
        return WEAKEST[self.against]

    @cached_property
    def declared(self) -> str:
        """All that the features say: their values are made up, whatever they look like."""
        files = sorted((self.root / "features").rglob("*.feature"))
        return "\n".join(file.read_text("utf-8", "replace") for file in files)

    def scrubbed(self, text: str) -> str:
        """A text for reports, without secrets and without data of real people."""
        return self._leaks.scrubbed(text) if text else text

    @property
    def caveats(self) -> tuple[str, ...]:
        """What cannot be shown here, whatever the scenarios say."""
        return (MINIMAL,) if self.profile == "minimal" else ()

    def cassette(self, identity: Identity) -> Path:
        """Where the recording of a scenario lies."""
        return path_for(self.cassettes, identity.item, identity.scenario, identity.row)

    def open(self, identity: Identity, cure: str) -> Scene:
        """Set the stage for one scenario; raises the replay room's CassetteError when its recording is unusable."""
        if self._live is not None:
            return self._met(identity, self._live)
        return self._replayed(identity, cure) if self.against == "replay" else self._emulated(identity)

    def _replayed(self, identity: Identity, cure: str) -> Scene:
        cassette = Cassette.load(self.cassette(identity), expected={"scenario": str(identity)}, cure=cure)
        said = cassette.metadata
        # A live recording says where, when and with which seed it was made; the emulators' are all alike in that.
        clock = Clock(datetime.fromisoformat(said["started"]) if "started" in said else START)
        session = Playing(cassette, _secrets(CREDENTIALS), clock.advance, cure=cure)
        at = Endpoints(said.get("systems", BASE_URLS), CREDENTIALS)
        believed = says_live(cassette) and not doubt_of(cassette, self.cassettes)
        return Scene(
            identity,
            clock,
            session,
            self._drivers(session, at),
            seed=said.get("seed", _seed(identity)),
            replaying=True,
            cassette=self.cassette(identity),
            generated=dict(said.get("generated", {})),
            base_urls=at.urls,
            credentials=at.credentials,
            proof="live recording" if believed else "emulator recording",
            met=str(said.get("recorded_against", "")),
        )

    def _emulated(self, identity: Identity) -> Scene:
        customerp, invoiced, urls = self._emulators
        clock = customerp.clock = invoiced.clock = Clock(START)
        seed = _seed(identity)
        for emulator in (customerp, invoiced):
            emulator.reset(seed)
            emulator.faults.clear()
        upstreams = {BASE_URLS[system]: url for system, url in urls.items()}
        session = Recording(upstreams, _secrets(CREDENTIALS), clock.advance)
        drivers = self._drivers(session, Endpoints(BASE_URLS, CREDENTIALS))
        return Scene(
            identity,
            clock,
            session,
            drivers,
            seed=seed,
            replaying=False,
            cassette=self.cassette(identity) if self.record else None,
            generated={},
            base_urls=BASE_URLS,
            credentials=CREDENTIALS,
            proof="emulator run",
            met=f"emulator {VERSION}",
            faults={"Customerp": customerp.faults, "Invoiced": invoiced.faults},
            minimal=self.profile == "minimal",
        )

    def _met(self, identity: Identity, at: Endpoints) -> Scene:
        """A scene among real systems: the clock stays logical, so that a replay can repeat it, but pauses are real."""
        clock = Clock(datetime.now(UTC).replace(microsecond=0))
        # Records of real people may be met on the way, in lists say.
        secrets = Discreet(_named(at.credentials), People(self.declared), self._masking_key)
        session = Recording({url: url for url in at.urls.values()}, secrets, clock.advance)
        return Scene(
            identity,
            clock,
            session,
            self._drivers(session, at),
            # What an earlier run has left must not be met again, so nothing is called the same.
            seed=int.from_bytes(os.urandom(4)),
            replaying=False,
            cassette=self.cassette(identity) if self.record else None,
            generated={},
            base_urls=at.urls,
            credentials=at.credentials,
            proof="live run",
            met=f"{LIVE}{at.hosts}",
            pause=time.sleep,
            facts={"systems": dict(at.urls), "started": clock.now().isoformat()},
        )

    def keep(self, scene: Scene) -> None:
        """Write the recording of a scenario that passed; an unchanged one keeps its file and its date.

        Signed where the environment names the recorder's key. Raises a ReplayError when it cannot be kept as it is.
        """
        assert isinstance(scene.session, Recording)
        path = self.cassette(scene.identity)
        metadata: dict[str, Any] = {
            "item": scene.identity.item,
            "scenario": str(scene.identity),
            "recorded_against": scene.met,
            "recorded_with": f"counterpart {version('counterpart')}",
            "recorded_on": datetime.now(UTC).date().isoformat(),
            "contracts": self.contract_hashes,
            "generated": scene.generated,
        }
        if scene.facts:
            metadata |= {**scene.facts, "seed": scene.seed}
        recorded = scene.session.cassette(metadata)
        # Looking into the contracts takes longer than a replay's whole start, and only recording needs it.
        from counterpart.replay.contracts import Contract as WholeContract
        from counterpart.replay.spoiling import SPOILED, spoiled_in
        from counterpart.replay.staleness import PARTS, parts_used
        from counterpart.replay.survey import survey

        contracts = [WholeContract.load(self.root / "contracts" / name) for name in CONTRACTS.values()]
        if scene.spoiled:
            metadata[SPOILED] = spoiled_in(recorded, contracts, scene.spoiled)
            recorded = scene.session.cassette(metadata)
        if violations := survey([(path.name, recorded)], contracts).violations:
            raise AssertionError(
                "not recorded, as it is not what the contracts say:\n" + "\n".join(map(str, violations))
            )
        kept = scene.session.cassette({**metadata, PARTS: parts_used(recorded, contracts)})
        if key := recorder_key():
            kept = replace(kept, signature=sign(kept.sha256, key))
        kept.save(path, volatile=("recorded_on",), declared=self.declared)

    def tidy(self, scene: Scene) -> list[str]:
        """Take away what a scenario has created in real systems; returns the addresses of what stayed behind."""
        if self._live is None:
            return []
        with ExitStack() as stack:
            clients = {
                url: stack.enter_context(httpx.Client(auth=_credential(system, self._live), trust_env=False))
                for system, url in self._live.urls.items()
            }
            return tidy(scene.session.exchanges, clients)

    def close(self) -> None:
        """Stop what was started."""
        self._stack.close()

    @cached_property
    def _masking_key(self) -> bytes:
        """By which stand-ins are made: the same key, the same stand-ins."""
        return os.environ.get(MASKING_VARIABLE, "").encode() or os.urandom(32)

    @cached_property
    def _leaks(self) -> Leaks:
        # Only failures need it, and it takes a while to load.
        from counterpart.replay.leaks import Leaks

        return Leaks(_secrets(self._live.credentials if self._live else CREDENTIALS), self.declared)

    def _drivers(self, session: Playing | Recording, at: Endpoints) -> dict[str, Driver]:
        transport = session.transport("driver")
        clients = {
            system: httpx.Client(base_url=url, transport=transport, auth=_credential(system, at), trust_env=False)
            for system, url in at.urls.items()
        }
        return {
            "Customerp": CustomerpDriver(clients["Customerp"], self.contracts["Customerp"]),
            "Invoiced": InvoicedDriver(clients["Invoiced"], self.contracts["Invoiced"]),
        }

    @cached_property
    def _emulators(self) -> tuple[Customerp, Invoiced, dict[str, str]]:
        clock = Clock(START)
        customerp = Customerp(clock, base_url=BASE_URLS["Customerp"], profile=self.profile)
        invoiced = Invoiced(clock, base_url=BASE_URLS["Invoiced"])
        server = self._stack.enter_context(Server({"Customerp": customerp, "Invoiced": invoiced}))
        return customerp, invoiced, dict(server.urls)


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = self._header
        yield request


def _credential(system: str, at: Endpoints) -> httpx.Auth:
    credential = at.credentials[system]
    return _Bearer(credential) if system == "Customerp" else httpx.BasicAuth(credential, "")


def _secrets(credentials: Mapping[str, str]) -> Secrets:
    return Secrets(_named(credentials))


def _named(credentials: Mapping[str, str]) -> dict[str, str]:
    return {"customerp-token": credentials["Customerp"], "invoiced-key": credentials["Invoiced"]}


def _seed(identity: Identity) -> int:
    return zlib.crc32(str(identity).encode())
