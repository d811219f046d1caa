"""Publishing a file so that a reader sees the old or the new one at every instant.

The file-system half of the update protocol, in steps that the caller interleaves with the ledger:
`stage` (temporary file beside the target, fsync, read back), `swap` (one atomic exchange, what came
out is compared with what was expected), `finish`. `sweep` cleans up after a crash. Everything goes
through folder descriptors, and no link is followed.

`step` is the seam of the crash tests: it is called before and after every file-system step with the
step's name; in production it does nothing.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from nightpress.errors import PublishConflict, UnsafePath
from nightpress.storage.tree import open_folder, parts_of
from nightpress.text import safe


def _nothing(name: str) -> None:
    del name


step: Callable[[str], None] = _nothing
"""Called as `before:fsync`, `after:fsync` ...; the crash tests put a killer here."""


@contextmanager
def _at(name: str) -> Iterator[None]:
    step(f"before:{name}")
    yield
    step(f"after:{name}")


@contextmanager
def _folder(root: Path, parts: Sequence[str]) -> Iterator[int]:
    folder = open_folder(root, parts)
    try:
        yield folder
    finally:
        os.close(folder)


class Staged(Struct, frozen=True):
    """A new version beside its target. made: folders that did not exist before, outermost first."""

    root: Path
    target: str
    temporary: str
    sha256: str
    made: tuple[str, ...]


def temporary_name(name: str, token: str) -> str:
    """The temporary file's name: hidden, and no two attempts share one."""
    short = name.encode("utf-8", "surrogateescape")[:100].decode("utf-8", "ignore")
    return f".{short}.nightpress-{token}"


def stage(root: Path, target: str, data: bytes, token: str) -> Staged:
    """Write `data` beside the target, durably, and read it back.

    Raises UnsafePath when the target is a link, a hard link, a folder, read-only, or has a twin
    that differs in case only; OSError when the disk refuses. Nothing is left behind then.
    """
    *folders, name = parts_of(target)
    made = _make_folders(root, folders)
    staged = Staged(
        root, target, temporary_name(name, token), hashlib.sha256(data).hexdigest(), made
    )
    try:
        with _folder(root, folders) as folder:
            mode = _checked_mode(folder, name, target)
            _write_new(folder, staged.temporary, data, mode)
            if _hash(folder, staged.temporary) != staged.sha256:
                raise OSError(errno.EIO, f"{safe(target)}: the disk returned different bytes")
    except BaseException:
        with suppress(OSError):  # a disk that takes nothing: `sweep` does it in the next run
            discard(staged)
        raise
    return staged


def _make_folders(root: Path, folders: list[str]) -> tuple[str, ...]:
    new: list[str] = []
    for depth in range(1, len(folders) + 1):
        with _folder(root, folders[: depth - 1]) as parent, suppress(FileExistsError):
            with _at("mkdir"):
                os.mkdir(folders[depth - 1], 0o755, dir_fd=parent)
            new.append("/".join(folders[:depth]))
            with _at("fsync-parent"):
                os.fsync(parent)
    return tuple(new)


def _checked_mode(folder: int, name: str, target: str) -> int:
    """The permission bits for the new version: the old one's, never setuid."""
    twins = [n for n in os.listdir(folder) if n != name and n.casefold() == name.casefold()]
    if twins:
        raise UnsafePath(f"{safe(target)}: {safe(twins[0])} differs from it in case only")
    try:
        standing = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return 0o644
    if not stat.S_ISREG(standing.st_mode):
        raise UnsafePath(
            f"{safe(target)}: there is a link, a folder or a special file in its place"
        )
    if standing.st_nlink > 1:
        raise UnsafePath(f"{safe(target)}: there is a hard link in its place (it has other names)")
    if not standing.st_mode & stat.S_IWUSR:
        raise UnsafePath(f"{safe(target)}: the file is read-only", "chmod u+w to let us replace it")
    return stat.S_IMODE(standing.st_mode) & 0o777


def _write_new(folder: int, name: str, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with _at("create"):
        file = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        with _at("write"):
            write_all(file, data)
        with _at("chmod"):
            os.fchmod(file, mode)
        with _at("fsync"):
            os.fsync(file)
    finally:
        os.close(file)


def swap(staged: Staged, expected: str | None) -> None:
    """Exchange target and temporary file in one step; expected: sha256 of what stands, or None.

    Raises PublishConflict, with the target as the user left it, if anything else stood there.
    """
    *folders, name = parts_of(staged.target)
    with _folder(staged.root, folders) as folder:
        if _hash(folder, name) != expected:
            raise PublishConflict(f"{safe(staged.target)} was changed meanwhile")
        if expected is None:
            _first(folder, staged, name)
        else:
            _exchange(folder, staged, name, expected)
        try:
            with _at("fsync-folder"):
                os.fsync(folder)
        except OSError:
            _take_back(folder, staged, name, expected)
            raise


def _first(folder: int, staged: Staged, name: str) -> None:
    """There was no file: rename without replacing."""
    try:
        with _at("rename-new"):
            rename(folder, staged.temporary, name, NOREPLACE)
    except FileExistsError as error:
        raise PublishConflict(f"{safe(staged.target)} was made meanwhile") from error


def _exchange(folder: int, staged: Staged, name: str, expected: str) -> None:
    try:
        with _at("exchange"):
            rename(folder, staged.temporary, name, EXCHANGE)
    except FileNotFoundError as error:
        raise PublishConflict(f"{safe(staged.target)} was removed meanwhile") from error
    except NoExchange:
        with _at("rename"):  # NFS, macOS: the plain rename; see ARCHITECTURE.md, Publication
            os.rename(staged.temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        return
    if _hash(folder, staged.temporary) != expected:
        # a save slipped in between our look and our exchange: give the user's bytes back; if they
        # saved again meanwhile, what comes out is not ours, and the newer save goes back
        for _ in range(2):
            with _at("exchange-back"):
                rename(folder, staged.temporary, name, EXCHANGE)
            if _hash(folder, staged.temporary) == staged.sha256:
                break
        raise PublishConflict(f"{safe(staged.target)} was saved at that very moment")


def _take_back(folder: int, staged: Staged, name: str, expected: str | None) -> None:
    """The disk would not promise the new name: the old state is the honest one."""
    if expected is None:
        os.unlink(name, dir_fd=folder)
    else:
        rename(folder, staged.temporary, name, EXCHANGE)


def finish(staged: Staged) -> None:
    """Remove the temporary file, which holds the old version by now."""
    *folders, _ = parts_of(staged.target)
    with _folder(staged.root, folders) as folder:
        with suppress(FileNotFoundError), _at("unlink"):
            os.unlink(staged.temporary, dir_fd=folder)
        with _at("fsync-end"):
            os.fsync(folder)


def discard(staged: Staged) -> None:
    """Undo `stage`: the temporary file goes, and the folders that it made, if they are empty."""
    with suppress(FileNotFoundError, UnsafePath):
        finish(staged)
    for path in reversed(staged.made):
        _rmdir(staged.root, parts_of(path))


def sweep(root: Path, target: str, token: str) -> bool:
    """After a crash: remove what `stage` of this token left; was there anything?

    Folders that are empty now and hold nothing but our traces go, too.
    """
    *folders, name = parts_of(target)
    was_there = False
    with suppress(FileNotFoundError, UnsafePath), _folder(root, folders) as folder:
        os.unlink(temporary_name(name, token), dir_fd=folder)
        os.fsync(folder)
        was_there = True
    _prune(root, folders)
    return was_there


def _prune(root: Path, folders: list[str]) -> None:
    """Remove the innermost empty folders on the way to a target."""
    while folders and _rmdir(root, folders):
        folders = folders[:-1]


def _rmdir(root: Path, folders: list[str]) -> bool:
    """Remove the folder, if it is empty; is it gone?"""
    try:
        with _folder(root, folders[:-1]) as parent:
            os.rmdir(folders[-1], dir_fd=parent)
    except FileNotFoundError:
        return True
    except (OSError, UnsafePath):
        return False
    return True


def write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace one of our own files durably and atomically."""
    temporary, file = _temporary(path, mode)
    try:
        try:
            write_all(file, data)
            with _at("own-fsync"):
                os.fsync(file)
            with _at("own-rename"):
                temporary.replace(path)
        finally:
            os.close(file)
    except BaseException:
        with suppress(OSError):  # the next write of this file begins with what is left
            temporary.unlink()
        raise
    sync_folder(path.parent)


def _temporary(path: Path, mode: int) -> tuple[Path, int]:
    """(name, descriptor) of an empty file beside `path`: what a disk that took nothing any more
    left of the last one, or, where another process is writing the same file, one of our own."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    usual = path.with_name(f".{path.name}.tmp")
    try:
        file = os.open(usual, flags | os.O_NONBLOCK, mode)
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
    else:
        with suppress(OSError):  # another's, or just put in place, or no file system with locks
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_file(file) and os.path.samestat(os.fstat(file), usual.lstat()):
                try:
                    os.ftruncate(file, 0)
                except OSError:
                    usual.unlink()  # nobody else's, and not to be left behind
                    raise
                return usual, file
        os.close(file)
    own = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    return own, os.open(own, flags | os.O_TRUNC, mode)


_NO_FILE = (errno.ELOOP, errno.ENXIO, errno.EISDIR)
"""What the kernel says of a link, a FIFO or socket, and a folder."""


def _is_file(file: int) -> bool:
    return stat.S_ISREG(os.fstat(file).st_mode)


def write_all(file: int, data: bytes) -> None:
    """Write all of it: write(2) may take less."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def write_new(path: str | Path, data: bytes, mode: int, folder: int | None = None) -> None:
    """A file that was not there before, durably; folder: the descriptor that `path` starts from."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    file = os.open(path, flags, 0o600, dir_fd=folder)
    try:
        write_all(file, data)
        os.fchmod(file, mode)
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sweep_own(path: Path) -> None:
    """After a crash: remove what `write` left beside this file; the caller holds the lock."""
    for left in (path.with_name(f".{path.name}.tmp"), *path.parent.glob(f".{path.name}.*.tmp")):
        left.unlink(missing_ok=True)


def _hash(folder: int, name: str) -> str | None:
    """sha256 of a regular file in the folder; None if there is none; "" if it is no file."""
    try:
        file = os.open(
            name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
        )
    except FileNotFoundError:
        return None
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return ""
        total = hashlib.sha256()
        while piece := os.read(file, 1 << 20):
            total.update(piece)
        return total.hexdigest()
    finally:
        os.close(file)


# --- rename(2) that refuses to replace, or exchanges two names: renameat2 of Linux 3.15 ---
#
# By ctypes: Python has no binding for it. A plain rename loses a user's save that slips in between
# our look and our rename; an exchange lets us look at what came out.

NOREPLACE, EXCHANGE = 1, 2


class NoExchange(Exception):
    """The system or the file system (NFS, macOS) cannot exchange two names."""


def rename(folder: int, old: str, new: str, flag: int) -> None:
    """Rename within the folder of that descriptor, with NOREPLACE or EXCHANGE.

    Raises OSError as rename(2) does (FileExistsError for NOREPLACE), NoExchange.
    """
    function = _renameat2()
    if function is None:
        _without(folder, old, new, flag)
        return
    if function(folder, os.fsencode(old), folder, os.fsencode(new), flag) == 0:
        return
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        _without(folder, old, new, flag)
        return
    raise OSError(code, os.strerror(code), old, None, new)


def _without(folder: int, old: str, new: str, flag: int) -> None:
    if flag == EXCHANGE:
        raise NoExchange
    # link(2) refuses to replace, as NOREPLACE does
    os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    os.unlink(old, dir_fd=folder)


@lru_cache(maxsize=1)
def _renameat2() -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
