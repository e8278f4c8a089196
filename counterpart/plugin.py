"""The pytest plugin: feature files become tests, each on a stage of its own, reported as checklist items."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import cast, get_args

import pytest
from pytest_bdd import scenario as bind
from pytest_bdd.parser import Feature, Scenario, Step
from pytest_bdd.scenario import scenario_wrapper_template_registry

from counterpart.account import CAUSE, IDENTITY, SCENE, STEPS, StepLog, node_id, test_result
from counterpart.checklist import Checklist, ChecklistError
from counterpart.contract import ContractError
from counterpart.diagnosis import NAME as DIAGNOSIS
from counterpart.diagnosis import Diagnosing
from counterpart.discretion import Discretion
from counterpart.drivers import DriverError, NotOffered
from counterpart.emulators import Profile
from counterpart.gherkin import (
    ROW_COLUMN,
    SUFFIX,
    Features,
    Identity,
    Known,
    by_opening,
    definitions,
    lend,
    lint,
    read_features,
    slug,
)
from counterpart.ledger import Ledger
from counterpart.live import LiveRefused
from counterpart.project import known, standards
from counterpart.replay import ReplayError, ReplayMiss, together
from counterpart.reporting import AllureBridge, Places, relative, retract
from counterpart.scene import Scene
from counterpart.stage import PLACES, Stage
from counterpart.surroundings import Watch

STAGE = pytest.StashKey[Stage]()
# Options under which pytest only shows something and runs nothing.
LOOKING = ("collectonly", "help", "version", "markers", "showfixtures", "show_fixtures_per_test")

CHECKLIST = pytest.StashKey[Checklist]()
FEATURES = pytest.StashKey[Features]()
KNOWN = pytest.StashKey[Known]()
LOOKUP = pytest.StashKey[ExitStack]()
LEDGER = "counterpart-ledger"
DESELECTED = pytest.StashKey[list[str]]()
WATCH = pytest.StashKey[Watch]()
BRIDGE = pytest.StashKey[AllureBridge]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("counterpart", "proving a dataflow checklist")
    group.addoption(
        "--against",
        choices=PLACES,
        default="replay",
        help="what the scenarios meet: the recordings (default, no network), the emulators over HTTP on loopback, or "
        "real systems, whose addresses and credentials the environment gives",
    )
    group.addoption("--allow-production", action="store_true", help="let --against=live change records in production")
    group.addoption(
        "--sync",
        choices=("own", "external"),
        default="own",
        help="who syncs: ours (default), or a product that runs elsewhere and is waited for (with --against=live)",
    )
    group.addoption("--poll", type=float, default=10.0, metavar="SECONDS", help="--sync=external: between two looks")
    group.addoption(
        "--patience", type=float, default=300.0, metavar="SECONDS", help="--sync=external: how long it may take to rest"
    )
    group.addoption(
        "--profile",
        choices=get_args(Profile),
        default="full",
        help="how much of its contract Customerp's emulator offers (with --against=emulators)",
    )
    group.addoption("--record", action="store_true", help="keep the recording of each scenario that passes")
    group.addoption("--cassettes", metavar="FOLDER", help="where the recordings are; by default cassettes/")
    group.addoption("--reports", metavar="FOLDER", help="where the reports go; by default reports/")
    group.addoption("--product", default="", help="name and version of the product under test, for the reports")
    group.addoption("--artifact", default="", help="digest of what is released, as sha256:...; the gate asks for it")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    against, record = config.getoption("--against"), config.getoption("--record")
    root = config.rootpath
    folders = {
        name: config.invocation_params.dir / given if (given := config.getoption(f"--{name}")) else root / name
        for name in ("cassettes", "reports")
    }
    reports = folders["reports"]
    allure = getattr(config.option, "allure_report_dir", None) or reports / "allure-results"
    junit = config.option.xmlpath or reports / "junit.xml"
    places = Places(reports, Path(junit).absolute(), Path(allure).absolute())
    controlling = not hasattr(config, "workerinput")
    running = not any(getattr(config.option, name, False) for name in LOOKING)
    if running and controlling:
        # Before anything can stop the run: a run that stops early must not leave an older report standing.
        retract(places)
    if record and against == "replay":
        raise pytest.UsageError("--record needs something to record from; add --against=emulators")
    if against == "live" and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("scenarios on one live account would see each other's records; leave out -n")
    if config.getoption("--sync") == "external" and (against != "live" or record):
        raise pytest.UsageError(
            "--sync=external waits for a product that runs elsewhere, so there is nothing to replay or record; use it "
            "with --against=live alone. For a rehearsal, `counterpart emulators` can stand in for the live systems"
        )
    profile: Profile = config.getoption("--profile")
    if profile == "minimal" and (record or against == "replay"):
        raise pytest.UsageError(
            "the recordings are of the full profile; use --profile=minimal with --against=emulators, without --record"
        )
    production = config.getoption("--allow-production")
    try:
        stage = config.stash[STAGE] = Stage(root, against, record, profile, **folders, production=production)
    except LiveRefused as refused:
        raise pytest.UsageError(*refused.defects) from None
    try:
        candidate = {name: config.getoption(f"--{name}") for name in ("product", "artifact")}
        judged_by = standards(root, candidate)
    except ChecklistError as error:
        raise pytest.UsageError(relative(str(error), root)) from None
    try:
        _ = stage.contract_hashes
    except OSError as error:
        missing = Path(error.filename or root).relative_to(root)
        cure = f"bring it back from the repository: git checkout -- {missing}"
        raise pytest.UsageError(f"{missing}: the contract cannot be read ({error.strerror}); {cure}") from None
    config.stash[CHECKLIST] = judged_by.checklist
    config.stash[LOOKUP] = ExitStack()
    config.stash[LOOKUP].enter_context(by_opening())
    features = config.stash[FEATURES] = read_features(root / "features", outside=_elsewhere(root))
    config.stash[KNOWN] = known(root / "features", judged_by.checklist, judged_by.additional)
    for tag in sorted({tag for outline in features.outlines for tag in outline.tags if ":" not in tag}):
        config.addinivalue_line("markers", f"{tag}: set in the feature files")
    if running:
        # JUnit is written from the same results as all other reports; pytest's own writer would count otherwise.
        config.option.xmlpath = None
        if hasattr(config.option, "allure_report_dir"):
            config.option.allure_report_dir = str(places.allure)
        config.stash[WATCH] = Watch()
        if controlling:
            ledger = Ledger(config, stage, *judged_by, features.outlines, places)
            config.pluginmanager.register(ledger, LEDGER)
            if against == "replay":
                config.pluginmanager.register(Diagnosing(root, ledger.amend), DIAGNOSIS)
    config.stash[BRIDGE] = AllureBridge(root, stage.scrubbed)
    config.pluginmanager.register(Discretion(stage.scrubbed))


def _elsewhere(root: Path) -> list[Path]:
    """Where people put features by mistake: beside the folder, in one called nearly alike, among the steps."""
    nearly = [path for path in root.glob("[fF]eature*") if path.is_dir() and path.name != "features"]
    return [*root.glob("*.feature"), *nearly, root / "steps"]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Look through all features before any scenario, and before any worker, starts."""
    config = session.config
    if hasattr(config, "workerinput"):
        return
    root = config.rootpath
    # `pytest DIR` loads what lies beside the features only while it collects, and the sentences are wanted now.
    config.pluginmanager._loadconftestmodules(
        root / "features", config.getoption("importmode"), root, consider_namespace_packages=False
    )
    found = lint(config.stash[FEATURES], config.stash[KNOWN], definitions(root=root))
    if found.defects:
        count = len(found.defects)
        told = f"{count} defects" if count > 1 else "a defect"
        lines = [f"{told} in the features, so nothing was run:", *map(str, found.defects)]
        raise pytest.UsageError(relative("\n".join(lines), root))
    if (ledger := config.pluginmanager.get_plugin(LEDGER)) is not None:
        ledger.lint += (relative(str(warning), root) for warning in found.warnings)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand to the controlling process what no report of a test carries."""
    config = session.config
    if WATCH not in config.stash:
        return
    if hasattr(config, "workeroutput"):
        config.workeroutput["connections"] = sorted(config.stash[WATCH].hosts)
        config.workeroutput["deselected"] = config.stash.get(DESELECTED, [])
    elif (ledger := config.pluginmanager.get_plugin(LEDGER)) is not None:
        ledger.connections |= config.stash[WATCH].hosts


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember what was not chosen; a worker's controlling process does not learn of it otherwise."""
    for item in items:
        item.config.stash.setdefault(DESELECTED, []).append(node_id(item))


def pytest_unconfigure(config: pytest.Config) -> None:
    if STAGE in config.stash:
        config.stash[STAGE].close()
    if LOOKUP in config.stash:
        config.stash[LOOKUP].close()


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_apply_tag(tag: str) -> bool | None:
    """Tags such as `id:alone` or `owner:Ann` are no marks: pytest takes what follows a colon for a description."""
    return True if ":" in tag else None


class FeatureFile(pytest.Module):
    """A feature file collected as a test module: one test a scenario, named by its id, one case a row."""

    def _getobj(self) -> ModuleType:
        module = ModuleType(self.path.stem.replace("-", "_"))
        module.__file__ = str(self.path)
        lend(self.config.stash[FEATURES], self.path)
        for outline in self.config.stash[FEATURES].by_path.get(self.path, ()):
            function = bind(self.path.name, outline.title, features_base_dir=str(self.path.parent))(_no_more)
            _name_rows(function)
            setattr(module, outline.id, function)
        return module

    def istestfunction(self, obj: object, name: str) -> bool:
        return callable(obj) and obj in scenario_wrapper_template_registry


def _no_more() -> None:
    """A bound scenario has no body besides its steps."""


def _name_rows(function: Callable[..., object]) -> None:
    """Name each row of an outline by its `case`; pytest-bdd would join all its cells."""
    marks = getattr(function, "pytestmark", [])
    for position, mark in enumerate(marks):
        if mark.name == "parametrize":
            argument, rows = mark.args
            named = [row._replace(id=slug(row.values[0][ROW_COLUMN])) for row in rows]
            marks[position] = pytest.mark.parametrize(argument, named).mark


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A folder of features runs whatever it is called; pytest leaves out some names, such as `build`."""
    return False if collection_path in config.stash[FEATURES].folders else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> FeatureFile | None:
    if file_path.suffix != SUFFIX:
        return None
    return FeatureFile.from_parent(parent, path=file_path)


def pytest_collection_finish() -> None:
    """What is there by now stays till the end; searching it for garbage again and again costs a tenth of a run."""
    gc.collect()
    gc.freeze()


def pytest_itemcollected(item: pytest.Item) -> None:
    if not isinstance(item.parent, FeatureFile):
        return
    function = cast(pytest.Function, item)
    [outline] = (each for each in item.config.stash[FEATURES].by_path[item.path] if each.id == function.originalname)
    parameters = function.callspec.params if hasattr(function, "callspec") else {}
    example = cast(dict[str, str], parameters.get("_pytest_bdd_example", {}))
    item.stash[IDENTITY] = Identity(outline.items, outline.id, slug(example[ROW_COLUMN]) if example else None)
    item.extra_keyword_matches.add(outline.title)


def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Feature, scenario: Scenario) -> None:
    item, config = request.node, request.config
    identity = item.stash[IDENTITY]
    config.stash[BRIDGE].before_scenario(item, feature, scenario)
    item.stash[STEPS] = StepLog(scenario, item.path.relative_to(config.rootpath).as_posix())
    cure = f'pytest "{item.nodeid}" --against=emulators --record'
    item.stash[SCENE] = config.stash[STAGE].open(identity, cure)


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Scene:
    """The running scenario's stage: clock, drivers, records, exchange."""
    return cast(Scene, request.node.stash[SCENE])


@pytest.fixture(scope="session")
def checklist(pytestconfig: pytest.Config) -> Checklist:
    """What is to be proven."""
    return pytestconfig.stash[CHECKLIST]


def pytest_bdd_before_step(request: pytest.FixtureRequest, step: Step) -> None:
    log = request.node.stash[STEPS]
    ordinal = log.begin(step)
    request.config.stash[BRIDGE].before_step(step)
    request.node.stash[SCENE].begin_step(ordinal, f"{step.keyword} {step.name}")


def pytest_bdd_after_step(request: pytest.FixtureRequest, step: Step) -> None:
    scene = request.node.stash[SCENE]
    scene.session.end_step()
    if step.type == "then" and not scene.compared:
        raise AssertionError("this Then has compared nothing, so it proves nothing; let it call scene.equal")
    request.node.stash[STEPS].end("passed")
    request.config.stash[BRIDGE].after_step()


def pytest_bdd_step_error(request: pytest.FixtureRequest, exception: BaseException) -> None:
    skipped = isinstance(exception, pytest.skip.Exception) or _cannot_hold(request.config, exception)
    request.node.stash[STEPS].end("skipped" if skipped else "failed")
    request.config.stash[BRIDGE].step_error(exception)


def pytest_bdd_after_scenario(request: pytest.FixtureRequest) -> None:
    item = request.node
    if SCENE in item.stash:
        item.stash[STEPS].close()
        request.config.stash[BRIDGE].after_scenario(
            item.stash[SCENE].session.exchanges, clean=item.stash[SCENE].replaying
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Whatever became of the scenario, a request that the recording does not hold fails it here, and says so first."""
    if IDENTITY not in item.stash:
        return (yield)
    result, trouble = None, ""
    try:
        result = yield
        if SCENE in item.stash:
            item.stash[SCENE].session.finish()
    except ReplayError as error:
        trouble = str(error)
        item.stash[CAUSE] = "recording is stale"
    except (ReplayMiss, Exception) as error:
        if _cannot_hold(item.config, error):
            pytest.skip(f"the minimal profile has no such operation: {error}")
        trouble = together(item.stash[SCENE].session.misses) if SCENE in item.stash else ""
        item.stash[CAUSE] = "sync is wrong" if trouble else ""
        if not trouble:
            raise
    if trouble:
        pytest.fail(trouble, pytrace=False)
    stage = item.config.stash[STAGE]
    if stage.record:
        try:
            stage.keep(item.stash[SCENE])
        except ReplayError as refused:
            pytest.fail(str(refused), pytrace=False)
    return result


def _cannot_hold(config: pytest.Config, error: BaseException) -> bool:
    """Whether a scenario needs what an ERP of the minimal profile is not asked to offer."""
    return isinstance(error, NotOffered) and config.stash[STAGE].profile == "minimal"


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """What a scenario has created in real systems is taken away again, however it ended."""
    if SCENE in item.stash:
        for address in item.config.stash[STAGE].tidy(item.stash[SCENE]):
            item.warn(pytest.PytestWarning(f"could not be taken away again: {address}"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    config, log = item.config, item.stash.get(STEPS, None)
    if STAGE not in config.stash:
        return report
    trouble = call.excinfo.value if call.excinfo else None
    # What a step found wrong is told in a sentence with its place; only a broken harness shows its insides.
    if log is not None and isinstance(trouble, AssertionError | ContractError | DriverError):
        report.longrepr = config.stash[STAGE].scrubbed(f"{log.place()} ({item.stash[IDENTITY]})\n{trouble}")
    if str(config.rootpath) in report.longreprtext and not report.skipped:
        report.longrepr = relative(report.longreprtext, config.rootpath)
    result = test_result(config.stash[STAGE], item, report, trouble)
    config.stash[BRIDGE].settle(result)
    if call.when == "call" or not report.passed:
        # An attribute of a report travels from xdist's workers to the controller as JSON.
        report.counterpart = result.to_json()  # type: ignore[attr-defined]
    if SCENE in item.stash and call.when == "call":
        report.counterpart_misses = [each.cause for each in item.stash[SCENE].session.misses]  # type: ignore[attr-defined]
    return report
