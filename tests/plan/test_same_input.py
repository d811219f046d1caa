"""The same input, the same output: in any order, with any subset first, in any clone."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.market import Market, plugin, prose

NAMES = ("alpha", "beta", "gamma", "delta", "omega")
SHARED = prose("shared", 900)
"""What every plugin of the marketplace says."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Market:
    root = tmp_path_factory.mktemp("origin")
    for name in NAMES:
        folder = plugin(root, name, size=9_000)
        readme = folder / "README.md"
        readme.write_text(f"{readme.read_text()}\n## Records\n\n{SHARED}\n")
        for topic in ("audit", "close"):
            skill = folder / "skills" / f"{name}-{topic}"
            skill.mkdir(parents=True)
            code = f"```bash\n/{name}-collect {topic} --since 2026-01-01\n```\n"
            said = f"{prose(f'{name}-{topic}', 2_500)}\n\n{SHARED}\n\n{code}"
            (skill / "notes.md").write_text(f"# {topic}\n\n{said}")
            head = f"name: {name}-{topic}\ndescription: The {topic} of {name}."
            (skill / "SKILL.md").write_text(f"---\n{head}\n---\n\n# {topic}\n")
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    market.replaces()
    (root / ".gitignore").write_text(".nightpress/\n")
    market.git("init", "-q")
    market.git("add", "-A")
    market.git("commit", "-qm", "as written")
    return market


def clone(origin: Market, root: Path) -> Market:
    origin.git("clone", "-q", ".", str(root))
    return Market(root)


def published(market: Market) -> dict[str, bytes]:
    """Every file below plugins/, and the lock file."""
    files = [p for p in (market.root / "plugins").rglob("*") if p.is_file()]
    return {
        path.relative_to(market.root).as_posix(): path.read_bytes()
        for path in [*files, market.root / "nightpress.lock"]
    }


@pytest.fixture(scope="module")
def whole(origin: Market, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    market = clone(origin, tmp_path_factory.mktemp("whole") / "clone")
    market.done()
    assert market.run("nightpress", "check").code == 0
    return published(market)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_first(
    origin: Market, whole: dict[str, bytes], tmp_path: Path, seed: int
) -> None:
    market, rng = clone(origin, tmp_path / "clone"), random.Random(seed)
    jobs = [f"{n}/{e}" for n in NAMES for e in (f"skill-{n}-audit", f"skill-{n}-close")]
    for job in rng.sample(jobs, rng.randint(1, 4)):
        market.done(f"enhance:{job}")
        if rng.random() < 0.3:  # the ledger is no input
            shutil.rmtree(market.root / ".nightpress")
        assert market.run("nightpress", "check").code in (0, 1)
    market.done()
    assert published(market) == whole
    assert market.run("nightpress", "check").code == 0
    assert "nothing to do" in market.done().out
