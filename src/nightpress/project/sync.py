"""Manifests kept in step with the plugins that there are.

A manifest that is there keeps its comments, its order and its name; one that is missing is written;
one whose plugin is gone is reported.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct, field

from nightpress import project
from nightpress.errors import UnsafePath, UsageError, known
from nightpress.ledger import lockfile
from nightpress.model import Status
from nightpress.plugin import names as slugs
from nightpress.project import Defaults, bundles, crash, discover, generators, paths, yaml_write
from nightpress.project.discover import FoundPlugin
from nightpress.project.former import Former
from nightpress.project.mass_produced import Candidate, mass_produced
from nightpress.project.proposals import GENERIC, SKILL, bare_name, is_odd, proposed
from nightpress.project.yaml_write import Proposal
from nightpress.storage import atomic, tree
from nightpress.text import safe, suggestion

_SHOWN = 12

REFERENCES = "references"


class SyncResult(Struct):
    """What was written, and what the user should know.

    known: plugins whose manifest was there; gone: manifests whose plugin is not; moved: those
    whose plugin was found in another folder; existing,
    replaced, published: skills that stand there, those of them that one template has made in many
    plugins, and those that nightpress has published; standing: what may happen to the others.
    """

    plugins: int = 0
    written: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    known: int = 0
    gone: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    existing: int = 0
    replaced: int = 0
    published: int = 0
    standing: str = "keep"
    generic: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    next_step: str = ""

    def lines(self) -> Iterator[str]:
        """For people: one line each, safe for a terminal."""
        return map(safe, self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{_some(self.plugins, 'plugin')} found"
        manifests = [p for p in self.written if p.startswith("manifests/") and "/_" not in p]
        yield from (f"wrote {p}" for p in self.written if p not in manifests)
        if len(manifests) <= _SHOWN:
            yield from (f"wrote {path}" for path in manifests)
        else:
            yield f"wrote {len(manifests)} manifests in manifests/"
        yield from (f"added {what}" for what in self.added)
        yield from (f"changed {what}" for what in self.moved)
        if self.known:
            yield f"{_some(self.known, 'existing manifest')} left as found"
        for path in self.gone:
            yield f"{path}: its plugin is gone (remove the manifest, or bring the plugin back)"
        yield from (f"notice: {notice}" for notice in self.notices)
        for name, count in self.generic.most_common():
            yield (
                f"warning: {_some(count, 'skill folder')} called {name!r}: of skills of one name a"
                " user sees just one; --rename-generic proposes skills/PLUGIN/ instead"
                f"{self._first}"
            )
        if self.odd:
            few = ", ".join(self.odd[:3]) + (", ..." if len(self.odd) > 3 else "")
            odd = _some(len(self.odd), "skill folder")
            yield (
                f"warning: {odd} against the naming rule (a-z, 0-9, single hyphens), where no"
                f" skill can pass: {few}; --rename-generic proposes others{self._first}"
            )
        if self.replaced:
            yield (
                f"{_some(self.replaced, 'existing skill')} that one template has made in many"
                " plugins: the manifests say `standing: replace`, so they will be made again"
            )
        if self.published:
            yield f"{_some(self.published, 'existing skill')} published by nightpress"
        if kept := self.existing - self.replaced - self.published:
            yield f"{_some(kept, 'existing skill')} {_STANDING[self.standing]}"
        if self.next_step:
            yield self.next_step

    @property
    def _first(self) -> str:
        """What is to be done before that has an effect."""
        return " (delete their manifests first: what is declared stays)" if self.known else ""


_STANDING = {
    "keep": "left as found (standing: keep)",
    "review": "left as found, those too small with a draft beside (standing: review)",
    "extend": "left as found, those too small extended without a loss (standing: extend)",
    "replace": "left as found, those too small made again (standing: replace)",
}


def write_new(root: Path, path: str, text: str, result: SyncResult) -> None:
    """A new file; one that is there, a dangling link included, stays as it is."""
    target = root / path
    if not os.path.lexists(target):
        replace(target, path, text.encode("utf-8"))
        result.written.append(path)


def replace(target: Path, shown: str, data: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        atomic.write(target, data, mode)
    except OSError as error:
        told = known(error)
        hint = told.hint if told is not None else ""
        raise UsageError(f"{shown} cannot be written: {error.strerror}", hint) from error


class Sync:
    """One look at the marketplace, and the manifests that it asks for."""

    def __init__(
        self, root: Path, schema: str, done: SyncResult, *, rename: bool, add: Sequence[str]
    ) -> None:
        self.root = root
        self.rename = rename
        self.add = add
        self.done = done
        self.defaults, self.marketplace = settings(root)
        self.schema = schema
        self.lock = lockfile.read(root / lockfile.NAME)
        self.undeclared: list[str] = []
        self.replaced: frozenset[tuple[str, str]] = frozenset()
        self.published: set[str] = set()
        self.manifests = {
            path.stem: project.peek(path)
            for path in sorted((root / "manifests").glob("*.yaml"))
            if not path.name.startswith(("_", "."))
        }

    def _proposed(self) -> list[str]:
        return list(self.defaults.values.get("enhancements", ["skill"]))

    def run(self) -> None:
        base = self.root / self.marketplace
        ignore = tuple(self.defaults.values.get("ignore", ()))
        discovery = discover.discover(base, ignore, crash.keeper(self.root))
        self.done.notices += discovery.notices
        self.done.plugins = len(discovery.plugins)
        self.replaced = self._replaced(base, discovery.plugins)
        lock = self.lock.values()
        self.published = {one.target for one in lock if one.status == Status.PUBLISHED}
        self.done.standing = str(self.defaults.values.get("standing", "keep"))
        by_path = dict(self._known())
        gone = {path: by_path[path] for path in by_path if not (self.root / path).is_dir()}
        former = Former(self.root, self.lock, gone, self.manifests)
        prefix = "" if self.marketplace == "." else f"{self.marketplace}/"
        for plugin in discovery.plugins:
            path = prefix + plugin.path if plugin.path != "." else self.marketplace
            slug = by_path.pop(path, None)
            try:
                if slug is None and (before := former.of(plugin, path)) is not None:
                    slug = former.gone.pop(before)
                    self._follow(slug, before, path)
                self._count(plugin, self.rename and slug is None)
                if slug is not None:
                    self._keep(plugin, slug)
                else:
                    self._new(plugin, path)
            except Exception as error:  # noqa: BLE001 - the boundary of one plugin
                self.done.notices.append(f"{path}: {crash.kept(self.root, path, error)}")
        if self.undeclared:
            few = ", ".join(self.undeclared[:5]) + (", ..." if len(self.undeclared) > 5 else "")
            count = _some(len(self.undeclared), "existing skill")
            self.done.notices.append(f"{count} in no manifest: {few}")
        self.done.gone = sorted(f"manifests/{slug}.yaml" for slug in former.gone.values())

    def _follow(self, slug: str, before: str, path: str) -> None:
        """The manifest of a plugin whose folder was moved names the new one."""
        shown = f"manifests/{slug}.yaml"
        file = self.root / shown
        text = yaml_write.moved(file.read_bytes().decode("utf-8-sig"), path)
        if text is None:
            self.done.notices.append(f"{shown}: plugin must be changed by hand to {path}")
            return
        replace(file, shown, text.encode("utf-8"))
        self.published |= {e.target.replace(before, path, 1) for e in self.lock.of(slug)}
        self.done.moved.append(f"{shown}: its plugin is {path} now")

    def _replaced(self, base: Path, plugins: Iterable[FoundPlugin]) -> frozenset[tuple[str, str]]:
        """(plugin's path, target) of the skills that stand there and that one template has made
        in many plugins."""
        documents = []
        for plugin in plugins:
            for folder, _ in plugin.skills:
                target = f"{folder}/SKILL.md"
                try:
                    data = tree.read(base / plugin.path, target, self.defaults.size.max * 4)
                except (OSError, UnsafePath):
                    continue  # what cannot be read is nobody's to replace; gather tells of it
                text = data.decode("utf-8", "replace")
                documents.append(Candidate(plugin.path, target, text))
        return frozenset((one.plugin, one.path) for one in mass_produced(documents))

    def _known(self) -> Iterator[tuple[str, str]]:
        for slug, values in self.manifests.items():
            if values is not None and isinstance(values.get("plugin"), str):
                yield paths.clean(values["plugin"]), slug

    def _count(self, plugin: FoundPlugin, renamed: bool) -> None:
        """What the user should know of the skills that stand there; renamed: their generic and
        odd folders are not proposed, so they stay as they are."""
        for folder, _ in plugin.skills:
            name = folder.rpartition("/")[2]
            if renamed and (name in GENERIC or is_odd(name)):
                continue
            self.done.existing += 1
            if f"{self._prefix(plugin)}{folder}/SKILL.md" in self.published:
                self.done.published += 1
            elif (plugin.path, f"{folder}/SKILL.md") in self.replaced:
                self.done.replaced += 1
            if name in GENERIC:
                self.done.generic[name] += 1
            elif is_odd(name):
                self.done.odd.append(f"{plugin.path}/{folder}")

    def _new(self, plugin: FoundPlugin, path: str) -> None:
        """The manifest of a plugin that has none; its slug stays whatever happens later."""
        result = self.done
        if wrong := paths.unsafe(path, "the project") or unwritable(path):
            result.notices.append(f"{path!r} {wrong}: skipped")
            return
        parts = path.split("/")
        names = [plugin.name, parts[-1], "-".join(parts[-2:])]
        slug = slugs.unique(names, self.manifests)
        broken = [s for n in names if self.manifests.get(s := slugs.slug(n), {}) is None]
        if broken:
            result.notices.append(
                f"manifests/{broken[0]}.yaml cannot be read, and may be the one of {path}: mend"
                " it first (doit validate says where)"
            )
            return
        wanted = dict.fromkeys([*self._proposed(), *self.add])
        theirs = {(plugin.path, f"{folder}/SKILL.md") for folder, _ in plugin.skills}
        is_new = not plugin.root_skill and theirs <= self.replaced  # none is a person's
        if SKILL in wanted and is_new and bundles.is_pack(self.root / path):
            wanted[REFERENCES] = None
        proposals = list(self._proposals(plugin, slug, wanted))
        fields = {"name": plugin.name[:500], "plugin": path}
        if plugin.category:
            fields["category"] = plugin.category[:200]
        if plugin.description:
            fields["description"] = plugin.description[:4_000]
        replaced = {target for path, target in self.replaced if path == plugin.path}
        text = yaml_write.manifest(self.schema, fields, proposals, replaced=replaced)
        write_new(self.root, f"manifests/{slug}.yaml", text, result)
        self.manifests[slug] = dict(fields)

    def _keep(self, plugin: FoundPlugin, slug: str) -> None:
        """Leave an existing manifest as it is, but for what the user asked to be added."""
        self.done.known += 1
        given = (self.manifests[slug] or {}).get("enhancements")
        declared = given if isinstance(given, dict) else {}
        values = [value for value in declared.values() if isinstance(value, dict)]
        kinds = {str(value.get("generator")) for value in values}
        targets = {str(value.get("target")) for value in values}
        for folder, _ in plugin.skills:
            name = folder.rpartition("/")[2]
            if f"{folder}/SKILL.md" not in targets and name not in GENERIC and not is_odd(name):
                self.undeclared.append(f"{plugin.path}/{folder}")
        wanted = [kind for kind in self.add if kind not in kinds or kind == SKILL]
        if SKILL in kinds and not plugin.skills:
            wanted = [kind for kind in wanted if kind != SKILL]
        every = self._proposals(plugin, slug, wanted, taken=declared)
        proposals = [proposal for proposal in every if proposal[2] not in targets]
        if proposals:
            self._added(slug, proposals)

    def _added(self, slug: str, proposals: list[Proposal]) -> None:
        shown = f"manifests/{slug}.yaml"
        path = self.root / shown
        text = yaml_write.added(path.read_bytes().decode("utf-8-sig"), proposals)
        names = ", ".join(name for name, _, _ in proposals)
        if text is None:
            self.done.notices.append(f"{shown}: {names} must be added by hand")
            return
        replace(path, shown, text.encode("utf-8"))
        self.done.added.append(f"{names} to {shown}")

    def _linked(self, plugin: FoundPlugin) -> None:
        """Tell of skills that are links, or lie behind one: they are documented where they are."""
        linked = [p for p in plugin.links if p.startswith("skills/") and p.count("/") <= 2]
        linked = [p for p in linked if p.count("/") == 1 or p.endswith("/SKILL.md")]
        if linked:
            named = ", ".join(linked[:3]) + (", ..." if len(linked) > 3 else "")
            what = "is a link: it is" if len(linked) == 1 else "are links: they are"
            left = "left alone, and documented where it leads, if a plugin has it there"
            self.done.notices.append(f"{plugin.path}: {named} {what} {left}")

    def _proposals(
        self, plugin: FoundPlugin, slug: str, kinds: Iterable[str], taken: Container[str] = ()
    ) -> Iterator[Proposal]:
        if plugin.root_skill and not plugin.skills:
            # the plugin is one skill: a second one beside it would change what it is
            kinds = [kind for kind in kinds if kind != SKILL]
            self.done.notices.append(f"{plugin.path}: its SKILL.md at the root is left alone")
        self._linked(plugin)
        folders = self._without_twins(plugin, [folder for folder, _ in plugin.skills])
        targets = {kind: self._target(kind) for kind in kinds}
        own = slugs.skill_name(slug)
        told: set[str] = set()
        for proposal in proposed(folders, own, targets, rename=self.rename, taken=taken):
            target = proposal[2]
            link = next((one for one in plugin.links if target.startswith(f"{one}/")), None)
            if link is not None:
                if link not in told:
                    what = "is a link: no document is written through it"
                    self.done.notices.append(f"{plugin.path}/{link} {what}")
                    told.add(link)
            elif wrong := paths.unsafe(target, "the plugin's folder") or paths.unfit(target):
                self.done.notices.append(f"{plugin.path}: {target!r} {wrong}: skipped")
            elif found := paths.taken(self.root / self.marketplace / plugin.path, target):
                prefix = self._prefix(plugin)
                what = f"{found.what}: no document is made there ({found.hint(prefix)})"
                self.done.notices.append(f"{prefix}{found.path} {what}")
            else:
                yield proposal

    def _prefix(self, plugin: FoundPlugin) -> str:
        """What goes before a path of the plugin, relative to the project."""
        parts = [part for part in (self.marketplace, plugin.path) if part != "."]
        return "".join(f"{part}/" for part in parts)

    def _without_twins(self, plugin: FoundPlugin, folders: Sequence[str]) -> list[str]:
        """The skill folders without those that many disks take for another one: that with a name
        that a skill may have stays."""
        chosen: dict[str, str] = {}
        prefix = self._prefix(plugin)
        for folder in sorted(folders, key=lambda folder: is_odd(bare_name(folder))):
            other = chosen.setdefault(paths.key(folder), folder)
            if other != folder:
                what = (
                    f"differs from {other!r} only in its letters' form: no document is made there"
                )
                move = f"git mv {shlex.quote(prefix + folder)} to another name"
                self.done.notices.append(f"{prefix}{folder} {what} ({move})")
        return [folder for folder in folders if folder in chosen.values()]

    def _target(self, kind: str) -> str:
        folder = generators.of_type(kind, self.root)
        generator = generators.loaded(folder) if folder is not None else None
        if generator is None:
            types = generators.types(self.root)
            raise UsageError(
                f"unknown generator {kind!r}",
                suggestion(kind, types) or f"known: {', '.join(types)}",
            )
        return generator.target


def settings(root: Path) -> tuple[Defaults, str]:
    """The defaults, and the marketplace's folder; UsageError with every problem."""
    defaults, problems = project.load_defaults(root)
    if errors := [str(problem) for problem in problems if problem.severity == "error"]:
        raise UsageError("\n".join(errors))
    marketplace = paths.clean(str(defaults.values.get("marketplace", ".")))
    if link := paths.link_on_the_way(root, marketplace):
        raise UsageError(f"marketplace: {link!r} is a link", project.FILE)
    if not (root / marketplace).is_dir():
        raise UsageError(f"marketplace: there is no folder {marketplace!r}", project.FILE)
    return defaults, marketplace


def unwritable(path: str) -> str:
    """Why no manifest can name a path; "" if one can."""
    if any("\ud800" <= character <= "\udfff" for character in path):
        return "is not UTF-8, so no manifest can name it"
    return "is longer than 1,000 characters" if len(path) > 1_000 else ""


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
