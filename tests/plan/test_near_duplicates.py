"""Documents that share paragraphs are found among all that stand, and remembered between runs."""

from __future__ import annotations

import random
from array import array
from pathlib import Path
from types import SimpleNamespace

import pytest

from nightpress.clock import FastClock
from nightpress.plan import catalog, near_duplicates
from nightpress.plan.near_duplicates import NearDuplicates
from nightpress.project.project import Project
from nightpress.storage import tree
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


def sharing(around: NearDuplicates, paragraph: str, plugin: str) -> int:
    """How many documents of other plugins hold a near-duplicate of the paragraph."""
    return around.beside(paragraph, plugin, ours=True).sharing(paragraph)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that are read, in order."""
    paths: list[str] = []

    def read(root: Path, path: str, cap: int) -> bytes:
        paths.append(path)
        return tree.read(root, path, cap)

    monkeypatch.setattr(near_duplicates, "tree", SimpleNamespace(read=read))
    return paths


def target(name: str) -> str:
    return f"plugins/{name}/skills/{name}/SKILL.md"


def test_a_near_duplicate_is_found_in_each_other_document(project: Project) -> None:
    around = NearDuplicates(project)
    assert sharing(around, SHARED.format("delta"), "plugins/new") == 3
    assert sharing(around, SHARED.format("beta"), "plugins/beta") == 2
    assert sharing(around, prose("quite another", 300), "plugins/beta") == 0


def test_a_second_run_reads_only_what_changed(project: Project, reads: list[str]) -> None:
    catalog.load(project)  # the index knows the hashes of what stands
    sharing(NearDuplicates(project), "", "x")
    assert sorted(reads) == [target(name) for name in ("alpha", "beta", "gamma")]
    (project.root / target("alpha")).write_text("# alpha\n\nNothing in common any more.\n")
    (project.root / target("gamma")).unlink()
    reads.clear()
    again = NearDuplicates(project)
    assert sharing(again, SHARED.format("delta"), "x") == 1
    assert reads == [target("alpha"), target("gamma")]  # of which the second is not there


def test_what_is_published_meanwhile_counts_at_once(project: Project) -> None:
    of_alpha = (project.root / "manifests" / "alpha.yaml").read_text()
    (project.root / "manifests" / "delta.yaml").write_text(of_alpha.replace("alpha", "delta"))
    around = NearDuplicates(project)
    assert sharing(around, SHARED.format("delta"), "x") == 3
    around.add("plugins/delta/SKILL.md", SHARED.format("delta").encode())
    assert sharing(around, SHARED.format("delta"), "x") == 4
    around.add(target("alpha"), b"# alpha\n\nShort.\n")
    assert sharing(around, SHARED.format("delta"), "x") == 3
    assert sharing(NearDuplicates(project), SHARED.format("delta"), "x") == 3


def test_documents_of_one_plugin_may_share(project: Project) -> None:
    around = NearDuplicates(project)
    for number in range(4):
        around.add(f"plugins/delta/skills/{number}/SKILL.md", SHARED.format("delta").encode())
    assert sharing(around, SHARED.format("delta"), "plugins/delta") == 3
    assert sharing(around, SHARED.format("delta"), "plugins/delta-2") == 7


def test_documents_that_have_not_moved_are_not_read(tmp_path: Path, reads: list[str]) -> None:
    published(tmp_path, "alpha", "beta")
    catalog.load(Project(tmp_path, {}, {}, LATER))  # settles them: they need nothing
    project = Project(tmp_path, {}, {}, LATER)
    catalog.load(project)
    assert set(project.index.still(project.key)) == {"alpha", "beta"}
    sharing(NearDuplicates(project), "", "x")
    assert reads == []  # what was published is known by then
    Path(tmp_path, target("beta")).write_text(f"# beta\n\n{SHARED.format('beta')}\n")
    assert sharing(NearDuplicates(project), SHARED.format("delta"), "x") == 1
    assert reads == [target("beta")]


def test_a_document_that_is_no_normal_text_is_read_once_too(
    project: Project, reads: list[str]
) -> None:
    """The index knows the digest of its content, and beside it that of its bytes."""
    path = project.root / target("beta")
    path.write_bytes(path.read_bytes().replace(b"\n", b"  \r\n"))
    catalog.load(project)
    found = sharing(NearDuplicates(project), SHARED.format("delta"), "x")
    assert found == 3 and target("beta") in reads
    reads.clear()
    again = Project(project.root, {}, {}, LATER)
    assert sharing(NearDuplicates(again), SHARED.format("delta"), "x") == 3
    assert reads == []


def test_a_run_of_one_plugin_relies_on_the_index_too(tmp_path: Path, reads: list[str]) -> None:
    published(tmp_path, "alpha", "beta")
    catalog.load(Project(tmp_path, {}, {}, LATER))
    Path(tmp_path, target("alpha")).write_text(f"# alpha\n\n{SHARED.format('alpha')}\n")
    project = Project(tmp_path, {}, {}, LATER)
    catalog.load(project, slugs=frozenset({"alpha"}))
    project.index.invalidate(["alpha"])
    assert sharing(NearDuplicates(project), SHARED.format("delta"), "x") == 1
    assert reads == [target("alpha")]
    # but not where something has changed that everything depends on: targets may be others
    defaults = tmp_path / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text() + "\n# another ingredient of everything\n")
    project = Project(tmp_path, {}, {}, LATER)
    catalog.load(project, slugs=frozenset({"alpha"}))
    assert project.index.still(project.key) == {}


def test_sketches_that_are_lost_are_made_again(tmp_path: Path, reads: list[str]) -> None:
    published(tmp_path, "alpha", "beta")
    catalog.load(Project(tmp_path, {}, {}, LATER))
    project = Project(tmp_path, {}, {}, LATER)
    project.index.keep_sketches([], gone=[target("alpha")])
    for known in ([target("alpha")], []):
        reads.clear()
        sharing(NearDuplicates(Project(tmp_path, {}, {}, LATER)), "", "x")
        assert reads == known


def test_documents_of_a_plugin_whose_manifest_is_gone_do_not_count(project: Project) -> None:
    assert sharing(NearDuplicates(project), SHARED.format("delta"), "x") == 3
    (project.root / "manifests" / "beta.yaml").unlink()
    assert sharing(NearDuplicates(project), SHARED.format("delta"), "x") == 2


def test_a_manifest_that_names_another_target_is_believed(project: Project) -> None:
    catalog.load(project)
    sharing(NearDuplicates(project), "", "x")
    path = project.root / "manifests" / "beta.yaml"
    path.write_text(path.read_text().replace("skills/beta/SKILL.md", "skills/beta/OTHER.md"))
    again = Project(project.root, {}, {}, LATER)
    catalog.load(again)
    assert sharing(NearDuplicates(again), SHARED.format("delta"), "x") == 2


@pytest.mark.parametrize("seed", range(3))
def test_whoever_has_a_band_is_found(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "LATE", 3)
    rng, found = random.Random(seed), near_duplicates._Found()
    held: dict[str, set[int]] = {}
    edges = (0, 1, 2**31, 2**32 - 1)
    for _ in range(300):
        name = f"document-{rng.randrange(120)}"  # some are made again
        held[name] = {rng.choice((*edges, rng.randrange(500))) for _ in range(rng.randrange(6))}
        found.add(name, array("q", held[name]))
        wanted = {rng.choice((*edges, rng.randrange(500))) for _ in range(3)}
        assert {n for n, bands in held.items() if bands & wanted} <= found.having(wanted)
    assert len(found.having(edges)) < len(held)


def test_a_manifest_that_is_added_is_seen_in_the_same_process(project: Project) -> None:
    assert project.slugs() == ["alpha", "beta", "gamma"]
    (project.manifests / "delta.yaml").write_text("name: delta\n")
    assert project.slugs() == ["alpha", "beta", "delta", "gamma"]
