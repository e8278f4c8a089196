"""Stand-ins for Invoiced and Customerp: in process, or as servers on loopback, under one logical clock."""

from counterpart.emulators.asgi import asgi
from counterpart.emulators.clock import Clock
from counterpart.emulators.control import Control
from counterpart.emulators.courier import Courier, deliver
from counterpart.emulators.customerp import CUSTOMERP_TOKEN, Customerp, Profile
from counterpart.emulators.emulator import Emulator
from counterpart.emulators.errors import EmulatorError, ServerNotStarted, UnusableFault, UnusableSnapshot
from counterpart.emulators.faults import Fault, Faults
from counterpart.emulators.invoiced import INVOICED_KEY, Invoiced
from counterpart.emulators.invoiced_account import Settings, Switches
from counterpart.emulators.outcomes import Outcome
from counterpart.emulators.seeding import seed_data
from counterpart.emulators.server import Server
from counterpart.emulators.transport import EmulatorTransport, transport
from counterpart.emulators.wire import Delivery, Request, Response

VERSION = "1"
"""What a cassette names as its origin: `emulator 1`."""

__all__ = [
    "CUSTOMERP_TOKEN",
    "INVOICED_KEY",
    "VERSION",
    "Clock",
    "Control",
    "Courier",
    "Customerp",
    "Delivery",
    "Emulator",
    "EmulatorError",
    "EmulatorTransport",
    "Fault",
    "Faults",
    "Invoiced",
    "Outcome",
    "Profile",
    "Request",
    "Response",
    "Server",
    "ServerNotStarted",
    "Settings",
    "Switches",
    "UnusableFault",
    "UnusableSnapshot",
    "asgi",
    "deliver",
    "seed_data",
    "transport",
]
