"""Stand-ins for Invoiced and Customerp: in process, or as servers on loopback, under one logical clock."""

from counterpart.emulators.clock import Clock
from counterpart.emulators.customerp import Customerp
from counterpart.emulators.transport import EmulatorTransport, transport
from counterpart.emulators.wire import Emulator, Request, Response

VERSION = "1"
"""What a cassette names as its origin: `emulator 1`."""

__all__ = ["VERSION", "Clock", "Customerp", "Emulator", "EmulatorTransport", "Request", "Response", "transport"]
