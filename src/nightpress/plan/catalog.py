"""What there is to do: every enhancement of every plugin, with its decision.

Gathers (manifest, files, lock file, ledger), lets `staleness` decide, and keeps what it
found in the index, so that a plugin that has not moved costs a few lstat calls.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress.model import Decision, Reason
from nightpress.plan import agreement
from nightpress.plan.gather import Gatherer
from nightpress.plan.newcomers import Newcomers, newcomers
from nightpress.plan.state import Item, PluginState, TargetState
from nightpress.project import Problem, Project, no_manifests, paths, peek
from nightpress.storage import RACY_NS, UpToDate, newest, sign

FEW = 4
"""Plugins that are not worth a worker's start."""
PRIORITY = ("never", "stale", "undersized")
"""Value first: what was never documented, then what is no longer true, then what is too short."""


def rank(item: Item, order: Sequence[str]) -> int:
    """Place of an enhancement in the order of value."""
    codes = {reason.code for reason in item.decision.reasons}
    if not item.size and codes & {"never", "missing"}:
        kind = "never"
    else:
        kind = "undersized" if "undersized" in codes else "stale"
    return list(order).index(kind) if kind in order else len(order)


class Catalog(Struct):
    """The enhancements that were asked for. unmoved: states of the plugins that were not
    looked into, counted; problems: what is wrong with manifests; new: plugins without one."""

    items: dict[str, Item] = field(default_factory=dict)
    slugs: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unmoved: Counter[str] = field(default_factory=Counter)
    plugins: dict[str, PluginState] = field(default_factory=dict)
    new: Newcomers = field(default_factory=Newcomers)

    def of(self, slug: str) -> list[Item]:
        return [item for item in self.items.values() if item.slug == slug]

    def states(self) -> Counter[str]:
        """Documents by state, over all plugins that were looked at."""
        total = Counter(self.unmoved)
        total.update(item.decision.state for item in self.items.values())
        return total


Meter = Callable[[int, int], None]
"""(plugins read, plugins to read)."""


def _silent(_done: int, _total: int) -> None:
    """For callers that show nothing."""


class Ahead(Protocol):
    """Finds out elsewhere, and meanwhile, what decides plugins. room: how many at once."""

    @property
    def room(self) -> int: ...

    def look(self, plugin: PluginState) -> Callable[[], None]:
        """Begin; what is given back waits for it, and takes it in."""


def load(
    project: Project,
    *,
    slugs: frozenset[str] | None = None,
    everything: bool = False,
    meter: Meter = _silent,
    ahead: Callable[[], Ahead | None] = lambda: None,
) -> Catalog:
    """The catalog: of the named plugins, or of all; everything: with the items of plugins that
    need nothing, too (for list, info and plan); meter: told how far it has come; ahead: asked where
    several plugins have to be looked into. UsageError where there is no manifests/ folder."""
    if not project.manifests.is_dir():
        raise no_manifests()
    names = project.slugs()
    if slugs is not None:
        chosen = [name for name in names if name in slugs]
        return _gathered(project, Catalog(slugs=names), chosen, {}, meter, ahead)
    collecting = gc.isenabled()
    gc.disable()  # tens of thousands of small live objects: nothing to collect, much to visit
    try:
        return _load_all(project, names, everything, meter, ahead)
    finally:
        if collecting:
            gc.enable()


def _load_all(
    project: Project,
    names: list[str],
    everything: bool,
    meter: Meter,
    ahead: Callable[[], Ahead | None],
) -> Catalog:
    index = project.index
    key = project.key()
    if index.meta("key") != key:
        index.invalidate_all(key)
    shard = project.options.get("shard")
    if shard is not None:
        names = [name for name in names if in_shard(name, *shard)]
    catalog = Catalog(slugs=names)
    up_to_date = _unmoved(project, frozenset(names))
    for slug, counts in up_to_date.items():
        if everything:
            catalog.items.update((item.id, item) for item in _from_index(index.items(slug)))
        else:
            catalog.unmoved.update(json.loads(counts))
    invalidated = [name for name in names if name not in up_to_date]
    owners = {str(index.folder(slug)): slug for slug in up_to_date}
    _gathered(project, catalog, invalidated, owners, meter, ahead)
    folders = {slug: _folder(project, slug, catalog) for slug in names}
    if (
        shard is None and None not in folders.values()
    ):  # else nobody can say whose folders there are
        catalog.new = newcomers(project, frozenset(filter(None, folders.values())))
    return catalog


def undeclared(project: Project, catalog: Catalog) -> list[str]:
    """Documents on record, whose file stands, that the manifest of their plugin asks for no more:
    nobody keeps them true. Not of a plugin whose manifest cannot be read, and none of the
    references that go; catalog: of all plugins, with those that need nothing."""
    broken = {slug for slug, plugin in catalog.plugins.items() if plugin.problems}
    known = frozenset(catalog.slugs) - broken
    goes = {
        f"{plugin.manifest.path}/{target}"
        for plugin in catalog.plugins.values()
        for target in plugin.left_over
        if plugin.manifest is not None
    }
    return [
        job
        for job, entry in project.lock().items()
        if job not in catalog.items and job.partition("/")[0] in known
        if entry.target not in goes and os.path.lexists(project.root / entry.target)
    ]


def in_shard(slug: str, part: int, parts: int) -> bool:
    """Is the plugin in this part? By its name alone: other plugins change nothing for it."""
    digest = hashlib.sha256(slug.encode()).digest()
    return int.from_bytes(digest[:8], "big") % parts == part - 1


def _folder(project: Project, slug: str, catalog: Catalog) -> str | None:
    """The plugin's folder, relative to the project; None where its manifest does not say."""
    plugin = catalog.plugins.get(slug)
    if plugin is None:
        return project.index.folder(slug)
    if plugin.manifest is not None:
        return plugin.manifest.path
    named = (peek(project.manifests / f"{slug}.yaml") or {}).get("plugin")
    return paths.clean(named) if isinstance(named, str) else None


def _unmoved(project: Project, names: frozenset[str]) -> dict[str, str]:
    """slug -> counts of the plugins without work, if neither files nor lines of the lock moved."""
    index = project.index
    unmoved = {slug: (lock, counts) for slug, lock, counts in index.unmoved()}
    for slug in agreement.moved(project, {slug: lock for slug, (lock, _) in unmoved.items()}):
        del unmoved[slug]
    return {slug: counts for slug, (_, counts) in unmoved.items() if slug in names}


def _gathered(
    project: Project,
    catalog: Catalog,
    slugs: list[str],
    owners: dict[str, str],
    meter: Meter,
    ahead: Callable[[], Ahead | None],
) -> Catalog:
    """Look into each of the plugins; remember those that need nothing. owners: folder -> slug of
    the plugins that were looked at before; a folder has one manifest alone."""
    if slugs:
        with project.index.gathering():
            _looked_into(project, catalog, slugs, owners, meter, ahead)
    return catalog


def _looked_into(
    project: Project,
    catalog: Catalog,
    slugs: list[str],
    owners: dict[str, str],
    meter: Meter,
    ahead: Callable[[], Ahead | None],
) -> None:
    gatherer = Gatherer(project)
    up_to_date = []
    told = set[Problem]()
    helped = ahead() if len(slugs) >= FEW else None
    for number, plugin in enumerate(_each(gatherer, slugs, helped)):
        meter(number, len(slugs))
        slug = plugin.slug
        if plugin.manifest is not None:
            owner = owners.setdefault(plugin.manifest.path, slug)
            if owner != slug:
                from nightpress.project import validate

                plugin.states.clear()
                plugin.problems.append(
                    validate.shared_plugin(plugin.manifest, f"manifests/{owner}.yaml")
                )
        catalog.problems += [p for p in plugin.problems if p not in told]
        told |= {*plugin.problems}
        catalog.plugins[slug] = plugin
        items = list(_items(plugin))
        catalog.items.update((item.id, item) for item in items)
        if not (plugin.problems or any(item.work for item in items) or _is_moved(plugin)):
            up_to_date.append((plugin, items, gatherer.lock.digest(slug)))
    meter(len(slugs), len(slugs))
    project.index.remember_up_to_date(
        s for row in up_to_date if (s := _up_to_date(project, *row)) is not None
    )


def _is_moved(plugin: PluginState) -> bool:
    """Does a run still have to write where a document is now?"""
    known = (state.inputs.publication for state in plugin.states.values())
    return any(one is not None and one.moved for one in known)


def _each(gatherer: Gatherer, slugs: Iterable[str], ahead: Ahead | None) -> Iterator[PluginState]:
    """The plugins, gathered, in their order."""
    if ahead is None:
        yield from map(gatherer.gather, slugs)
        return
    from nightpress.plan import away

    known = away.Known(gatherer.project)
    begun: deque[tuple[PluginState, Callable[[], None] | None]] = deque()

    def next_one() -> PluginState:
        plugin, take_in = begun.popleft()
        if take_in is not None:
            take_in()
        return gatherer.decided(plugin)

    for slug in slugs:
        plugin = gatherer.opened(slug)
        begun.append((plugin, None if known.decides(plugin) else ahead.look(plugin)))
        while len(begun) > ahead.room:
            yield next_one()
    while begun:
        yield next_one()


def _told(state: TargetState) -> Decision:
    """The decision, with what becomes of its draft: under `publish: review` each waits."""
    decision = state.decision
    if decision.action != "make" or not state.inputs.reviewed:
        return decision
    return replace(decision, publish="review")


def _items(plugin: PluginState) -> Iterator[Item]:
    for name, state in plugin.states.items():
        yield Item(
            id=f"{plugin.slug}/{name}",
            slug=plugin.slug,
            name=name,
            target=state.target_path,
            type=state.enhancement.generator,
            decision=_told(state),
            work=state.work,
            needs=state.needs,
            size=state.inputs.standing.size,
            plugin_name=plugin.name,
            asks=state.inputs.asks,
        )


def _up_to_date(
    project: Project, plugin: PluginState, items: list[Item], lock: str
) -> UpToDate | None:
    """The index entry of a plugin without work; None while one of its files is too young."""
    root = project.index.root
    if not plugin.signature or sign(root, plugin.names) != plugin.signature:
        return None
    if plugin.looked_ns - newest(root, plugin.names) < RACY_NS:
        return None
    counts = json.dumps(Counter(item.decision.state for item in items))
    return UpToDate(plugin.slug, plugin.names, plugin.signature, lock, counts, _to_index(items))


def _to_index(items: list[Item]) -> str:
    return json.dumps(
        [
            [i.slug, i.name, i.target, i.type, i.decision.action, i.needs, i.size, i.plugin_name]
            + [[r.code, r.text] for r in i.decision.reasons]
            + ([[_ASKS, i.asks]] if i.asks else [])
            for i in items
        ]
    )


def _from_index(text: str) -> Iterator[Item]:
    for slug, name, target, kind, action, needs, size, plugin_name, *reasons in json.loads(text):
        asks = reasons.pop()[1] if reasons and reasons[-1][0] == _ASKS else ""
        decision = Decision(action, tuple(Reason(code, said) for code, said in reasons))
        yield Item(
            f"{slug}/{name}",
            slug,
            name,
            target,
            kind,
            decision,
            False,
            tuple(needs),
            size,
            plugin_name,
            asks,
        )


_ASKS = "asks"
"""Stands where a reason's code does: what follows is the size that an item's content asks for."""
