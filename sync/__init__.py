"""Two-way synchronisation of Customerp with Invoiced."""

from sync.clock import Clock, SystemClock
from sync.config import endpoints
from sync.engine import Engine
from sync.errors import (
    AccountRefused,
    BadAnswer,
    ConfigError,
    EndpointDown,
    EndpointMissing,
    FlowError,
    NotAStore,
    SideStopped,
    StoreError,
    StoreInUse,
    SyncError,
)
from sync.flow import Flow, load_flows
from sync.http import Endpoint, Pacing
from sync.links import Conflict, Notice, State, System
from sync.report import Plan, Progress, RunReport, Status, Write
from sync.store import Store

__all__ = [
    "AccountRefused",
    "BadAnswer",
    "Clock",
    "ConfigError",
    "Conflict",
    "Endpoint",
    "EndpointDown",
    "EndpointMissing",
    "Engine",
    "Flow",
    "FlowError",
    "NotAStore",
    "Notice",
    "Pacing",
    "Plan",
    "Progress",
    "RunReport",
    "SideStopped",
    "State",
    "Status",
    "Store",
    "StoreError",
    "StoreInUse",
    "SyncError",
    "System",
    "SystemClock",
    "Write",
    "endpoints",
    "load_flows",
]
