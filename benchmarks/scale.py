"""Scale: a made-up marketplace of any size, beside git and restic: processor time and memory.

`python -m benchmarks scale --plugins 1000 10000 100000` takes each command as a user types it, in a
process of its own; --keep FOLDER keeps the marketplaces for the next time (making one of 100,000,
with a lock file that says of each document that it was published, takes ten minutes). They are
those of `null-build`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import null_build

ROWS = ("first", "nothing", "one", "check", "report", "backup")


def main(argv: list[str]) -> dict[str, Any]:
    """sizes: for each the rows that were asked for: a list of {what, wall, cpu, mb}."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale", description=__doc__)
    parser.add_argument("--keep", type=Path, help="where marketplaces are kept")
    parser.add_argument("--plugins", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    given = parser.parse_args(argv)
    sizes = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        keep = given.keep or Path(folder)
        os.environ["XDG_STATE_HOME"] = str(keep / "state")
        os.environ["XDG_CACHE_HOME"] = str(keep / "cache")
        for plugins in given.plugins:
            root = _market(keep, plugins)
            sizes[plugins] = [one for row in given.rows for one in _ROWS[row](root)]
    return {"sizes": sizes, "load": round(os.getloadavg()[0], 1)}


def _market(keep: Path, plugins: int) -> Path:
    """As a fresh clone has it: up to date, and with no state of ours."""
    root = keep / f"market-{plugins}"
    if not (root / "nightpress.lock").exists():
        shutil.rmtree(root, ignore_errors=True)
        null_build._market(root, plugins)
        null_build._up_to_date(root)
        _committed(root)
    shutil.rmtree(root / ".nightpress", ignore_errors=True)
    subprocess.run(["git", "checkout", "-q", "."], cwd=root, check=True)
    time.sleep(0.3)  # younger files are not trusted
    return root


def _committed(root: Path) -> None:
    commit = ("-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "-qam", "built")
    for words in (("add", "-A"), commit):
        subprocess.run(["git", *words], cwd=root, check=True)


_MEASURED = (
    "import json, resource, subprocess, sys;"
    "done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT);"
    "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
    "print(json.dumps([done.returncode, done.stdout.decode(errors='replace')[-300:],"
    " used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6]))"
)


def _took(what: str, root: Path, *command: str, environ: Mapping[str, str] = {}) -> dict[str, Any]:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command], cwd=root, capture_output=True, text=True,
        check=True, env={**null_build._environ(), **environ},
    )  # fmt: skip
    code, said, cpu, mb = json.loads(done.stdout)
    assert code in (0, 1), said
    wall = round(time.monotonic() - began, 2)
    return {"what": what, "wall": wall, "cpu": round(cpu, 2), "mb": round(mb), "said": said}


def _ours(what: str, root: Path, *words: str) -> dict[str, Any]:
    return _took(what, root, str(Path(sys.executable).parent / "nightpress"), *words)


def _first(root: Path) -> list[dict[str, Any]]:
    return [_ours("first run in a fresh clone", root, "build", "-q")]


def _nothing(root: Path) -> list[dict[str, Any]]:
    for _ in range(2):  # what is left to do is done, and the note of it left
        _ours("", root, "build")
    rows = []
    for _ in range(3):
        rows += [
            _ours("nothing to do", root, "build"),
            _took("git status", root, "git", "status", "--short"),
        ]
    return [min((one for one in rows if one["what"] == name), key=lambda one: one["cpu"])
            for name in ("nothing to do", "git status")]  # fmt: skip


def _one(root: Path) -> list[dict[str, Any]]:
    target = root / "plugins" / f"plugin-{null_build.CHANGED:05}" / "GUIDE.md"
    target.write_text(target.read_text() + "\n\nOne more sentence stands here now.\n")
    first = _ours("one file changed, the first time", root, "build")
    target.write_text(target.read_text() + "\n\nAnd another one.\n")
    time.sleep(0.3)
    return [first, _ours("one file changed, later", root, "build")]


def _check(root: Path) -> list[dict[str, Any]]:
    return [_ours("check", root, "check", "-q"), _ours("check again", root, "check", "-q")]


def _report(root: Path) -> list[dict[str, Any]]:
    made = _ours("report", root, "report")
    page = (root / ".nightpress" / "report" / "index.html").stat().st_size
    return [made | {"what": f"report (page {page / 1e6:.1f} MB)"}]


def _backup(root: Path) -> list[dict[str, Any]]:
    rows = [_ours("first backup", root, "backup"), _ours("backup, nothing new", root, "backup")]
    if shutil.which("restic") is None:
        return rows
    repository = str(root.with_name("restic"))
    shutil.rmtree(repository, ignore_errors=True)
    environ = {
        "RESTIC_PASSWORD": "x", "RESTIC_REPOSITORY": repository, "RESTIC_PROGRESS_FPS": "0.01",
        "RESTIC_CACHE_DIR": f"{repository}-cache",
    }  # fmt: skip
    _took("", root, "restic", "init", environ=environ)
    backup = ("restic", "backup", "plugins", "manifests", "dodo.py", "nightpress.lock")
    rows += [
        _took(what, root, *backup, environ=environ)
        for what in ("restic, first", "restic, nothing new")
    ]
    shutil.rmtree(repository)
    return rows


_ROWS: dict[str, Callable[[Path], Sequence[dict[str, Any]]]] = {
    "first": _first, "nothing": _nothing, "one": _one, "check": _check, "report": _report,
    "backup": _backup,
}  # fmt: skip


def render(found: dict[str, Any]) -> str:
    rows = [
        f"Load {found['load']} at the end: seconds of the wall are those of a busy machine.\n",
        "| plugins | work | seconds | processor s | ms a plugin | MB |",
        "|---|---|---|---|---|---|",
    ]
    for plugins, taken in found["sizes"].items():
        rows += [
            f"| {plugins:,} | {one['what']} | {one['wall']} | {one['cpu']}"
            f" | {one['cpu'] / plugins * 1000:.2f} | {one['mb']} |"
            for one in taken
        ]
    return "\n".join(rows)
