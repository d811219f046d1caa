"""Documents that share paragraphs are found among all that stand, and remembered between runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightpress.clock import FastClock
from nightpress.plan import catalog
from nightpress.plan.near_duplicates import Neighbourhood
from nightpress.project.project import Project
from tests.market import Market, plugin, prose, published

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
    held = {k: v for name in ("alpha", "beta", "gamma") for k, v in again._book.known(name).items()}
    assert set(held) == {target("alpha"), target("beta")}
    again._book.enter([])
    assert all(stamp for stamp, _ in held.values())


def test_what_is_published_meanwhile_counts_at_once(project: Project) -> None:
    of_alpha = (project.root / "manifests" / "alpha.yaml").read_text()
    (project.root / "manifests" / "delta.yaml").write_text(of_alpha.replace("alpha", "delta"))
    around = Neighbourhood(project)
    assert around.without("x").sharing(SHARED.format("delta")) == 3
    around.add("delta", "plugins/delta/SKILL.md", SHARED.format("delta").encode())
    assert around.without("x").sharing(SHARED.format("delta")) == 4
    around.add("alpha", target("alpha"), b"# alpha\n\nShort.\n")
    assert around.without("x").sharing(SHARED.format("delta")) == 3
    assert Neighbourhood(project).without("x").sharing(SHARED.format("delta")) == 3


def test_documents_of_one_plugin_may_share(project: Project) -> None:
    around = Neighbourhood(project)
    around.without("x")  # has caught up with what stands
    for number in range(4):
        around.add(
            "delta", f"plugins/delta/skills/{number}/SKILL.md", SHARED.format("delta").encode()
        )
    assert around.without("plugins/delta").sharing(SHARED.format("delta")) == 3
    assert around.without("plugins/delta-2").sharing(SHARED.format("delta")) == 7


def test_plugins_that_the_index_found_unmoved_are_not_looked_at(tmp_path: Path) -> None:
    published(tmp_path, "alpha", "beta")
    catalog.load(Project(tmp_path, {}, {}, LATER))  # settles them: they need nothing
    project = Project(tmp_path, {}, {}, LATER)
    catalog.load(project)
    assert set(project.index.still(project.key)) == {"alpha", "beta"}
    Neighbourhood(project).without("x")
    # a document that is changed behind the index's back shows whether anybody looks at it
    Path(tmp_path, target("beta")).write_text(f"# beta\n\n{SHARED.format('beta')}\n")
    assert Neighbourhood(project).without("x").sharing(SHARED.format("delta")) == 0
    project.index.unsettle(["beta"])
    assert Neighbourhood(project).without("x").sharing(SHARED.format("delta")) == 1


def test_a_run_of_one_plugin_relies_on_the_index_too(tmp_path: Path) -> None:
    published(tmp_path, "alpha", "beta")
    catalog.load(Project(tmp_path, {}, {}, LATER))
    Neighbourhood(Project(tmp_path, {}, {}, LATER)).without("x")
    Path(tmp_path, target("beta")).write_text(f"# beta\n\n{SHARED.format('beta')}\n")
    project = Project(tmp_path, {}, {}, LATER)
    catalog.load(project, slugs=frozenset({"alpha"}))
    project.index.unsettle(["alpha"])
    assert Neighbourhood(project).without("x").sharing(SHARED.format("delta")) == 1
    # but not where something has changed that everything depends on: targets may be others
    defaults = tmp_path / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text() + "\n# another ingredient of everything\n")
    project = Project(tmp_path, {}, {}, LATER)
    catalog.load(project, slugs=frozenset({"alpha"}))
    assert project.index.still(project.key) == {}


def test_a_sketchbook_that_is_deleted_is_made_again(tmp_path: Path) -> None:
    published(tmp_path, "alpha", "beta")
    catalog.load(Project(tmp_path, {}, {}, LATER))
    for _ in range(2):
        for file in (tmp_path / ".nightpress").glob("neighbours.db*"):
            file.unlink()
        project = Project(tmp_path, {}, {}, LATER)
        around = Neighbourhood(project)
        around.without("x")
        assert set(project.index.still(project.key)) == {"alpha", "beta"}
        assert list(around._book.known("alpha")) == [target("alpha")]


def test_documents_of_a_plugin_whose_manifest_is_gone_do_not_count(project: Project) -> None:
    assert Neighbourhood(project).without("x").sharing(SHARED.format("delta")) == 3
    (project.root / "manifests" / "beta.yaml").unlink()
    assert Neighbourhood(project).without("x").sharing(SHARED.format("delta")) == 2


def test_a_manifest_that_names_another_target_is_believed(project: Project) -> None:
    catalog.load(project)
    Neighbourhood(project).without("x")
    path = project.root / "manifests" / "beta.yaml"
    path.write_text(path.read_text().replace("skills/beta/SKILL.md", "skills/beta/OTHER.md"))
    again = Project(project.root, {}, {}, LATER)
    catalog.load(again)
    assert Neighbourhood(again).without("x").sharing(SHARED.format("delta")) == 2


def test_a_manifest_that_is_added_is_seen_in_the_same_process(project: Project) -> None:
    assert project.slugs() == ["alpha", "beta", "gamma"]
    (project.manifests / "delta.yaml").write_text("name: delta\n")
    assert project.slugs() == ["alpha", "beta", "delta", "gamma"]
