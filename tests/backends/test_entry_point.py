"""A backend of another package: found by its entry point, held to the contract by its author."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nightpress.backends import Registry, find
from nightpress.errors import UsageError
from tests.market import Market, environment, plugin

MODULE = """
import sys
from nightpress.backends import Declaration, Limits, Model, Price
from nightpress.backends.command.backend import Command

class Mine(Command):
    name = "mine"
    def ask(self, request):
        return {}["reply"] if "BREAKS" in self.environ else super().ask(request)

def make(settings, environ):
    environ["MINE_ACCOUNT"]
    run = [sys.executable, "SCRIBE"] if not settings.get("fails") else ["false"]
    found = {"run": run, "env": [], "seconds": 60.0, "named": "mine-1", "reply": "said.text"}
    made = Mine(found, environ, 1.0)
    made.environ = environ
    return made

MINE = Declaration(
    name="mine", title="Mine", kind="model", make=make, free=True, default_model="mine-1",
    models={"mine-1": Model(Limits(rpm=600), True)},
    settings={"type": "object", "description": "How mine is reached.",
              "additionalProperties": False,
              "properties": {"fails": {"type": "boolean", "description": "It fails."}}},
)
""".replace("SCRIBE", str(Path(__file__).with_name("scribe.py")))
POINTS = "[nightpress.backends]\nmine = their_package:MINE\nlost = no_such_module:X\n"


@pytest.fixture
def package(tmp_path: Path) -> dict[str, str]:
    """The environment in which such a package is installed."""
    site = tmp_path / "site"
    info = site / "their_package-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "their_package.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    return environment(PYTHONPATH=str(site), MINE_ACCOUNT="mine")


@pytest.mark.parametrize(
    ("missing", "more", "said"),
    [
        ("MINE_ACCOUNT", {}, "backend 'mine' cannot be set up: KeyError: 'MINE_ACCOUNT'"),
        ("", {"BREAKS": "1"}, "backend mine broke its contract: KeyError: 'reply'"),
    ],
)
def test_what_it_raises_is_its_failure_and_no_bug_of_ours(
    tmp_path: Path, package: dict[str, str], missing: str, more: dict[str, str], said: str
) -> None:
    plugin(tmp_path / "shop", "alpha", size=16_000)
    shop = Market(tmp_path / "shop")
    environ = {k: v for k, v in package.items() if k != missing} | more
    assert shop.start("nightpress", "init", **environ).code == 0
    ran = shop.start("doit", "backend=mine", "model=mine-1", "pace=unpaced", **environ)
    assert ran.code == 3 and said in ran.out, ran.out + ran.err
    assert not (shop.root / ".nightpress" / "crashes").exists()


def test_it_writes_by_its_name_and_is_never_met(tmp_path: Path, package: dict[str, str]) -> None:
    plugin(tmp_path / "shop", "alpha", size=16_000)
    shop = Market(tmp_path / "shop")
    assert shop.start("nightpress", "init", **package).code == 0
    assert "backend: auto" in shop.start("doit", "plan", **package).out
    text = (shop.root / "manifests" / "_defaults.yaml").read_text()
    text = text.replace("backend: auto", "backend: mine").replace(
        "model: gemini", "# model: gemini"
    )
    (shop.root / "manifests" / "_defaults.yaml").write_text(f"{text}\nmine: {{fails: false}}\n")
    ran = shop.start("doit", "pace=unpaced", **package)
    assert "1 published" in ran.out, ran.out + ran.err
    assert shop.rows("SELECT DISTINCT backend, outcome FROM calls") == [("mine", "reply")]
    lost = shop.start("doit", "backend=lost", "plan", **package)
    assert lost.code == 3 and "lost" in lost.out + lost.err


def test_its_declared_models_bind_unless_it_takes_any(
    tmp_path: Path, package: dict[str, str]
) -> None:
    plugin(tmp_path / "shop", "alpha", size=16_000)
    shop = Market(tmp_path / "shop")
    assert shop.start("nightpress", "init", **package).code == 0
    defaults = shop.root / "manifests" / "_defaults.yaml"
    defaults.write_text(f"{defaults.read_text()}\nlimits: {{mine-2: {{rpd: 9}}}}\n")
    words = ("nightpress", "plan", "--backend", "mine", "--model")
    refused = shop.start(*words, "mine-2", **package)
    assert refused.code == 3, refused.out + refused.err
    assert "backend: mine has no model 'mine-2': did you mean 'mine-1'?" in refused.err
    assert "set `model` to one of Mine's: mine-1" in refused.err
    told = shop.start("nightpress", "doctor", **package).out
    assert re.search("ok +backend +mine: Mine, its models: mine-1\n", told), told
    assert re.search("warning +backend +lost of another package cannot be loaded: Mod", told), told
    for more in ((), ("--max-cost", "1")):
        plan = shop.start(*words, "mine-1", *more, **package).out
        assert "; $0\n" in plan, plan
    path = Path(package["PYTHONPATH"]) / "their_package.py"
    path.write_text(path.read_text().replace("free=True,", "free=True, any_model=True,"))
    assert shop.start(*words, "mine-2", **package).code == 0


def test_its_author_runs_the_contract_on_it(package: dict[str, str]) -> None:
    contract = "nightpress.backends.contract"
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=",
        "-p", contract, "--pyargs", contract, "--backend", "mine",
    ]  # fmt: skip
    good = subprocess.run(command, capture_output=True, text=True, env=package)
    assert good.returncode == 0, good.stdout + good.stderr
    assert " passed" in good.stdout
    spoilt = [*command, "--settings", json.dumps({"fails": True})]
    bad = subprocess.run(spoilt, capture_output=True, text=True, env=package)
    assert bad.returncode == 1 and "the program ended with status 1" in bad.stdout


def test_what_cannot_be_loaded_is_told_when_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(())
    registry.broken["lost"] = "ModuleNotFoundError: no_such_module"
    monkeypatch.setattr("nightpress.backends.BACKENDS", registry)
    with pytest.raises(UsageError, match="'lost' cannot be loaded: ModuleNotFoundError"):
        find("lost")


def test_a_run_with_our_own_looks_for_no_others() -> None:
    code = (
        "import sys; from nightpress.backends import BACKENDS, find; find('openai'); "
        "BACKENDS.get('auto'); print('importlib.metadata' in sys.modules, BACKENDS._is_scanned)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
