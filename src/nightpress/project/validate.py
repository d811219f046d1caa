"""`doit validate`: every problem of every file, and what only shows across files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.errors import UnsafePath, UsageError
from nightpress.ledger import lockfile
from nightpress.model import Anatomy, Generator, Manifest
from nightpress.plugin import anatomy, sources
from nightpress.project import crash, discover, foregone, paths
from nightpress.project import generators as found_generators
from nightpress.project import manifests as one
from nightpress.project.defaults import FILE, Defaults, load_defaults
from nightpress.project.generators import load_generator
from nightpress.project.manifests import load_manifest
from nightpress.project.problems import Problem
from nightpress.project.project import no_manifests
from nightpress.storage import obstacle, tree
from nightpress.text import suggestion

NOT_LOADED = "fix it: Claude Code does not load the plugin, and no document is made from the rest"

Named = tuple[Manifest, str, str]
"""A manifest, one of its enhancements by name, and that one's target."""


class Declared(Struct):
    """What a project declares, as far as it can be read, and every problem of its single files."""

    defaults: Defaults
    problems: list[Problem]
    generators: dict[str, Generator] = field(default_factory=dict)
    manifests: list[Manifest] = field(default_factory=list)


def validate(root: Path) -> list[Problem]:
    """Every problem of the project in `root`, sorted by file and line. UsageError where there is
    no manifests/ folder."""
    if not (root / "manifests").is_dir():
        raise no_manifests()
    found = _declared(root)
    problems = found.problems
    problems += _needs(found.generators, found_generators.types(root))
    problems += _beforehand(root, found)
    problems += _marketplace(found.defaults)
    problems += _shared_plugins(root, found.manifests)
    problems += _shared_targets(root, found.manifests)
    problems += _shared_skills(found.manifests, found.generators)
    return _sorted(problems)


def beforehand(root: Path) -> list[Problem]:
    """What of the project's documents would surely be refused, whoever writes them, and what
    cannot be read of it."""
    found = _declared(root)
    errors = (problem for problem in found.problems if problem.severity == "error")
    return _sorted([*errors, *_beforehand(root, found)])


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(set(problems), key=lambda p: (p.file, p.line, p.column, p.path, p.message))


def _declared(root: Path) -> Declared:
    defaults, problems = load_defaults(root)
    found = Declared(defaults, [*problems, *of_defaults(defaults)])
    broken = set()
    for kind, folder in found_generators.folders(root).items():
        generator, more = load_generator(folder)
        found.problems += more
        if generator is None:
            broken.add(one.broken(kind))
        else:
            found.generators[kind] = generator
    for path in _files(root / "manifests"):
        shown = f"manifests/{path.name}"
        try:
            manifest, more = load_manifest(path, defaults)
            if manifest is not None:
                more = [*more, *of_plugin_json(root, manifest.path)]
        except Exception as error:  # noqa: BLE001 - the boundary of one manifest
            manifest, more = None, [Problem(shown, 0, 0, "", crash.kept(root, shown, error))]
        # a generator's problems were told once; not again for each plugin that uses it
        found.problems += [problem for problem in more if problem.message not in broken]
        if manifest is not None:
            found.manifests.append(manifest)
    return found


def _files(folder: Path) -> list[Path]:
    """Where manifests are, or (`x.yml`) should be: load_manifest says so of those."""
    names = (path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
    return sorted({p.with_suffix(".yaml") for p in names if not p.name.startswith(("_", "."))})


def of_defaults(defaults: Defaults) -> Iterator[Problem]:
    """What is wrong with the folder that they name."""
    marketplace = str(defaults.values.get("marketplace", "."))
    if link := paths.link_on_the_way(defaults.root, marketplace):
        yield Problem(FILE, 0, 0, "marketplace", f"{link!r} is a link", "links are not followed")
    elif not (defaults.root / marketplace).is_dir():
        yield Problem(FILE, 0, 0, "marketplace", f"there is no folder {marketplace!r}")
    types = found_generators.types(defaults.root)
    for kind in defaults.values.get("enhancements", ()):
        if kind not in types:
            hint = suggestion(kind, types) or f"known: {', '.join(types)}"
            yield Problem(FILE, 0, 0, "enhancements", f"unknown generator {kind!r}", hint)


def _marketplace(defaults: Defaults) -> Iterator[Problem]:
    where = paths.clean(str(defaults.values.get("marketplace", ".")))
    return discover.listing_problems(defaults.root, where)


def _needs(generators: Mapping[str, Generator], types: list[str]) -> Iterator[Problem]:
    """Unknown types in `needs`, and cycles."""
    graph = {}
    for kind, generator in generators.items():
        shown = f"generators/{kind}/generator.yaml"
        for need in generator.needs:
            if need not in types:
                hint = suggestion(need, types) or f"known: {', '.join(types)}"
                yield Problem(shown, 0, 0, "needs", f"unknown generator {need!r}", hint)
        graph[kind] = [need for need in generator.needs if need in types]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        way = list(reversed(error.args[1]))
        shown = f"generators/{way[0]}/generator.yaml"
        message = f"a cycle: {' needs '.join(way)}"
        yield Problem(shown, 0, 0, "needs", message, "one of them must be removed")


def _named(manifests: Iterable[Manifest]) -> Iterator[Named]:
    for manifest in manifests:
        for enhancement in manifest.enhancements:
            yield manifest, enhancement.name, enhancement.target


def _beforehand(root: Path, found: Declared) -> Iterator[Problem]:
    """What would surely be refused: an error where nothing stands, or a document of ours; else a
    warning, since what stands there may stay."""
    if (always := obstacle.of_project(root)) is not None:
        message = f"no document can be recorded: it {always.what}"
        yield Problem(always.where(), 0, 0, "", message, always.hint(), "warning")
    for generator in found.generators.values():
        yield from foregone.of_generator(root, generator)
    for manifest in found.manifests:
        for enhancement in manifest.enhancements:
            if (kind := enhancement.generator) in found.generators:
                values, generator = found.defaults.values, found.generators[kind]
                place = foregone.Place(root, values, manifest, enhancement, generator)
                yield from _of_place(place)


def _of_place(place: foregone.Place) -> Iterator[Problem]:
    if (wrong := foregone.at_target(place)) is not None:
        yield replace(wrong, severity="warning")
        return
    enhancement, root = place.enhancement, place.plugin
    stands = (root / enhancement.target).exists()
    ours = _is_ours(place) if stands else False
    if not root.is_dir() or (stands and not ours and enhancement.standing == "keep"):
        return  # nothing is made there
    try:
        text = tree.read(root, enhancement.target, sources.STANDING_CAP) if stands else b""
    except (OSError, UnsafePath):
        return  # at_target tells of what is no file; of the rest the plan tells
    place = replace(
        place, standing=text.decode("utf-8", "replace"), ours=ours,
        extends=stands and not ours and enhancement.standing == "extend",
        afresh=enhancement.starts_afresh,
    )  # fmt: skip
    named = sources.anatomy_of(root, sources.read(root, anatomy.PLUGIN_JSON))
    for problem in foregone.of_document(place, named, lambda: _whole(root)):
        yield replace(problem, severity="error" if ours or not stands else "warning")


def _is_ours(place: foregone.Place) -> bool:
    """Did we publish what stands there, as the lock file has it? One that is damaged is told of by
    whoever uses it."""
    job = f"{place.manifest.slug}/{place.enhancement.name}"
    try:
        entry = lockfile.read(place.root / "nightpress.lock").get(job)
        data = tree.read(place.plugin, place.enhancement.target, sources.STANDING_CAP)
    except (UsageError, UnsafePath, OSError):
        return False
    return entry is not None and entry.sha256 == fingerprint.sha256(data) and not entry.extends


def _whole(root: Path) -> Anatomy:
    files = (entry.path for entry in tree.walk(root).files if entry.kind == "file")
    return sources.anatomy_of(root, sources.read(root, files))


def _shared_plugins(root: Path, manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """Two manifests of one plugin: each would take the other's documents for the user's."""
    seen: dict[tuple[int, int, str], str] = {}
    for manifest in manifests:
        other = seen.setdefault(paths.place(root, manifest.path), manifest.file)
        if other != manifest.file:
            yield shared_plugin(manifest, other)


def shared_plugin(manifest: Manifest, other: str) -> Problem:
    """The plugin of a manifest is that of another manifest's file, too."""
    message = f"{manifest.path!r} is the plugin of {other}, too"
    hint = "put all enhancements of a plugin into one manifest"
    return Problem(manifest.file, 0, 0, "plugin", message, hint)


def _shared_targets(root: Path, manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """One file that two manifests would write (one plugin may lie within the other)."""
    seen: dict[tuple[int, int, str], str] = {}
    for manifest, name, target in _named(manifests):
        path = target if manifest.path == "." else f"{manifest.path}/{target}"
        other = seen.setdefault(paths.place(root, path), manifest.file)
        if other != manifest.file:
            message = f"{path!r} is a target of {other}, too"
            yield Problem(manifest.file, 0, 0, f"enhancements.{name}.target", message)


def _shared_skills(
    manifests: Iterable[Manifest], generators: Mapping[str, Generator]
) -> Iterator[Problem]:
    """One skill name in several plugins: a user who installs both sees one of them."""
    users: dict[str, dict[str, None]] = {}
    kinds = {m.file: {e.name: e.generator for e in m.enhancements} for m in manifests}
    for manifest, name, target in _named(manifests):
        generator = generators.get(kinds[manifest.file][name])
        if generator is not None and generator.frontmatter == "skill":
            users.setdefault(PurePosixPath(target).parent.name, {})[manifest.file] = None
    for skill, files in users.items():
        if len(files) > 1:
            few = ", ".join(list(files)[:3]) + (", ..." if len(files) > 3 else "")
            message = f"the skill name {skill!r} is used by {len(files)} plugins ({few})"
            hint = "give each skill folder a name of its own: nightpress init --rename-generic"
            yield Problem(next(iter(files)), 0, 0, "", message, hint, "warning")


def of_plugin_json(root: Path, plugin: str) -> Iterator[Problem]:
    """What is wrong with the plugin.json that counts, if one is there: Claude Code would not load
    the plugin. plugin: the folder, relative to root."""
    prefix = "" if plugin == "." else f"{plugin}/"
    for path in anatomy.PLUGIN_JSON:
        try:
            data = tree.read(root, prefix + path, sources.FILE_CAP)
        except FileNotFoundError:
            continue
        except (OSError, UnsafePath):
            return  # a link, a special file or too large a one: the walk tells of it
        text = (sources.text_of(data) or "").removeprefix("\ufeff")
        if wrong := anatomy.wrong_json(text):
            line, column, message = wrong
            yield Problem(prefix + path, line, column, "", message, NOT_LOADED)
        return
