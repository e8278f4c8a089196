"""The state of both emulators kept in a file, with the moment of their clock."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from counterpart.emulators.customerp import Customerp
from counterpart.emulators.errors import UnusableSnapshot
from counterpart.emulators.invoiced import Invoiced

_FORMAT = "counterpart emulators 1"


@dataclass(frozen=True, slots=True)
class State:
    """What a file held; `now` is where its clock stood."""

    now: datetime
    invoiced: object
    customerp: object


def save(path: Path, invoiced: Invoiced, customerp: Customerp) -> None:
    """Write the state; an interrupted write leaves the file as it was."""
    state = {
        "format": _FORMAT,
        "now": invoiced.clock.now().isoformat(),
        "invoiced": invoiced.snapshot(),
        "customerp": customerp.snapshot(),
    }
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    beside.write_text(json.dumps(state), "utf-8")
    beside.replace(path)


def read(path: Path) -> State | None:
    """What the file holds, or None when there is none; raises UnusableSnapshot for a file of something else."""
    try:
        state = json.loads(path.read_text("utf-8"))
        if state["format"] != _FORMAT:
            raise UnusableSnapshot(f"{path} is of the format {state['format']!r}, not {_FORMAT!r}")
        return State(datetime.fromisoformat(state["now"]), state["invoiced"], state["customerp"])
    except FileNotFoundError:
        return None
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise UnusableSnapshot(f"{path} is not a file of the emulators ({error!r})") from None
