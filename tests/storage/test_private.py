"""What nightpress keeps is for its user alone, and what it starts knows no key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nightpress.storage import private
from tests.market import Market, plugin


@pytest.fixture(autouse=True)
def usual_umask() -> None:
    os.umask(0o022)


def open_to_others(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in [folder, *folder.rglob("*")]
        if not path.is_symlink() and path.stat().st_mode & 0o077
    ]


def built(tmp_path: Path) -> Market:
    plugin(tmp_path, "alpha", size=16_000)
    market = Market(tmp_path)
    market.run("nightpress", "init")
    return market


def test_all_that_is_kept_is_closed_to_others(tmp_path: Path) -> None:
    market = built(tmp_path)
    market.done()
    market.done("report")
    market.done("backup")
    market.doit("review", "html=1")
    assert open_to_others(market.root / ".nightpress") == []
    assert market.target("alpha").stat().st_mode & 0o777 == 0o644


def test_the_folder_of_an_earlier_version_is_closed(tmp_path: Path) -> None:
    market = built(tmp_path)
    (market.root / ".nightpress").mkdir(mode=0o755)
    market.done()
    assert (market.root / ".nightpress").stat().st_mode & 0o777 == 0o700


def test_a_command_that_is_told_knows_no_key(tmp_path: Path) -> None:
    market = built(tmp_path)
    out = tmp_path / "environment"
    defaults = market.root / "manifests" / "_defaults.yaml"
    told = f"notify:\n  command: [sh, -c, 'env > {out}']\n  env: [CHAT_ROOM]\n"
    defaults.write_text(defaults.read_text() + told)
    keys = {"GEMINI_API_KEY": "k-secret", "TURSO_AUTH_TOKEN": "t-secret", "CHAT_ROOM": "night"}
    market.doit("backend=offline", **keys)
    text = out.read_text()
    assert "PATH=" in text and "CHAT_ROOM=night" in text
    assert "secret" not in text


def test_git_knows_no_key(tmp_path: Path) -> None:
    market = built(tmp_path)
    seen = tmp_path / "seen"
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\nenv >> {seen}\nexit 1\n")
    fake.chmod(0o755)
    (market.root / ".git").mkdir()
    (market.root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    path = f"{fake.parent}:{os.environ['PATH']}"
    market.doit("backend=offline", PATH=path, GEMINI_API_KEY="k-secret")
    assert "GIT_OPTIONAL_LOCKS=0" in seen.read_text() and "secret" not in seen.read_text()


def test_the_environment_of_what_is_started() -> None:
    given = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "GEMINI_API_KEY": "k",
        "AWS_PROFILE": "p",
        "GIT_DIR": "x",
    }
    assert private.environment(given, ["AWS_PROFILE"]) == {
        "PATH": "/bin", "LC_ALL": "C", "AWS_PROFILE": "p",
    }  # fmt: skip
