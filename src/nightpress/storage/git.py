"""What git says of a project's files, asked in one way.

git is optional: where there is no repository, or no git, the ignore patterns decide alone.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from nightpress.storage import private

SECONDS = 60
QUICK = 0.3
"""Seconds in which git usually answers."""
MOST_FOLDERS = 100_000
_READ = frozenset({".gitignore", ".gitattributes", ".gitmodules"})
_OWN = (
    "info/exclude",
    "info/attributes",
    "info/sparse-checkout",
    "config",
    "config.worktree",
    "HEAD",
)
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_IGNORED = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")


def is_repository(root: Path) -> bool:
    """Does the folder lie in a work tree?"""
    return _marker(root) is not None


def is_sparse(root: Path) -> bool:
    """May the work tree lack files that git's index has, with ignore patterns among them?"""
    marker = _marker(root)
    if marker is not None and marker.is_file():  # a linked work tree, or a submodule
        pointer = marker.read_text(encoding="utf-8", errors="surrogateescape")
        marker = marker.parent / pointer.removeprefix("gitdir:").strip()
    return marker is not None and (marker / "info" / "sparse-checkout").exists()


def _marker(root: Path) -> Path | None:
    """The `.git` of the work tree that the folder lies in."""
    whole = root.absolute()
    markers = (folder / ".git" for folder in (whole, *whole.parents))
    return next((marker for marker in markers if marker.exists()), None)


def ignored(root: Path, *more: str, below: str = ".") -> frozenset[str]:
    """Paths below a folder of root that git ignores, relative to root; a folder stands for all it
    holds. more: options of `git ls-files`.

    Raises CalledProcessError, OSError or TimeoutExpired where git does not say."""
    output = run(root, "--literal-pathspecs", *_IGNORED, *more, "--", below)
    return frozenset(os.fsdecode(path).rstrip("/") for path in output.split(b"\0") if path)


def matches(root: Path, paths: Iterable[str]) -> bool:
    """May git ignore one of the paths (relative to root)? By the patterns alone: what is tracked
    is not ignored even so, but the patterns are read in no time, and git's index is not."""
    stdin = b"\0".join(os.fsencode(f"./{path}") for path in paths)
    try:
        return bool(run(root, "check-ignore", "--no-index", "-z", "--stdin", stdin=stdin, none=1))
    except subprocess.CalledProcessError:
        return True  # a path that it will not judge


class Submodules:
    """The submodules of a work tree, while it is looked through: what a folder above others says is
    read once."""

    def __init__(self) -> None:
        self._named: dict[Path, frozenset[str]] = {}
        self._marked: dict[Path, bool] = {}

    def below(self, root: Path) -> frozenset[str]:
        """Those below root that the `.gitmodules` of its work tree names, or its own; relative to
        root."""
        whole = root.absolute()
        found = _named(whole)
        top = next((folder for folder in (whole, *whole.parents) if self._is_marked(folder)), None)
        if top is not None and top != whole:
            if top not in self._named:
                self._named[top] = _named(top)
            prefix = f"{whole.relative_to(top).as_posix()}/"
            above = self._named[top]
            found |= {path.removeprefix(prefix) for path in above if path.startswith(prefix)}
        return found

    def _is_marked(self, folder: Path) -> bool:
        if folder not in self._marked:
            self._marked[folder] = os.path.exists(f"{folder}/.git")  # noqa: PTH110 - of thousands
        return self._marked[folder]


def _named(folder: Path) -> frozenset[str]:
    if not os.path.lexists(f"{folder}/.gitmodules"):
        return frozenset()
    try:
        text = private.contents(folder / ".gitmodules").decode("utf-8", "surrogateescape")
    except OSError:
        return frozenset()
    paths = re.findall(r"(?m)^[ \t]*path[ \t]*=[ \t]*(.+?)[ \t]*$", text)
    return frozenset(path.strip('"').strip("/") for path in paths)


def left_out(root: Path, folder: str) -> tuple[str, ...]:
    """The files below a folder of root that git's index has, and that a sparse checkout left out;
    relative to root."""
    if not is_sparse(root):
        return ()
    try:
        rows = run(root, "--literal-pathspecs", "ls-files", "-t", "-z", "--", folder).split(b"\0")
    except (OSError, subprocess.SubprocessError):
        return ()
    paths = (os.fsdecode(row[2:]) for row in rows if row.startswith(b"S "))
    return tuple(path for path in paths if not os.path.lexists(root / path))


def run(
    root: Path,
    *words: str,
    stdin: bytes | None = None,
    none: int = 0,
    more: Mapping[str, str] = MappingProxyType({}),
    seconds: float = SECONDS,
) -> bytes:
    """What a command of git prints; stdin: what it reads; none: the status of "nothing found";
    more: of the environment. Raises as `ignored`."""
    environment = private.environment(os.environ)  # nor what a hook of git has set
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", **more}
    process = subprocess.Popen(  # noqa: S603  no shell, our own words
        (*_GIT, *words),
        cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        try:
            out, err = _answer(process, root, stdin, seconds)
        except BaseException:
            process.kill()
            raise
    if process.returncode != none:
        raise subprocess.CalledProcessError(process.returncode, words, out, err)
    return out


def _answer(
    process: subprocess.Popen[bytes], root: Path, stdin: bytes | None, seconds: float
) -> tuple[bytes, bytes]:
    """What git prints, within so many seconds. git waits for ever for somebody to write into a
    FIFO that is called `.gitignore`: where it takes long, such ones are looked for, and opened, so
    that it reads nothing from them."""
    ends, fifos = time.monotonic() + seconds, None
    while True:
        left = ends - time.monotonic()
        try:
            return process.communicate(stdin, timeout=max(0.0, min(QUICK, left)))
        except subprocess.TimeoutExpired:
            if left <= QUICK:
                raise
            stdin = None  # communicate has taken it
        fifos = [*_fifos(root)] if fifos is None else fifos
        for path in fifos:
            with suppress(OSError):
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))


def _fifos(root: Path) -> Iterator[Path]:
    """The FIFOs that git would read patterns or settings from: in the work tree, in its `.git`."""
    marker = _marker(root)
    top = marker.parent if marker is not None else root
    own = (top / ".git" / name for name in _OWN)
    above = (folder / name for folder in root.absolute().parents for name in _READ)
    yield from (path for path in (*own, *above) if _is_fifo(path))
    for number, (folder, folders, files) in enumerate(os.walk(root)):
        if number > MOST_FOLDERS:
            return
        folders[:] = [name for name in folders if name != ".git"]
        for name in _READ.intersection(files):
            if _is_fifo(path := Path(folder, name)):
                yield path


def _is_fifo(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)  # or a link to one
    except OSError:
        return False


class Ignored:
    """What git ignores in the plugins of one project: asked plugin by plugin for a few of them,
    once for all when there are many."""

    FEW = 4

    def __init__(self, root: Path) -> None:
        self._root = root
        self._asks = is_repository(root)
        self._asked = 0
        self._all: frozenset[str] | None = None

    def inside(self, folder: str, paths: Collection[str]) -> frozenset[str]:
        """Paths relative to the folder (a POSIX path relative to root, "." for root itself); paths:
        what stands in it."""
        if not self._asks:
            return frozenset()
        try:
            paths_ignored = self._found(folder, paths)
        except (OSError, subprocess.SubprocessError):
            self._asks = False
            return frozenset()
        if folder == ".":
            return paths_ignored
        if not paths_ignored.isdisjoint((folder, *map(str, PurePosixPath(folder).parents))):
            return frozenset()  # all of it: then the user means it nevertheless
        prefix = f"{folder}/"
        return frozenset(p.removeprefix(prefix) for p in paths_ignored if p.startswith(prefix))

    def all_inside(self, folder: str) -> frozenset[str]:
        """As `inside`, whatever stands there: for a folder that has too much in it to be listed."""
        if self._all is None and self._asks:
            with suppress(OSError, subprocess.SubprocessError):
                self._all = ignored(self._root)
        return self.inside(folder, ())

    def _found(self, folder: str, paths: Collection[str]) -> frozenset[str]:
        self._asked += 1
        if self._all is None and self._asked > self.FEW:
            self._all = ignored(self._root)
        if self._all is not None:
            return self._all
        whole = (f"{folder}/{path}" for path in paths)
        if not is_sparse(self._root) and not matches(self._root, whole):
            return frozenset()
        return ignored(self._root, below=folder)
