"""Bringing a project's content into a vault, part by part: read what is not known, send what is
missing, seal each part's tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from nightpress.clock import Clock
from nightpress.errors import NightpressError
from nightpress.storage import Entry
from nightpress.text import safe
from nightpress.vault import collect, read_files, trees
from nightpress.vault.fileindex import FileIndex
from nightpress.vault.inventory import PartRow
from nightpress.vault.source import Listener, Plugin, Progress, Source
from nightpress.vault.trees import Node, Tree
from nightpress.vault.upload import Uploader

_TRIES = 4

Take = Callable[[str, bytes], None]


class Job(Struct):
    """One attempt at a backup: what it reads, where it sends, how far it is.

    parent: the parts of the newest snapshot; every: the objects of this one."""

    source: Source
    index: FileIndex
    uploader: Uploader
    parent: Mapping[tuple[str, str], PartRow]
    tell: Listener
    clock: Clock
    began: float
    total: int = 0
    done: int = 0
    every: set[str] = field(default_factory=set)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    _asked: int = 0

    def learn(self, tree: str) -> None:
        """Ask what that tree of the newest snapshot is made of; and, as changes come in crowds,
        of ever more of those that follow it."""
        trees = list(dict.fromkeys(row.tree for row in self.parent.values()))
        at = trees.index(tree)
        self._asked = min(256, 2 * self._asked or 1)
        self.uploader.learn([tree, *trees[at + 1 : at + self._asked]])

    def step(self, count: int) -> None:
        self.done += count
        self.tell(Progress("backup", self.done, self.total, self.clock.monotonic() - self.began))


def send(job: Job) -> tuple[list[PartRow], list[str]]:
    """Every part's content into the vault; the parts' rows, and notices."""
    parts, notices = collect.collect(job.source)
    job.total = sum(entry.size for part in parts for entry in part.files)
    rows = [_files(job, part) for part in parts if part.files or part.nodes]
    if job.source.ledger is not None and job.source.ledger.is_file():
        rows.append(_ledger(job))
    if not rows:
        raise NightpressError("there is nothing to back up", "no plugin and no project file")
    job.uploader.flush()
    return rows, notices


def _files(job: Job, part: collect.Part) -> PartRow:
    base = part.plugin.path

    def read(take: Take) -> list[Node]:
        return [_node(job, base, entry, take) for entry in part.files]

    def forget(nodes: Sequence[Node], absent: set[str]) -> None:
        for entry, node in zip(part.files, nodes, strict=True):
            if absent.intersection(node.chunks):
                job.index.drop(f"{base}/{entry.path}")
        job.done -= sum(entry.size for entry in part.files)

    return _part(job, part.kind, part.plugin, part.nodes, read, forget)


def _node(job: Job, base: str, entry: Entry, take: Take) -> Node:
    read_bytes = 0

    def count_and_take(hash_: str, data: bytes) -> None:
        nonlocal read_bytes
        take(hash_, data)
        read_bytes += len(data)
        job.step(len(data))

    open_ = job.source.include_secrets
    node = read_files.node(job.source.root, base, entry, job.index, count_and_take, open_)
    job.step(entry.size - read_bytes)
    return node


def _ledger(job: Job) -> PartRow:
    """The ledger as one consistent file, in pieces of whole pages."""
    path = job.source.ledger
    assert path is not None  # noqa: S101  the caller looked
    base = path.parent.relative_to(job.source.root).as_posix()

    def read(take: Take) -> list[Node]:
        source = job.source
        return [read_files.ledger_node(path, source.state, job.index, take, source.ledger_state)]

    def forget(nodes: Sequence[Node], absent: set[str]) -> None:
        del nodes, absent
        job.index.drop(read_files.LEDGER)

    return _part(job, "ledger", Plugin("ledger", "ledger", base), (), read, forget)


def _part(
    job: Job,
    kind: str,
    plugin: Plugin,
    fixed: Sequence[Node],
    read: Callable[[Take], list[Node]],
    forget: Callable[[Sequence[Node], set[str]], None],
) -> PartRow:
    """Read the part; where the newest snapshot holds this very tree, nothing is sent or asked.

    forget: the index knows files that this vault does not have (another vault, or they were
    collected): read those again."""
    names: set[str] = set()

    def take(hash_: str, data: bytes) -> None:
        names.add(hash_)
        job.uploader.offer(hash_, data)

    for _ in range(_TRIES):
        nodes = read(take)
        tree = Tree(plugin.path, (*fixed, *nodes))
        pieces = trees.write(tree)
        row = _row(kind, plugin, tree, pieces[-1][0])
        before = job.parent.get((kind, plugin.slug))
        if before is not None and before.tree == row.tree:
            job.uploader.withdraw(names)
            break
        if before is not None and not job.uploader.knows(before.tree):
            job.learn(before.tree)
        absent = job.uploader.missing(tree.chunks())
        if not absent:
            for name, data in pieces:
                job.uploader.offer(name, data)
            refs = tree.chunks() | {name for name, _ in pieces[:-1]}
            job.uploader.seal(row.tree, refs, before.tree if before else "")
            break
        forget(nodes, absent)
    else:
        raise NightpressError(f"{safe(plugin.path)} is written to all the time", "try again")
    job.every |= tree.chunks() | {name for name, _ in pieces}
    base = "" if tree.path == "." else f"{tree.path}/"
    job.left_out += [(base + node.path, node.text) for node in tree.left_out]
    return row


def _row(kind: str, plugin: Plugin, tree: Tree, head: str) -> PartRow:
    left_out = tree.left_out
    return PartRow(
        kind, plugin.slug, safe(plugin.name), safe(plugin.category), safe(plugin.version),
        safe(plugin.path), tree.files, tree.bytes, len(left_out),
        int(any(node.grave for node in left_out)), head,
    )  # fmt: skip
