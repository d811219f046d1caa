"""A path that `nightpress check` was given: its project, and the documents below it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from nightpress.errors import UsageError
from nightpress.plugin import kind_of
from nightpress.storage import tree as reading


class Asked(Struct, frozen=True):
    """A path as it was typed. top: its absolute path, links of the way to it resolved; project:
    the folder of the project that it lies in."""

    typed: str
    top: Path
    project: Path | None

    @classmethod
    def of(cls, typed: str, here: Path) -> Asked:
        path = here / typed
        if not path.exists():
            raise UsageError(
                f"{typed}: there is no such file or folder",
                "name a document, a plugin's folder, or nothing: the whole project",
            )
        top = path.resolve()
        parents = [top, *top.parents]
        project = next((p for p in parents if (p / "manifests" / "_defaults.yaml").is_file()), None)
        return cls(typed, top, project)

    def holds(self, path: Path) -> bool:
        return path == self.top or self.top in path.parents

    def shown(self, path: Path) -> str:
        if path == self.top:
            return self.typed
        inner = path.relative_to(self.top).as_posix()
        return inner if self.typed in ("", ".") else f"{self.typed.rstrip('/')}/{inner}"

    def documents(self) -> Iterator[Path]:
        """The file that was named, or every SKILL.md below the folder that was."""
        if not self.top.is_dir():
            yield self.top
            return
        for entry in reading.walk(self.top, reading.Ignore()).files:
            if entry.kind == "file" and kind_of(entry.path) == "skill":
                yield self.top / entry.path
