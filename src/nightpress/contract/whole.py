"""`doit validate`: every problem of every file, and what only shows across files."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from nightpress.contract.bundle import bundled
from nightpress.contract.defaults import load_defaults
from nightpress.contract.generators import load_generator
from nightpress.contract.manifests import known_generators, load_manifest
from nightpress.contract.problems import Problem, meant
from nightpress.model import Generator, Manifest


def validate(root: Path) -> list[Problem]:
    """Every problem of the project in `root`, sorted by file and line."""
    defaults, problems = load_defaults(root)
    problems = list(problems)
    generators: dict[str, Generator] = {}
    for folder in _folders(root):
        generator, found = load_generator(folder)
        problems += found
        if generator is not None:
            generators.setdefault(folder.name, generator)
    problems += _needs(generators, known_generators(root))
    manifests = []
    for path in sorted((root / "manifests").glob("[!_.]*.y*ml")):
        manifest, found = load_manifest(path, defaults)
        problems += found
        if manifest is not None:
            manifests.append(manifest)
    problems += _shared_targets(manifests)
    problems += _shared_skills(manifests, generators)
    return sorted(problems, key=lambda p: (p.file, p.line, p.column))


def _folders(root: Path) -> Iterator[Path]:
    for base in (root / "generators", bundled("generators")):
        yield from sorted(path.parent for path in base.glob("*/generator.yaml"))


def _needs(generators: dict[str, Generator], known: list[str]) -> Iterator[Problem]:
    """Unknown types in `needs`, and cycles."""
    graph = {}
    for kind, generator in generators.items():
        shown = f"generators/{kind}/generator.yaml"
        for need in generator.needs:
            if need not in known:
                said = f"unknown generator {need!r}"
                yield Problem(shown, 0, 0, "needs", said, meant(need, known))
        graph[kind] = [need for need in generator.needs if need in known]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        way = " -> ".join(error.args[1])
        yield Problem(f"generators/{error.args[1][0]}/generator.yaml", 0, 0, "needs",
                      f"a cycle: {way}", "one of them must go without the other")  # fmt: skip


def _shared_targets(manifests: list[Manifest]) -> Iterator[Problem]:
    """One file that two manifests would write."""
    seen: dict[str, str] = {}
    for manifest in manifests:
        for enhancement in manifest.enhancements:
            key = f"{manifest.path}/{enhancement.target}".casefold()
            if seen.get(key, manifest.file) != manifest.file:
                said = f"{manifest.path}/{enhancement.target} is a target of {seen[key]}, too"
                yield Problem(manifest.file, 0, 0, f"enhancements.{enhancement.name}.target", said)
            seen.setdefault(key, manifest.file)


def _shared_skills(
    manifests: list[Manifest], generators: dict[str, Generator]
) -> Iterator[Problem]:
    """One skill name in several plugins: a user who installs both sees one of them."""
    users: dict[str, list[str]] = {}
    for manifest in manifests:
        for enhancement in manifest.enhancements:
            generator = generators.get(enhancement.generator)
            if generator is not None and generator.frontmatter == "skill":
                name = PurePosixPath(enhancement.target).parent.name
                users.setdefault(name, []).append(manifest.file)
    for name, files in users.items():
        if len(files) > 1:
            said = (
                f"the skill name {name!r} is used by {len(files)} plugins ({', '.join(files[:3])}"
            )
            said += ", ...)" if len(files) > 3 else ")"
            hint = "give each skill folder a name of its own: nightpress init --rename-generic"
            yield Problem(files[0], 0, 0, "", said, hint, "warning")
