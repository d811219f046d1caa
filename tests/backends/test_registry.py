"""A backend is its folder and its line in the registry; the rest of the house asks there."""

from __future__ import annotations

import re
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import nightpress
from nightpress.backends import BACKENDS, UTC, find
from nightpress.errors import UsageError
from tests.market import Market, plugin, quota_db

SOURCE = Path(nightpress.__file__).parent
COMMON = {"", UTC.zone, UTC.midnight}
FOREIGN = {
    "plugin/names.py": "words that a plugin may not be called by",
    "checks/registry.py": "words that no name may hold",
    "checks/residue.py": "a gate's list of assistants that a document must not speak as",
    "checks/known_names.py": "names of another program's variables",
    "plugin/declared.py": "names of models that a plugin's own text may hold",
    "checks/amounts.py": "names of models that a document may hold",
}


def test_nothing_outside_the_wing_knows_a_backend_by_name() -> None:
    """`offline` is the exception: it writes where nobody else can."""
    words = {"(?i:gemini)", "Pacific", "GOOGLE_", "Vertex"}
    for one in BACKENDS.values():
        words.add(f"backends[. ](?:import )?{one.name}\\b")
        if one.kind == "model" and one.name != "command":  # which is a part of a plugin, too
            own = {one.key, one.day.zone, one.day.midnight, *one.access({}).keys, *one.models}
            words |= {re.escape(word) for word in own - COMMON} | {f"[\"'`]{one.name}\\b"}
    said = re.compile("|".join(sorted(words)))
    found = {
        f"{name}:{number}"
        for path in SOURCE.rglob("*.*")
        if path.suffix in (".py", ".sql", ".html", ".css", ".js")
        if not (name := path.relative_to(SOURCE).as_posix()).startswith("backends/")
        if name not in FOREIGN
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if said.search(line)
    }
    assert found == set()


def test_an_unknown_name_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'gemini'"):
        find("gemni")


@pytest.fixture
def hall(tmp_path: Path) -> Market:
    """A project with two plugins, whose dodo.py adds a backend to the registry."""
    for name in ("alpha", "beta"):
        plugin(tmp_path / "hall", name, size=16_000)
    market = Market(tmp_path / "hall")
    assert market.run("nightpress", "init").code == 0
    added = "from nightpress.backends import BACKENDS\nfrom tests.backends.echo import ECHO\n\n"
    dodo = market.root / "dodo.py"
    if not dodo.exists():
        dodo.write_text((SOURCE.parents[1] / "dodo.py").read_text())
    dodo.write_text(f'{added}BACKENDS["echo"] = ECHO\n\n{dodo.read_text()}')
    defaults = market.root / "manifests" / "_defaults.yaml"
    defaults.write_text(re.sub(r"(?m)^model: .*\n", "", defaults.read_text()))
    return market


def configure(market: Market, text: str) -> None:
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(re.sub(r"(?m)^backend: .*\n", "", path.read_text()) + f"\n{text}\n")


def test_a_backend_that_was_added_writes_within_its_own_quota_and_day(hall: Market) -> None:
    plan = hall.done("backend=echo", "plan", ECHO_KEY="k")
    assert "echo-1 at 7/-/90" in plan.out
    ran = hall.done("backend=echo", "pace=unpaced", ECHO_KEY="k")
    assert "2 published" in ran.out
    query = "SELECT DISTINCT backend, model_requested, outcome FROM calls"
    assert hall.rows(query) == [("echo", "echo-1", "reply")]
    with sqlite3.connect(quota_db()) as quota:
        days = quota.execute("SELECT DISTINCT day FROM days").fetchall()
    assert days == [(datetime.now(ZoneInfo("Asia/Tokyo")).date().isoformat(),)]
    assert "nothing to do" in hall.done("backend=echo", ECHO_KEY="k").out


def test_auto_takes_it_by_its_key(hall: Market) -> None:
    assert "ECHO_KEY is set" in hall.done("plan", ECHO_KEY="k").out
    said = hall.done("plan").out
    assert "none of GOOGLE_API_KEY, GEMINI_API_KEY, ECHO_KEY is set" in said


def test_its_settings_are_checked_and_its_advice_is_given(hall: Market) -> None:
    configure(hall, "backend: echo\necho:\n  refuses: true")
    failed = hall.doit(ECHO_KEY="k", NIGHTPRESS_CLOCK=f"30,{time.time()},{time.monotonic()}")
    assert failed.code == 1
    assert "the hall is closed" in failed.out + failed.err
    hall.done("report", ECHO_KEY="k")
    page = (hall.root / ".nightpress" / "report" / "report.md").read_text()
    assert "shout louder" in page
    configure(hall, "  louder: true")
    wrong = hall.doit("plan", ECHO_KEY="k")
    assert wrong.code == 3
    assert "unknown key 'louder'" in wrong.out + wrong.err


@pytest.mark.parametrize(
    ("words", "settings", "says"),
    [
        (["backend=echo"], "", "backend: echo needs ECHO_KEY in the environment"),
        (["backend=ecko"], "", "did you mean 'echo'?"),
        (["backend=echo", "model=gemini-3.5-flash-lite"], "", "is a model of Gemini"),
        (["backend=echo"], "echo:\n  grand: true", "the hall costs money"),
        ([], "backend: ecko", "did you mean 'echo'?"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    hall: Market, words: list[str], settings: str, says: str
) -> None:
    if settings:
        configure(hall, settings)
    ran = hall.doit(*words)
    assert ran.code == 3, ran.out + ran.err
    assert says in ran.out + ran.err
