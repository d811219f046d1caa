"""Documents that share paragraphs are found among all that stand, and remembered between runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightpress.clock import FastClock
from nightpress.neighbourhood import Neighbourhood
from nightpress.project import Project
from tests.market import Market, plugin, prose

LATER = FastClock(1, 2_000_000_000, 0)
SHARED = (
    "This tool helps every team that keeps {} ledgers to settle what is owed, on time and without"
    " a single spreadsheet, because the figures are checked twice before anybody sees them."
    " What was agreed once is kept where auditors look for it, in files that a person can read and"
    " that a machine can compare from one quarter to the next without opening another program."
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("alpha", "beta", "gamma"):
        folder = plugin(tmp_path, name, size=2_000)
        (folder / "skills" / name).mkdir(parents=True)
        text = f"# {name}\n\n{SHARED.format(name)}\n\n{prose(name, 900)}\n"
        (folder / "skills" / name / "SKILL.md").write_text(text)
    assert Market(tmp_path).run("nightpress", "init").code == 0
    return Project(tmp_path, {}, {}, LATER)


def target(name: str) -> str:
    return f"plugins/{name}/skills/{name}/SKILL.md"


def test_a_near_duplicate_is_found_in_each_other_document(project: Project) -> None:
    around = Neighbourhood(project)
    assert around.without("plugins/new").sharing(SHARED.format("delta")) == 3
    assert around.without("plugins/beta").sharing(SHARED.format("beta")) == 2
    assert around.without("plugins/beta").sharing(prose("quite another", 300)) == 0


def test_a_second_run_reads_only_what_changed(project: Project) -> None:
    Neighbourhood(project).without("x").sharing("")
    (project.root / target("alpha")).write_text("# alpha\n\nNothing in common any more.\n")
    (project.root / target("gamma")).unlink()
    again = Neighbourhood(project)
    assert again.without("x").sharing(SHARED.format("delta")) == 1
    # what is remembered is really used: a file with its stamp unchanged is not read again
    held = again._book.known()
    assert set(held) == {target("alpha"), target("beta")}
    again._book.enter([])
    assert all(stamp for stamp, _ in held.values())


def test_what_is_published_meanwhile_counts_at_once(project: Project) -> None:
    around = Neighbourhood(project)
    assert around.without("x").sharing(SHARED.format("delta")) == 3
    around.add("plugins/delta/SKILL.md", SHARED.format("delta").encode())
    assert around.without("x").sharing(SHARED.format("delta")) == 4
    around.add(target("alpha"), b"# alpha\n\nShort.\n")
    assert around.without("x").sharing(SHARED.format("delta")) == 3
    assert Neighbourhood(project).without("x").sharing(SHARED.format("delta")) == 3


def test_documents_of_one_plugin_may_share(project: Project) -> None:
    around = Neighbourhood(project)
    around.without("x")  # has caught up with what stands
    for number in range(4):
        around.add(f"plugins/delta/skills/{number}/SKILL.md", SHARED.format("delta").encode())
    assert around.without("plugins/delta").sharing(SHARED.format("delta")) == 3
    assert around.without("plugins/delta-2").sharing(SHARED.format("delta")) == 7
