"""Where scenarios run: the recordings, or the emulators on loopback; one switch, one kind of scene."""

from __future__ import annotations

import zlib
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Literal

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
from counterpart.replay import Cassette, Playing, Recording, Secrets, path_for
from counterpart.reporting.events import Proof
from counterpart.scenarios import Identity
from counterpart.scene import Scene

Against = Literal["replay", "emulators"]
PLACES: tuple[Against, ...] = ("replay", "emulators")

# Scenarios live on a Monday morning of their own, so that recordings do not age into other answers.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BASE_URLS = {"Customerp": "https://customerp.emulator.example", "Invoiced": "https://invoiced.emulator.example"}
CREDENTIALS = {"Customerp": CUSTOMERP_TOKEN, "Invoiced": INVOICED_KEY}
CONTRACTS = {"Customerp": "customerp.openapi.yaml", "Invoiced": "invoiced.openapi.yaml"}

# From the table of optional parts in Customerp's contract.
MINIMAL = (
    "Customerp offered only the minimal profile of its contract, without versions, change feed, cursors and external "
    "references: that no edit is overwritten or missed between two looks, and that a delete is noticed at once, "
    "cannot hold there and was not shown."
)


class Stage:
    """Opens scenes for one test process; close it at the end."""

    def __init__(self, root: Path, against: Against, record: bool, profile: Profile = "full") -> None:
        self.root = root
        self.against = against
        self.record = record
        self.profile = profile
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

    @cached_property
    def proof(self) -> Proof:
        """On what a scenario's verdict rests here."""
        return "emulator recording" if self.against == "replay" else "emulator run"

    @property
    def caveats(self) -> tuple[str, ...]:
        """What cannot be shown here, whatever the scenarios say."""
        return (MINIMAL,) if self.profile == "minimal" else ()

    def cassette(self, identity: Identity) -> Path:
        """Where the recording of a scenario lies."""
        return path_for(self.root / "cassettes", identity.item, identity.scenario, identity.row)

    def open(self, identity: Identity, cure: str) -> Scene:
        """Set the stage for one scenario; raises the replay room's CassetteError when its recording is unusable."""
        seed = zlib.crc32(str(identity).encode())
        path = self.cassette(identity)
        secrets = Secrets({"customerp-token": CUSTOMERP_TOKEN, "invoiced-key": INVOICED_KEY})
        clock: Clock
        session: Playing | Recording
        if self.against == "replay":
            clock = Clock(START)
            cassette = Cassette.load(path, expected={"scenario": str(identity)}, cure=cure)
            session = Playing(cassette, secrets, clock.advance, cure=cure)
            generated = dict(cassette.metadata.get("generated", {}))
        else:
            customerp, invoiced, urls = self._emulators
            clock = customerp.clock = invoiced.clock = Clock(START)
            customerp.reset(seed)
            invoiced.reset(seed)
            session = Recording({BASE_URLS[system]: url for system, url in urls.items()}, secrets, clock.advance)
            generated = {}
        driver = session.transport("driver")
        drivers: dict[str, Driver] = {
            "Customerp": CustomerpDriver(
                httpx.Client(
                    base_url=BASE_URLS["Customerp"],
                    transport=driver,
                    headers={"Authorization": f"Bearer {CUSTOMERP_TOKEN}"},
                    trust_env=False,
                ),
                self.contracts["Customerp"],
            ),
            "Invoiced": InvoicedDriver(
                httpx.Client(
                    base_url=BASE_URLS["Invoiced"], transport=driver, auth=(INVOICED_KEY, ""), trust_env=False
                ),
                self.contracts["Invoiced"],
            ),
        }
        replaying = self.against == "replay"
        kept = path if replaying or self.record else None
        return Scene(identity, clock, session, drivers, seed, replaying, kept, generated, BASE_URLS, CREDENTIALS)

    def keep(self, scene: Scene) -> None:
        """Write the recording of a scenario that passed; an unchanged one keeps its file and its date."""
        assert isinstance(scene.session, Recording)
        path = self.cassette(scene.identity)
        metadata = {
            "item": scene.identity.item,
            "scenario": str(scene.identity),
            "recorded_against": f"emulator {VERSION}",
            "recorded_with": f"counterpart {version('counterpart')}",
            "recorded_on": datetime.now(UTC).date().isoformat(),
            "contracts": self.contract_hashes,
            "generated": scene.generated,
        }
        recorded = scene.session.cassette(metadata)
        # Looking into the contracts takes longer than a replay's whole start, and only recording needs it.
        from counterpart.replay.contracts import Contract as WholeContract
        from counterpart.replay.staleness import PARTS, parts_used
        from counterpart.replay.survey import survey

        contracts = [WholeContract.load(self.root / "contracts" / name) for name in CONTRACTS.values()]
        if violations := survey([(path.name, recorded)], contracts).violations:
            raise AssertionError(
                "not recorded, as it is not what the contracts say:\n" + "\n".join(map(str, violations))
            )
        kept = scene.session.cassette({**metadata, PARTS: parts_used(recorded, contracts)})
        kept.save(path, volatile=("recorded_on",))

    def close(self) -> None:
        """Stop what was started."""
        self._stack.close()

    @cached_property
    def _emulators(self) -> tuple[Customerp, Invoiced, dict[str, str]]:
        clock = Clock(START)
        customerp = Customerp(clock, base_url=BASE_URLS["Customerp"], profile=self.profile)
        invoiced = Invoiced(clock, base_url=BASE_URLS["Invoiced"])
        server = self._stack.enter_context(Server({"Customerp": customerp, "Invoiced": invoiced}))
        return customerp, invoiced, dict(server.urls)
