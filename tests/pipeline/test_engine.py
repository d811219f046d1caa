"""Engines: documents are the same whoever composes and judges them, and whoever dies meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nightpress.errors import Answer, BackendError, NightpressError, UnsafePath, UsageError
from nightpress.pipeline import engine, errand
from nightpress.plan import away
from nightpress.project import Project
from tests.engines import kill, log, running, workers
from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, Ran, environment, plugin

NAMES = ("alpha", "bravo", "charlie", "delta", "echo")
ENGINES = ["processes=2", "dask=2"]
WORKER = ("spawn_main", "forkserver")


def _needs(name: str) -> None:
    if name.startswith("dask"):
        pytest.importorskip("distributed")


@pytest.fixture
def market(tmp_path: Path) -> Market:
    for name in NAMES:
        plugin(tmp_path / "market", name, size=16_000)
    made = Market(tmp_path / "market")
    assert made.run("nightpress", "init").code == 0
    return made


@pytest.fixture(scope="module")
def by_threads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    for name in NAMES:
        plugin(root := tmp_path_factory.getbasetemp() / "by-threads", name, size=16_000)
    made = Market(root)
    assert made.run("nightpress", "init").code == 0
    assert f"{len(NAMES)} published" in made.done().out
    return _made(made)


def _made(market: Market) -> dict[str, str]:
    """path -> digest of every document, and of the lock file."""
    paths = [*market.root.glob("plugins/*/skills/*/SKILL.md"), market.root / "nightpress.lock"]
    assert len(paths) > len(NAMES)
    return {
        str(path.relative_to(market.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def _ended(market: Market, process: subprocess.Popen[bytes]) -> Ran:
    code = process.wait(timeout=180)
    return Ran(code, log(market).read_text(), "")


def _until(process: subprocess.Popen[bytes], count: int) -> list[int]:
    for _ in range(600):
        if len(found := workers(process.pid)) >= count or process.poll() is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("no workers")


# --- the same documents ---


@pytest.mark.parametrize("name", ENGINES)
def test_the_documents_are_the_same_by_any_engine(
    market: Market, by_threads: dict[str, str], name: str
) -> None:
    _needs(name)
    with running(market, f"engine={name}") as process:
        began = _until(process, 2)
        ran = _ended(market, process)
    assert ran.code == 0, ran.out
    assert began
    assert _made(market) == by_threads
    assert "nothing to do" in market.doit().out
    for pid in began:  # none is left behind
        assert not Path(f"/proc/{pid}").exists()


def test_a_run_that_names_no_engine_imports_none(market: Market) -> None:
    program = (
        "import sys; sys.argv = ['doit']; from doit.doit_cmd import DoitMain; "
        "status = DoitMain().run([]); "
        "print({'dask', 'distributed', 'nightpress.pipeline.engine'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=market.root, env=environment(), text=True,
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "set()"


def test_an_engine_that_there_is_not_is_refused(market: Market) -> None:
    ran = market.doit("engine=snails")
    assert ran.code == 3
    assert "engine=snails: expected threads, processes" in ran.err


def test_watch_status_and_report_tell_what_each_worker_did(market: Market) -> None:
    with running(market, "engine=processes=2") as process:
        assert _ended(market, process).code == 0
    seen = json.loads(market.run("nightpress", "watch", "--once", "--format", "json").out)
    assert sum(one["judged"] for one in seen["workers"]) >= len(NAMES)
    names = {one["name"] for one in seen["workers"]}
    assert 1 <= len(names) <= 2
    told = json.loads(market.run("nightpress", "status", "--json").out)
    assert {one["name"] for one in told["workers"]} == names
    assert " judged in " in market.run("nightpress", "status").out
    assert f"{len(names)} worker" in market.run("nightpress", "watch", "--once").out
    assert market.run("nightpress", "report").code == 0
    for page in ("report.md", "index.html"):
        text = next(market.root.rglob(page)).read_text()
        assert all(name in text for name in names)


def test_a_worker_that_does_not_see_the_project_gets_the_bytes(
    market: Market, by_threads: dict[str, str]
) -> None:
    """Its machine has nothing at the project's path: here, a mount of its own."""
    pytest.importorskip("distributed")
    hidden = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none "$1" && exec "$2" worker "$3" '
              '--nthreads 2 --nworkers 2 --no-dashboard', "sh"]  # fmt: skip
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    dask, folder = str(Path(sys.executable).parent / "dask"), str(market.root)
    place = f"tcp://127.0.0.1:{_free_port()}"
    words = [dask, "scheduler", "--host", place, "--no-dashboard"]
    with (
        _begun(words),
        _begun([*hidden, folder, dask, place]),
        running(market, f"engine=dask={place}") as process,
    ):
        ran = _ended(market, process)
    assert ran.code == 0, ran.out
    assert _made(market) == by_threads
    seen = json.loads(market.run("nightpress", "watch", "--once", "--format", "json").out)
    for what in ("composed", "judged"):
        assert sum(one[what] for one in seen["workers"]) >= len(NAMES)


@contextmanager
def _begun(words: list[str]) -> Iterator[None]:
    process = subprocess.Popen(
        words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_parcel_holds_what_a_worker_needs_and_nothing_outside(market: Market) -> None:
    from nightpress.plan import Parcel, catalog

    project = Project(market.root, {}, {}, _clock())
    state = next(iter(catalog.load(project, everything=True).plugins.values()))
    parcel = Parcel.of(project, state)
    assert parcel is not None
    assert "manifests/_defaults.yaml" in parcel.recipe
    with parcel.placed(state) as placed:
        assert placed.root != state.root
        for path in state.files:
            assert (placed.root / path).read_bytes() == (state.root / path).read_bytes()
    assert not placed.root.exists()
    with pytest.raises(UnsafePath), Parcel({}, {"../out": b""}).placed(state):
        pass


# --- those who die ---


@pytest.mark.parametrize("name", ENGINES)
def test_a_worker_killed_in_checks_costs_nothing(
    market: Market, by_threads: dict[str, str], name: str
) -> None:
    _needs(name)
    with running(market, f"engine={name}") as process:
        _until(process, 2)
        for _ in range(3):
            time.sleep(0.3)
            for pid in workers(process.pid)[:1]:
                kill(pid)
        ran = _ended(market, process)
    assert ran.code == 0, ran.out
    assert _made(market) == by_threads
    assert market.rows("SELECT count(*), count(DISTINCT job) FROM enhancements") == [(5, 5)]


def test_without_any_worker_the_run_goes_on_here(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker dies as soon as it is told to begin."""
    monkeypatch.setattr(engine, "_begin", _dies)
    monkeypatch.setattr(engine, "BEGUN", 1)
    said: list[str] = []
    project = Project(market.root, {"engine": "processes=2"}, {}, _clock())
    made = engine.of(project, said.append)
    assert made is not None
    from nightpress.plan import catalog

    found = catalog.load(project, everything=True, ahead=lambda: made)
    assert len(found.items) == len(NAMES)
    assert {item.decision.action for item in found.items.values()} == {"make"}
    assert said == [s for s in said if "the run goes on in this process" in s]
    assert len(said) == 1


def _dies() -> None:
    os._exit(1)


def _clock() -> object:
    from nightpress.clock import RealClock

    return RealClock()


def test_ctrl_c_is_the_coordinators_alone(market: Market, by_threads: dict[str, str]) -> None:
    with running(market, "engine=processes=2") as process:
        for pid in [*_until(process, 2), process.pid]:
            kill(pid, signal.SIGINT)
        ran = _ended(market, process)
    assert ran.code == 130, ran.out
    assert "Traceback" not in ran.out
    with running(market, "engine=processes=2") as process:
        assert _ended(market, process).code == 0
    assert _made(market) == by_threads


# --- who may not work ---


def test_a_worker_of_another_version_is_refused_with_the_mend(market: Market) -> None:
    there = away.There.of(Project(market.root, {}, {}, _clock()))
    assert there.project().root == market.root
    with pytest.raises(UsageError, match=r"pip install nightpress==0\.0\.1"):
        away.There(there.root, (), "0.0.1", there.recipe, False).project()
    own = market.root / "generators" / "skill"
    own.mkdir(parents=True)
    (own / "generator.yaml").write_text("version: 1\n")
    away._view.cache_clear()
    with pytest.raises(UsageError, match="does not have this project's generators"):
        there.project()


def test_what_only_the_coordinator_knows_a_worker_leaves_to_it(market: Market) -> None:
    view = away.There.of(Project(market.root, {}, {}, _clock())).project()
    for name in ("ledger", "state", "lock_path"):
        with pytest.raises(away.Elsewhere):
            getattr(view, name)
    with pytest.raises(away.Elsewhere):
        view.others()


def test_errors_come_back_as_they_were() -> None:
    import pickle

    for error in (
        UsageError("so", "do"),
        BackendError(Answer("lost", "who knows", hint="look")),
        NightpressError("what"),
    ):
        back = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert (type(back), str(back)) == (type(error), str(error))
    back = pickle.loads(pickle.dumps(BackendError(Answer("lost", "who knows"))))  # noqa: S301
    assert back.answer == Answer("lost", "who knows")


# --- calls that workers make ---


def test_calls_of_killed_workers_are_counted_and_not_made_again(market: Market) -> None:
    """Killed in mid-call: the row says so, its quota stays spent, and this run asks no more."""
    pytest.importorskip("distributed")
    defaults = market.root / "manifests" / "_defaults.yaml"
    defaults.write_text(f"{defaults.read_text()}\ncalls: workers\nengine: dask=2\n")
    with GeminiServer(latency=1, limits={"*": Limits()}) as server:
        given = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        with running(market, "backend=gemini", "pace=unpaced", **given) as process:
            for _ in range(1200):
                if server.seen()["calls"] >= 2 or process.poll() is not None:
                    break  # that many are answered, and others under way
                time.sleep(0.05)
            time.sleep(0.5)
            for pid in workers(process.pid)[:1]:
                kill(pid)
            ran = _ended(market, process)
        rows = market.rows("SELECT outcome, count(*) FROM calls GROUP BY outcome")
        outcomes = {str(outcome): int(str(count)) for outcome, count in rows}
        for _ in range(300):  # what was under way when its worker died ends at the server, too
            if (made := server.seen()["calls"]) == sum(outcomes.values()):
                break
            time.sleep(0.1)
    assert outcomes["lost"] >= 1, ran.out
    assert sum(outcomes.values()) == made
    lost = market.rows("SELECT DISTINCT error_message FROM calls WHERE outcome = 'lost'")
    assert lost == [(errand.MAYBE,)]
    assert market.rows("SELECT count(*) FROM calls WHERE outcome = 'lost' GROUP BY prompt_sha256"
                       " HAVING count(*) > 1") == []  # fmt: skip


def test_a_call_that_dask_would_do_again_is_made_once(market: Market) -> None:
    """A worker that dies with an answer which was not fetched yet: its task is done anew, and that
    makes no call. One that was withdrawn is not made either."""
    distributed = pytest.importorskip("distributed")
    made = engine.of(Project(market.root, {"engine": "dask=2"}, {}, _clock()), lambda _: None)
    assert isinstance(made, engine.Dask)
    log = market.root / "calls"
    try:
        assert made.call(_logged, str(log)) == 1
        client = made._client
        future = client.submit(errand.call, True, 7, _logged, None, str(log), pure=False)
        distributed.wait(future)
        (where,) = client.who_has(future).popitem()[1]
        with pytest.raises((OSError, distributed.comm.CommClosedError)):
            client.run(os._exit, 1, workers=[where], on_error="raise")
        how, error, _ = future.result(30)
        assert (how, error.answer.kind) == ("raised", "lost")
        assert log.read_text() == "called\n" * 2
        assert made._withdraw(8)
        withdrawn = client.submit(errand.call, True, 8, _logged, None, str(log), pure=False)
        assert withdrawn.result(30)[0] == "raised"
        assert log.read_text() == "called\n" * 2
    finally:
        made.close()


def _logged(_there: object, path: str) -> int:
    with Path(path).open("a") as log:
        log.write("called\n")
    return 1
