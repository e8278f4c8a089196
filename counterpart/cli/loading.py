"""The vocabulary of a project, loaded as a run would load it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import click

from counterpart.gherkin import Definition, definitions

CONFTEST = "conftest.py"


def vocabulary(package: str, features: Path) -> tuple[Definition, ...]:
    """The step definitions of a package and of conftest.py beside the features; raises UsageError.

    Those outside of the features' project are not its own, so none of them need be used there.
    """
    project = features.resolve().parent
    try:
        module = importlib.import_module(package)
        for name in getattr(module, "pytest_plugins", ()):
            importlib.import_module(name)
    except ImportError as error:
        raise click.UsageError(f"the steps in {package!r} cannot be loaded: {error}") from None
    name, conftest = "features_conftest", features / CONFTEST
    spec = importlib.util.spec_from_file_location(name, conftest) if conftest.exists() else None
    if spec is None or spec.loader is None:
        return definitions(package, project)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(sys.modules[name])
    except Exception as error:
        raise click.UsageError(f"{conftest} cannot be loaded: {error}") from None
    return (*definitions(package, project), *definitions(name, project))
