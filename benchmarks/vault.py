"""The vault: first backup, nothing changed, one file changed, restore of all; beside restic.

Whole processes on one tree, in turn, against a real libSQL server (sqld) on loopback and against a
local file. The tree is a corpus (a marketplace as .tar.gz) where it is present: --corpus, or
NIGHTPRESS_CORPUS, or ../shared beside the repository; else a generated marketplace. restic writes
to a local repository; where it is missing it is reported as skipped. --gigabyte backs up 1 GiB of
content and says how much memory that took.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.market import plugin

from benchmarks.night import sizes_of

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus" / "marketplace.tar.gz"
PASSWORD = "benchmark"  # noqa: S105 - of a repository that lives for a minute


def main(argv: list[str]) -> dict[str, Any]:
    """One object: the figures of sqld at the top (of the file where there is no sqld), `file`, and
    `restic`. *_seconds are those of whole processes; *_bytes: what travelled."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks vault", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("NIGHTPRESS_CORPUS", ""))
    parser.add_argument("--gigabyte", action="store_true", help="measure the memory of 1 GiB, too")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="nightpress-vault-") as folder:
        base = Path(folder)
        tree, source = _tree(base, args.corpus)
        result: dict[str, Any] = {"tree": source}
        with _server(base) as (environ, server):
            result["server"] = server
            local = _measured(base, tree, {}, "file")
            remote = _measured(base, tree, environ, "sqld") if environ else {}
        result |= remote or local
        result["file"] = local
        result["restic"] = _restic(base, tree)
        if args.gigabyte:
            result["gigabyte"] = _gigabyte(base)
    return result


def _tree(base: Path, corpus: Path | str) -> tuple[Path, str]:
    path = Path(corpus) if str(corpus) not in {"", "."} else CORPUS
    tree = base / "tree"
    if path.is_file():
        with tarfile.open(path) as packed:
            packed.extractall(base / "packed", filter="data")
        [root] = [p.parent for p in (base / "packed").rglob("plugins") if p.is_dir()][:1]
        root.rename(tree)
        source = f"corpus {path.name}"
    else:
        sizes, source = sizes_of("")
        for number, size in enumerate(sizes):
            plugin(tree, f"plugin-{number:03}", size=max(600, size))
    shutil.rmtree(tree / "manifests", ignore_errors=True)
    _run(["nightpress", "init"], tree)
    for words in (["init", "-q"], ["add", "-A"]):
        _run(["git", *words], tree)
    return tree, source


@contextmanager
def _server(base: Path) -> Iterator[tuple[dict[str, str], str]]:
    """Environment of a real server, or {} and why there is none."""
    import pytest
    from tests.vault.server import VERSION, Server

    try:
        server = Server(base / "server")
        server.start()
    except pytest.skip.Exception as why:
        yield {}, f"skipped: {why}"
        return
    try:
        environ = {"TURSO_DATABASE_URL": server.url, "TURSO_AUTH_TOKEN": server.token()}
        yield environ, f"sqld {VERSION} on loopback"
    finally:
        server.stop()


# --- nightpress ---


def _measured(base: Path, tree: Path, environ: Mapping[str, str], name: str) -> dict[str, Any]:
    shutil.rmtree(tree / ".nightpress", ignore_errors=True)
    target = _changeable(tree)
    before = target.read_bytes()
    seconds, said = _timed(["doit", "backup"], tree, environ)
    found: dict[str, Any] = {"first_seconds": seconds, "first_bytes": _sent(said)}
    again = [_timed(["doit", "backup"], tree, environ) for _ in range(3)]
    found["nochange_seconds"] = min(seconds for seconds, _ in again)
    found["nochange_bytes"] = _sent(again[-1][1])
    target.write_bytes(before + b"\nOne more sentence stands here now.\n")
    seconds, said = _timed(["doit", "backup"], tree, environ)
    compressed = len(zlib.compress(target.read_bytes()))
    target.write_bytes(before)
    found |= {
        "onefile_seconds": seconds,
        "onefile_bytes": _sent(said),
        "onefile_compressed": compressed,
        "onefile_allowed": 2 * compressed + 8_000,
    }
    dest = base / f"restored-{name}"
    vault = environ.get("TURSO_DATABASE_URL") or str(tree / ".nightpress" / "vault.db")
    seconds, said = _timed(["nightpress", "restore-all", vault, str(dest)], base, environ)
    assert "every byte verified" in said, said
    shutil.rmtree(dest)
    return found | {"restore_seconds": seconds}


def _changeable(tree: Path) -> Path:
    """A README of the middle size."""
    found = sorted(tree.glob("plugins/**/README.md"), key=lambda path: path.stat().st_size)
    return found[len(found) // 2]


def _sent(said: str) -> int:
    match = re.search(r"sent ([\d,]+) bytes", said)
    assert match, said
    return int(match[1].replace(",", ""))


# --- restic ---


def _restic(base: Path, tree: Path) -> dict[str, Any] | str:
    if shutil.which("restic") is None:
        return "skipped: not installed"
    shutil.rmtree(tree / ".nightpress", ignore_errors=True)
    repository = str(base / "restic")
    environ = {
        "RESTIC_PASSWORD": PASSWORD, "RESTIC_REPOSITORY": repository,
        "RESTIC_CACHE_DIR": str(base / "cache"), "RESTIC_PROGRESS_FPS": "0.01",
    }  # fmt: skip
    _run(["restic", "init"], tree, environ)
    command = ["restic", "backup", "plugins", "manifests", "dodo.py"]
    target = _changeable(tree)
    before = target.read_bytes()
    sizes = [_size(base / "restic")]
    found: dict[str, Any] = {"version": _run(["restic", "version"], tree).split()[1]}
    for name, change in (("first", b""), ("nochange", b""), ("onefile", b"\nOne more.\n")):
        if change:
            target.write_bytes(before + change)
        found[f"{name}_seconds"] = _timed(command, tree, environ)[0]
        sizes.append(_size(base / "restic"))
        found[f"{name}_bytes"] = sizes[-1] - sizes[-2]
    target.write_bytes(before)
    restore = ["restic", "restore", "latest", "--target", str(base / "restored-restic")]
    found["restore_seconds"] = _timed(restore, base, environ)[0]
    return found


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# --- memory ---


def _gigabyte(base: Path) -> dict[str, Any]:
    """Peak resident MB of backing up, and of restoring, 1 GiB that does not compress."""
    tree = base / "gigabyte"
    rng = random.Random(1)
    for number in range(8):
        folder = plugin(tree, f"heavy-{number}", size=2_000)
        with (folder / "data.bin").open("wb") as file:
            for _ in range(128):
                file.write(rng.randbytes(1 << 20))
    _run(["nightpress", "init"], tree)
    found: dict[str, Any] = {}
    vault = str(tree / ".nightpress" / "vault.db")
    for name, command in (
        ("backup", ["doit", "backup"]),
        ("restore", ["nightpress", "restore-all", vault, str(base / "heavy-back")]),
    ):
        began = time.monotonic()
        code = (
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True,"
            " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        said = _run([sys.executable, "-c", code, *_found(command)], tree)
        unit = 1 if sys.platform == "darwin" else 1024
        found[f"{name}_seconds"] = round(time.monotonic() - began, 2)
        found[f"{name}_peak_mb"] = round(int(said) * unit / 1e6, 1)
    return found


# --- running ---


def _found(command: Sequence[str]) -> list[str]:
    beside = Path(sys.executable).parent / command[0]
    return [str(beside) if beside.exists() else command[0], *command[1:]]


def _run(command: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TURSO_", "RESTIC_"))}
    done = subprocess.run(
        _found(command), cwd=folder, env={**kept, **(environ or {})}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _timed(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> tuple[float, str]:
    began = time.monotonic()
    said = _run(command, folder, environ)
    return round(time.monotonic() - began, 3), said


def render(result: Mapping[str, Any]) -> str:
    """A Markdown table."""
    rows = [
        f"Tree: {result['tree']}; server: {result['server']}.",
        "",
        "| | first backup | bytes | nothing changed | one file changed | bytes | restore of all |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in (
        ("nightpress, sqld", result if result["server"].startswith("sqld") else None),
        ("nightpress, file", result["file"]),
        ("restic, local", result["restic"]),
    ):
        if not isinstance(found, Mapping):
            rows.append(f"| {name} | {found or result['server']} | | | | | |")
            continue
        rows.append(
            f"| {name} | {found['first_seconds']} s | {found['first_bytes']:,} |"
            f" {found['nochange_seconds']} s | {found['onefile_seconds']} s |"
            f" {found['onefile_bytes']:,} | {found['restore_seconds']} s |"
        )
    local = result["file"]
    rows += [
        "",
        f"The changed file is {local['onefile_compressed']:,} bytes compressed; aim: at most"
        f" {local['onefile_allowed']:,} bytes sent.",
    ]
    if "gigabyte" in result:
        heavy = result["gigabyte"]
        rows += [
            "",
            f"1 GiB: backup {heavy['backup_seconds']} s, {heavy['backup_peak_mb']} MB resident;"
            f" restore {heavy['restore_seconds']} s, {heavy['restore_peak_mb']} MB.",
        ]
    return "\n".join(rows) + "\n"
