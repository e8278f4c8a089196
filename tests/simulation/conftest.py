"""The simulation's modules are plain files beside its tests, so that it also runs as a command."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
