"""FIFOs, sockets and devices, wherever a file is expected: nobody waits for one, nothing breaks."""

from __future__ import annotations

import os
import socket
import stat
import time
from pathlib import Path

import pytest

from tests.market import Market, plugin

SOON = 60.0
"""Seconds; a FIFO would take for ever, and /dev/zero all memory."""


def make(kind: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        here = Path.cwd()
        os.chdir(path.parent)  # its path may be longer than a socket's address
        try:
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(path.name)
        finally:
            os.chdir(here)
    elif kind == "link to /dev/zero":
        path.symlink_to("/dev/zero")
    else:
        try:
            os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
        except PermissionError:
            pytest.skip("only root may make a device")


KINDS = ("fifo", "socket", "device", "link to /dev/zero")
IN_PLUGIN = (
    "README.md", ".claude-plugin/plugin.json", ".gitignore", ".gitmodules", "commands/a.md",
    "skills/{}/SKILL.md", "hooks/hooks.json", ".mcp.json", "scripts/x.py", "extra.txt",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_plugin_it_is_passed_over(tmp_path: Path, kind: str) -> None:
    for number, place in enumerate(IN_PLUGIN):
        folder = plugin(tmp_path, f"odd-{number}")
        make(kind, folder / place.format(folder.name))
    plugin(tmp_path, "sound")
    market = Market(tmp_path)
    began = time.monotonic()
    for words in (("nightpress", "init"), ("doit",), ("nightpress", "check"), ("doit", "backup")):
        ran = market.run(*words)
        assert "Traceback" not in ran.out + ran.err and ran.code in (0, 1), ran
        assert "a bug of nightpress" not in ran.out + ran.err
    assert time.monotonic() - began < 3 * SOON
    assert market.target("sound").exists()


@pytest.mark.parametrize("kind", ["fifo", "socket"])
@pytest.mark.parametrize(
    "place",
    [
        "manifests/_defaults.yaml", "manifests/alpha.yaml", ".gitignore", "nightpress.lock",
        ".claude-plugin/marketplace.json", "generators/own/generator.yaml", "schemas/x.json",
        ".nightpress/run.lock", ".nightpress/account", ".nightpress/room", ".nightpress/quota.db",
        ".nightpress/ledger.db", ".nightpress/index.db", ".nightpress/doit.db",
    ],
)  # fmt: skip
def test_in_a_project_it_is_a_sentence(market: Market, place: str, kind: str) -> None:
    make(kind, market.root / place)
    began = time.monotonic()
    for words in (("doit", "backend=offline"), ("nightpress", "doctor"), ("nightpress", "status")):
        ran = market.run(*words)
        assert "Traceback" not in ran.out + ran.err, ran
        assert "a bug of nightpress" not in ran.out + ran.err
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("kind", KINDS)
def test_as_dodo_py_it_is_a_sentence(market: Market, kind: str) -> None:
    """Through `nightpress`; `doit` itself takes such a file for none."""
    make(kind, market.root / "dodo.py")
    for words in (("plan",), ("tonight",), ("init", "--chapters"), ("doctor",)):
        ran = market.run("nightpress", *words)
        assert ran.code in (1, 3) and "not a regular file" in ran.out + ran.err, ran
        assert "Traceback" not in ran.out + ran.err
