"""A project whose plugins hold everything that a file system allows, and how to compare two."""

from __future__ import annotations

import hashlib
import os
import random
import stat
from pathlib import Path

from nightpress.vault import Plugin, Source


def nasty(root: Path, *, large: int = 3_000_000) -> Source:
    """Two plugins and project files; large: bytes of the largest file. Built by a seed."""
    one, two = root / "plugins" / "one", root / "plugins" / "group" / "Zwei ü"
    (one / "commands").mkdir(parents=True)
    (one / "empty" / "below").mkdir(parents=True)
    (two / "data").mkdir(parents=True)
    (one / "README.md").write_text("# one\n")
    (one / "commands" / "run.sh").write_text("#!/bin/sh\necho run\n")
    (one / "commands" / "run.sh").chmod(0o755)
    (one / "nothing").touch()
    (one / "private").write_text("for the owner\n")
    (one / "private").chmod(0o600)
    (one / "new\nline").write_text("a name with a line feed\n")
    (one / "日本語.md").write_text("unicode\n")
    (one / "--flag").write_text("a name like an option\n")
    Path(os.fsdecode(bytes(one) + b"/not-utf8-\xff")).write_bytes(b"\x00\xff\xfe")
    (one / "link").symlink_to("README.md")
    (one / "out").symlink_to("/etc/hostname")
    (one / "dangling").symlink_to("../nowhere")
    (one / "empty").chmod(0o700)
    one.chmod(0o750)
    (two / "copy.md").write_text("# one\n")
    (two / "data" / "big.bin").write_bytes(random.Random(5).randbytes(large))
    (two / "data" / "zeros.bin").write_bytes(bytes(2_500_000))
    (root / "manifests").mkdir()
    (root / "manifests" / "one.yaml").write_text("plugin: plugins/one\n")
    (root / "dodo.py").write_text("from nightpress import tasks\n")
    return described(root)


def described(root: Path) -> Source:
    """The project that `nasty` made, as a caller describes it."""
    return Source(
        root,
        (
            Plugin("one", "one", "plugins/one", "tools", "1.0.0"),
            Plugin("zwei", "Zwei \x1b[31m", "plugins/group/Zwei ü", "", "2"),
        ),
        ("dodo.py", "manifests", "nightpress.lock"),
    )


def state(root: Path, *, modes: bool = True) -> dict[bytes, tuple[str, int, str]]:
    """path -> (kind, mode, sha256 or target) of everything below root, read with plain os calls."""
    found: dict[bytes, tuple[str, int, str]] = {}
    top = os.fsencode(root)
    for folder, folders, files in os.walk(top):
        for name in [*folders, *files]:
            path = folder + b"/" + name
            s = os.lstat(path)
            mode = stat.S_IMODE(s.st_mode) if modes else 0
            key = path[len(top) + 1 :]
            if stat.S_ISLNK(s.st_mode):
                found[key] = ("link", 0, os.fsdecode(os.readlink(path)))
            elif stat.S_ISDIR(s.st_mode):
                found[key] = ("dir", mode, "")
            else:
                with open(path, "rb") as file:
                    found[key] = ("file", mode, hashlib.sha256(file.read()).hexdigest())
    return found
