"""One plugin, as it is handed from step to step: gathered (manifest, files, targets), then decided
(a state of each target)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from nightpress.model import Decision, Enhancement, Generator, Manifest
from nightpress.plan import content
from nightpress.plan.staleness import Inputs
from nightpress.plan.standing import LastRow, Publication, Standing
from nightpress.plugin import anatomy
from nightpress.project import Problem, Writer
from nightpress.storage import Notice


class Target(Struct, frozen=True):
    """One enhancement, gathered: what is declared of it, and what is known of it from before.

    path: relative to the project; analysis: the generator of phase 1, and schema: the text of its
    contract; needs: names of the plugin's enhancements that go first; lost: path -> sha256 of
    content that a restore did not bring back; asked, forced, named: by the user; undone: our
    latest publication, where what stood before it stands again; apart: folders of the plugin that
    the document does not depend on; leads: of a skill of a person's, or that somebody edited, the
    targets of its references that it leads to."""

    enhancement: Enhancement
    path: str
    writer: Writer
    generator: Generator
    analysis: Generator
    schema: str
    needs: tuple[str, ...]
    standing: Standing
    publication: Publication | None = None
    last: LastRow | None = None
    lost: Mapping[str, str] = field(default_factory=dict)
    asked: bool = False
    forced: bool = False
    named: bool = False
    undone: Publication | None = None
    apart: frozenset[str] = frozenset()
    leads: frozenset[str] | None = None


class TargetState(Struct):
    """One enhancement, decided. counted: path -> sha256 of the files that are its content (relative
    to the plugin); target_path: relative to the project; leads: see `Target`."""

    enhancement: Enhancement
    target_path: str
    writer: Writer
    inputs: Inputs
    decision: Decision
    work: bool
    counted: Mapping[str, str]
    needs: tuple[str, ...] = ()
    leads: frozenset[str] | None = None


class PluginState(Struct):
    """One plugin. files: path -> (size, digest of its content); raw: path -> sha256 of the very
    bytes, where that is another; pointers: files that Git LFS has not fetched; absent: path ->
    the command that brings it, of files and submodules that git has and this checkout has not;
    cut: path -> why no document is made again for its change since it was last looked at;
    names: every path that was looked at, relative to the project; signature: over their stamps,
    taken before anything was read; foreign: what lies in its folder and is not its own;
    entry: what marketplace.json says of a plugin that has no plugin.json;
    drafts: target -> text of the drafts of a bundle that go with those that follow;
    left_over: references of ours whose component is gone;
    secret_names: the project's patterns of files with secrets; is_open: it was read as far as it
    takes to decide it."""

    slug: str
    name: str = ""
    manifest: Manifest | None = None
    root: Path = field(default_factory=Path)
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    pointers: set[str] = field(default_factory=set)
    absent: dict[str, str] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    states: dict[str, TargetState] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    cut: dict[str, str] = field(default_factory=dict)
    names: tuple[bytes, ...] = ()
    signature: bytes = b""
    looked_ns: int = 0
    foreign: frozenset[str] = frozenset()
    entry: dict[str, Any] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()
    left_over: frozenset[str] = frozenset()
    is_open: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """What the manifest, and marketplace.json, say of the plugin where its own plugin.json is
        silent. It is an ingredient, and keeps the name of a clone's folder out of documents."""
        if self.manifest is None:
            return {}
        said = {"description": self.manifest.settings.get("description", "")}
        if not any(path in self.files for path in anatomy.PLUGIN_JSON):
            said["name"] = self.manifest.name
        return self.entry | {key: value for key, value in said.items() if value}

    def siblings(self, enhancement: Enhancement) -> tuple[str, ...]:
        """Targets of the plugin's other skills that the manifest names."""
        every = self.manifest.enhancements if self.manifest is not None else ()
        return tuple(
            other.target
            for other in every
            if other.target.endswith("/SKILL.md") and other.target != enhancement.target
        )

    def is_foreign(self, path: str) -> bool:
        """Is a path in the plugin's folder (relative to it) not the plugin's own?"""
        return content.is_foreign(path, self.foreign)


class Item(Struct, frozen=True):
    """One enhancement as tasks and plan see it. id: `slug/name`; target: relative to the project;
    needs: names of the plugin's enhancements that go first; asks: the size that its content asks
    for, in words."""

    id: str
    slug: str
    name: str
    target: str
    type: str
    decision: Decision
    work: bool
    needs: tuple[str, ...] = ()
    size: int = 0
    plugin_name: str = ""
    asks: str = ""
