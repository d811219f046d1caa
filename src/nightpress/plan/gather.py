"""One plugin, gathered: its manifest, files, lock lines and ledger rows, read once into one value.

Everything here reads; nothing is called, written or published.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path

from msgspec.structs import replace

from nightpress import fingerprint
from nightpress import project as contract
from nightpress.errors import UnsafePath
from nightpress.lazy import pattern
from nightpress.model import Enhancement, Generator, Manifest
from nightpress.plan import bundle, content, decide
from nightpress.plan.appraise import Appraiser
from nightpress.plan.history import Absent, History
from nightpress.plan.kept_out import KeptOut
from nightpress.plan.staleness import is_ours
from nightpress.plan.standing import Publication, Standing
from nightpress.plan.state import PluginState, Target
from nightpress.plugin import EXACTLY, anatomy, sources
from nightpress.project import Project, crash, discover, paths, validate
from nightpress.storage import RACY_NS, Obstacle, git, obstacle, tree
from nightpress.storage import index as digests

__all__ = ["Gatherer"]

CAPS = tree.Caps()
MOST = 5
"""Notices of one plugin that are told, at most."""
_ENTERED = (
    "description", "keywords", "commands", "agents", "hooks", "mcpServers",
    "version", "author", "license",
)  # fmt: skip
"""What is taken of a plugin's entry in marketplace.json."""
_MADE = ("make", "insufficient", "hollow")
"""What is done with a document, or said of it, by all of its plugin."""


class Gatherer:
    """Gathers plugins of one project; the lock file and the asks are read once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._index = project.index
        ledger = project.ledger if project.has_ledger else None
        self.lock = project.lock()
        self._asked = ledger.asked() if ledger is not None else frozenset()
        self._appraiser = Appraiser(project)
        self._history = History(
            self.lock, ledger, project.index, project.slugs(),
            root=project.root, holds=project.holds_lost,
        )  # fmt: skip
        self._absent = Absent(project.state, ledger)
        self._git = git.Ignored(project.root)
        self._modules = git.Submodules()
        self._submodules = self._modules.below(project.root)
        self._is_sparse = git.is_sparse(project.root)
        self._kept_out = KeptOut(project)

    def gather(self, slug: str) -> PluginState:
        """Everything about one plugin, decided; a bad manifest is its problems, and no states. A
        bug that one of them sets off is a problem of that one."""
        return self.decided(self.opened(slug))

    def opened(self, slug: str) -> PluginState:
        """One plugin, read and not decided: what is dear to find out of it may come meanwhile."""
        return self._bounded(PluginState(slug), self._open)

    def decided(self, plugin: PluginState) -> PluginState:
        """An opened plugin, decided."""
        if plugin.is_open and (manifest := plugin.manifest) is not None:
            step = partial(self._in_its_files, manifest=manifest, step=self._decide)
            self._bounded(plugin, step)
        plugin.problems += _passed_over(plugin)
        return plugin

    def _bounded(self, plugin: PluginState, step: Callable[[PluginState], None]) -> PluginState:
        """The boundary of one plugin: a bug that it sets off is its own, and the others go on."""
        try:
            step(plugin)
        except Exception as error:  # noqa: BLE001
            plugin.is_open = False
            plugin.states.clear()
            path = f"manifests/{plugin.slug}.yaml"
            message = crash.kept(self.project.root, path, error)
            plugin.notices.clear()
            plugin.problems = [contract.Problem(path, 0, 0, "", message)]
        return plugin

    def _open(self, plugin: PluginState) -> None:
        path = self.project.manifests / f"{plugin.slug}.yaml"
        manifest, plugin.problems = contract.load_manifest(path, self.project.defaults, self._index)
        plugin.manifest = manifest
        if manifest is None or any(p.severity == "error" for p in plugin.problems):
            return
        plugin.name = manifest.name
        plugin.root = self.project.root / manifest.path
        if broken := [*validate.of_plugin_json(self.project.root, manifest.path)]:
            plugin.problems += broken
            return
        if not plugin.root.is_dir():  # a sparse checkout: its manifest's problems say so
            return
        plugin.secret_names = tuple(self.project.defaults.values.get("secret_names", ()))
        plugin.foreign = content.foreign(self.project, manifest.path)
        if self._is_unfetched(manifest.path):
            plugin.problems.append(_unfetched(manifest.path, "git submodule update --init"))
            return
        plugin.is_open = True
        self._in_its_files(plugin, manifest, self._look)

    def _in_its_files(
        self, plugin: PluginState, manifest: Manifest, step: Callable[[PluginState, Manifest], None]
    ) -> None:
        """What goes wrong with the plugin's files is a problem of the plugin."""
        try:
            step(plugin, manifest)
        except (OSError, UnsafePath) as error:
            plugin.is_open = False
            plugin.states.clear()
            plugin.problems.append(_trouble(manifest, error))

    def _look(self, plugin: PluginState, manifest: Manifest) -> None:
        """Read what the plugin has, and what is known of its documents."""
        self._read(plugin, manifest)
        plugin.secret_names = (*_called_by_a_secret(plugin), *plugin.secret_names)
        plugin.absent = self._away(manifest)
        if not any(path in plugin.files for path in anatomy.PLUGIN_JSON):
            self._entered(plugin, manifest)
        plugin.targets = self._targets(plugin, manifest)
        plugin.left_over = frozenset(
            one.target
            for one in bundle.left_over(manifest, self.lock.of(plugin.slug))
            if _digest_of(plugin, one.target) == one.sha256
        )

    def _decide(self, plugin: PluginState, manifest: Manifest) -> None:
        """What there is to do for its documents."""
        plugin.states = plugin.states or decide.decide(plugin, self._appraiser.complete)
        if kept_out := [*self._kept_out.of(plugin, self._in_the_way)]:
            if not self._is_writable:
                kept_out = [replace(one, severity="warning") for one in kept_out]
            plugin.problems += kept_out
            plugin.states = bundle.together(plugin.slug, plugin.states)
        self._unfetched(plugin, manifest)

    def _unfetched(self, plugin: PluginState, manifest: Manifest) -> None:
        """What git has and is not here: nothing is made, or said to be too little, from the rest
        alone."""
        pointers = [path for path in sorted(plugin.pointers) if anatomy.kind_of(path) != "data"]
        missing = dict.fromkeys(pointers[:1], "git lfs pull") | plugin.absent
        if not missing:
            return
        path, command = next(iter(missing.items()))
        problem = _unfetched(f"{manifest.path}/{path}", command)
        if any(s.work and s.decision.action in _MADE for s in plugin.states.values()):
            plugin.states.clear()
            plugin.problems.append(problem)
        else:
            warning = "is not fetched: no document can be made again"
            plugin.problems.append(replace(problem, message=warning, severity="warning"))

    def _away(self, manifest: Manifest) -> dict[str, str]:
        """path (relative to the plugin) -> the command that brings it, of its submodules and files
        that are not in this checkout."""
        prefix = "" if manifest.path == "." else f"{manifest.path}/"
        root = self.project.root
        inner = {f"{prefix}{path}" for path in self._modules.below(root / manifest.path)}
        modules = [
            path.removeprefix(prefix)
            for path in sorted(self._submodules | inner)
            if path.startswith(prefix) and not _holds_something(root / path)
        ]
        absent = dict.fromkeys(modules, "git submodule update --init --recursive")
        for path in git.left_out(root, manifest.path) if self._is_sparse else ():
            absent[path.removeprefix(prefix)] = f"git sparse-checkout add {posixpath.dirname(path)}"
        return absent

    def _is_unfetched(self, folder: str) -> bool:
        """Is the plugin in a submodule of which nothing is here?"""
        if _holds_something(self.project.root / folder):
            return False
        return any(folder == path or folder.startswith(f"{path}/") for path in self._submodules)

    @cached_property
    def _is_writable(self) -> bool:
        """May anything be written here? A checkout that may only be read is planned all the
        same."""
        return os.access(self.project.root, os.W_OK)

    @cached_property
    def _in_the_way(self) -> Obstacle | None:
        return obstacle.of_project(self.project.root)

    def _read(self, plugin: PluginState, manifest: Manifest) -> None:
        """Walk the plugin's folder; hash what the index does not know."""
        plugin.looked_ns = int(self.project.clock.time() * 1e9)
        walked = tree.walk(plugin.root, content.ignores(self.project, manifest), CAPS)
        if walked.cut:  # what git ignores counts for nothing, however much it is
            ignored = self._git.all_inside(manifest.path)
            walked = tree.walk(plugin.root, content.ignores(self.project, manifest, ignored), CAPS)
        if walked.cut:
            raise UnsafePath(
                f"more than {CAPS.files:,} entries: only a part of the plugin would be seen",
                "ignore what is no content: `ignore` in the manifest, or .gitignore",
            )
        plugin.notices = list(walked.notices)
        prefix = os.fsencode(manifest.path)
        targets = [enhancement.target for enhancement in manifest.enhancements]
        ignored = self._git.inside(manifest.path, [entry.path for entry in walked.files])
        entries = content.own(walked.files, plugin.foreign, ignored, targets)
        plugin.notices += sources.unused(entries, targets)
        inside = (prefix + b"/" + os.fsencode(entry.path) for entry in entries)
        plugin.names = (os.fsencode(manifest.file), prefix, *inside)
        plugin.signature = digests.sign(self._index.root, plugin.names)
        self._hash(plugin, prefix + b"/", entries)

    def _entered(self, plugin: PluginState, manifest: Manifest) -> None:
        """What marketplace.json says in the place of a plugin.json (`strict: false`)."""
        marketplace = paths.clean(str(self.project.defaults.values.get("marketplace", ".")))
        entry, path = discover.entry_of(self.project.root, marketplace, manifest.path)
        plugin.entry = {key: entry[key] for key in _ENTERED if key in entry}
        if path:
            plugin.names = (*plugin.names, os.fsencode(path))
            plugin.signature = digests.sign(self._index.root, plugin.names)

    def _hash(self, plugin: PluginState, prefix: bytes, entries: Sequence[tree.Entry]) -> None:
        hashes = self._index.hashes(prefix[:-1])
        fresh: dict[bytes, tuple[bytes, str]] = {}
        for entry in entries:
            if entry.kind == "link":
                sha256 = fingerprint.digest("link", entry.link_target or "")
                plugin.files[entry.path] = (0, sha256)
            if entry.kind != "file":
                continue
            key = prefix + os.fsencode(entry.path)
            stamp = entry.stamp.encode()
            before = hashes.get(key)
            if before is not None and before[0] == stamp:
                _keep(plugin, entry, before[1])
                continue
            found = _digests(plugin, entry)
            if hashes and (why := _cut_off(entry.path, before and before[1], found)):
                plugin.cut[entry.path] = why
            _keep(plugin, entry, found)
            if plugin.looked_ns - entry.changed_ns >= RACY_NS:
                fresh[key] = (stamp, found)
        if fresh:
            self._index.remember(fresh)

    def _targets(self, plugin: PluginState, manifest: Manifest) -> dict[str, Target]:
        project = self.project
        analysis, schema = project.generator("analysis"), project.schema("analysis")
        targets = {}
        for enhancement in manifest.enhancements:
            job = f"{plugin.slug}/{enhancement.name}"
            path = f"{manifest.path}/{enhancement.target}"
            size, held = plugin.files.get(enhancement.target, (0, None))
            sha256 = plugin.raw.get(enhancement.target, held)
            if held != sha256 and enhancement.target.endswith(".md"):
                held = sources.with_breaks(plugin.root, enhancement.target) or held
            publication, last, undone = self._history.of(job, path, sha256, held)
            generator = project.generator(enhancement.generator)
            publication = _as_seen(publication, generator)
            persons = sha256 is not None and not is_ours(Standing(sha256, size), publication)
            edited = publication is not None and publication.is_published  # of ours, by hand
            led = persons and enhancement.references
            text = _text(plugin, enhancement.target, sha256) if led else ""
            leads = bundle.leads(enhancement, text) if led else None
            if leads is not None and not edited and enhancement.standing != "replace":
                enhancement = bundle.leading(enhancement, leads)
            targets[enhancement.name] = Target(
                enhancement=enhancement,
                path=path,
                writer=project.writer(enhancement.settings),
                generator=generator,
                analysis=analysis,
                schema=schema,
                needs=_needs(manifest, enhancement, generator),
                standing=Standing(sha256, size),
                publication=publication,
                last=last,
                lost=self._absent.of(manifest.path, plugin.files, publication, last),
                asked=job in self._asked,
                forced=project.forces(plugin.slug, enhancement.name),
                named=bundle.is_named(project.named, job, manifest, undone),
                undone=undone,
                apart=self._apart(plugin, enhancement, sha256, publication),
                leads=leads,
            )
        return targets

    def _apart(
        self,
        plugin: PluginState,
        enhancement: Enhancement,
        sha256: str | None,
        known: Publication | None,
    ) -> frozenset[str]:
        """What of the plugin the document does not depend on: the other skills to which nothing in
        its own folder links. Of one that is known the links of the document itself are as they were
        when it was made: a text of ours may name other skills than the one before."""
        others = content.others(enhancement.target, plugin.files)
        if not others:
            return others
        beside = f"{enhancement.target.rpartition('/')[0]}/"
        own = {
            path: held
            for path, (_, held) in plugin.files.items()
            if path.startswith(beside) and path.endswith(".md") and path != enhancement.target
        }
        texts = [file.text for file in sources.read(plugin.root, own, plugin.secret_names).files]
        linked: Container[str] = ()
        if known is not None:
            before = content.linked(others, known.files or {})
            linked = before if known.linked is None else known.linked
        else:
            texts.append(_text(plugin, enhancement.target, sha256))
        return frozenset(
            folder
            for folder in others
            if folder not in linked and not any(content.links(text, folder) for text in texts)
        )


def _text(plugin: PluginState, target: str, sha256: str | None) -> str:
    """The file that stands at a target; "" where there is none, or none that may be read."""
    with suppress(UnsafePath):
        return sources.standing_text(plugin.root, target, sha256)
    return ""


def _as_seen(known: Publication | None, generator: Generator) -> Publication | None:
    """What is known of a publication, without files that an earlier version took for content."""
    if known is None or known.files is None:
        return known
    declared = generator.settings.get("inputs", ())
    files = {path: held for path, held in known.files.items() if content.seen(path, declared)}
    return replace(known, files=files)


def _digest_of(plugin: PluginState, path: str) -> str:
    """sha256 of a file's very bytes; "" where there is none."""
    return plugin.raw.get(path, plugin.files.get(path, (0, ""))[1])


def _needs(manifest: Manifest, enhancement: Enhancement, generator: Generator) -> tuple[str, ...]:
    """Names of the plugin's enhancements whose generator this one's generator needs, and of a
    skill's own references."""
    return tuple(
        other.name
        for other in manifest.enhancements
        if (other.generator in generator.needs or other.target in enhancement.references.values())
        and other.name != enhancement.name
    )


def _digests(plugin: PluginState, entry: tree.Entry) -> str:
    """The file's digest as content, that of its bytes, where it is another, and whether it is but
    a pointer to it; with blanks between."""
    if entry.size > digests.HASH_CAP:
        return fingerprint.digest("large", str(entry.size))
    try:
        data = tree.read(plugin.root, entry.path, digests.HASH_CAP)
    except (UnsafePath, OSError) as error:
        plugin.notices.append(tree.Notice(entry.path, f"not read: {error}"))
        return fingerprint.digest("unread", str(entry.size))
    held, raw = fingerprint.held(entry.path, data), fingerprint.sha256(data)
    if fingerprint.lfs_oid(data) is not None:
        return f"{held} {raw} pointer"
    return held if held == raw else f"{held} {raw}"


def _cut_off(path: str, before: str | None, now: str) -> str:
    """Why no document is made again for a change of this file since it was last looked at; "" where
    that is for its content to say. before: its digests then, None if it is new."""
    if before == now:
        return ""
    what = "added" if before is None else "changed"
    if not content.seen(path):
        return f"{path} {what}, which no document is made from"
    if before is None or before.split(" ")[0] != now.split(" ")[0]:
        return ""
    if now.endswith(" pointer") or before.endswith(" pointer"):
        return f"{path} is the same, in the file or as Git LFS's pointer"
    if path in anatomy.PLUGIN_JSON:
        return f"{path} changed, but only its release or its form"
    if path.endswith(".json"):
        return f"{path} changed, but only its form"
    return f"{path} changed, but only blanks, line ends or a byte order mark"


def _keep(plugin: PluginState, entry: tree.Entry, found: str) -> None:
    held, *more = found.split(" ")
    plugin.files[entry.path] = (entry.size, held)
    if more:
        plugin.raw[entry.path] = more[0]
    if more[1:]:
        plugin.pointers.add(entry.path)


def _holds_something(folder: Path) -> bool:
    try:
        return next(os.scandir(folder), None) is not None
    except OSError:
        return False


_LONG = pattern(r"[A-Za-z0-9+~_-]{16}")


def _called_by_a_secret(plugin: PluginState) -> list[str]:
    """Files whose very name, or folder, looks like a secret, as rules of `secret_names`: they are
    no source."""
    if not (paths := [path for path in plugin.files if _LONG.search(path)]):
        return []
    from nightpress.checks import is_called_by

    return [f"{EXACTLY}{path}" for path in paths if is_called_by(path)]


def _trouble(manifest: Manifest, error: OSError | UnsafePath) -> contract.Problem:
    message = error.message if isinstance(error, UnsafePath) else f"{error.strerror or error}"
    where = getattr(error, "filename", None)
    path = f" ({Path(os.fsdecode(where)).name})" if isinstance(where, str | bytes) else ""
    return contract.Problem(manifest.path, 0, 0, "", f"cannot be looked at: {message}{path}")


def _unfetched(path: str, command: str) -> contract.Problem:
    return contract.Problem(path, 0, 0, "", "is not fetched: nothing is judged or made", command)


def _passed_over(plugin: PluginState) -> Iterator[contract.Problem]:
    """What of it was not looked at; of more than MOST how many."""
    if plugin.manifest is None:
        return
    notices, folder = [*plugin.notices[:MOST]], plugin.manifest.path
    if (more := len(plugin.notices) - MOST) > 0:
        notices.append(tree.Notice(".", f"{more:,} more entries were passed over"))
    for notice in notices:
        where = f"{folder}/{notice.path}" if notice.path not in ("", ".") else folder
        yield contract.Problem(where, 0, 0, "", notice.what, severity="warning")
