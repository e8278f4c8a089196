"""Stand-ins for Invoiced and Customerp: in process, or as servers on loopback, under one logical clock."""

from counterpart.emulators.asgi import asgi
from counterpart.emulators.clock import Clock
from counterpart.emulators.customerp import CUSTOMERP_TOKEN, Customerp
from counterpart.emulators.errors import EmulatorError, ServerNotStarted
from counterpart.emulators.invoiced import INVOICED_KEY, Invoiced
from counterpart.emulators.invoiced_account import Settings, Switches
from counterpart.emulators.seeding import seed_data
from counterpart.emulators.server import Server
from counterpart.emulators.transport import EmulatorTransport, transport
from counterpart.emulators.wire import Emulator, Request, Response

VERSION = "1"
"""What a cassette names as its origin: `emulator 1`."""

__all__ = [
    "CUSTOMERP_TOKEN",
    "INVOICED_KEY",
    "VERSION",
    "Clock",
    "Customerp",
    "Emulator",
    "EmulatorError",
    "EmulatorTransport",
    "Invoiced",
    "Request",
    "Response",
    "Server",
    "ServerNotStarted",
    "Settings",
    "Switches",
    "asgi",
    "seed_data",
    "transport",
]
