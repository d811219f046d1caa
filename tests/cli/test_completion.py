"""`nightpress completion`: what the shells offer, asked of the real ones where they are there."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nightpress.backends import BACKENDS
from nightpress.cli import completion
from tests.market import Market, environment, plugin

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    root = tmp_path_factory.mktemp("market")
    for name in ("alpha", "alphabet", "beta"):
        plugin(root, name)
    made = Market(root)
    assert made.run("nightpress", "init").code == 0
    (root / "manifests" / "al$(touch pwned).yaml").write_text("plugin: plugins/beta\n")
    return made


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("buil", "build"),
        ("sta", "status"),
        ("build al", "alpha alphabet"),
        ("build alpha/", "alpha/skill"),
        ("build alpha be", "beta"),
        ("build nothing/", ""),
        ("facts be", "beta"),
        ("build --backend ", " ".join(sorted(["auto", *BACKENDS]))),
        ("build --max", "--max-calls --max-cost --max-tokens"),
        ("restore --plugin al", "alpha alphabet"),
        ("ci ", "check nightly"),
        ("ci nightly --ba", "--backend --base"),
        ("check --st", "--stale"),
        ("completion ", "bash fish zsh"),
        ("plan ", ""),
        ("nonsense ", ""),
    ],
)
def test_what_is_offered(market: Market, typed: str, offered: str) -> None:
    ran = market.run("nightpress", "completion", "words", *typed.split(" "))
    assert (ran.out.split(), ran.code, ran.err) == (offered.split(), 0, "")


def test_also_in_a_folder_of_the_project_and_outside_of_any(market: Market) -> None:
    words = ("completion", "words", "build", "be")
    assert Market(market.root / "plugins" / "beta").run("nightpress", *words).out == "beta\n"
    ran = Market(market.root.parent).run("nightpress", *words)
    assert (ran.out, ran.err, ran.code) == ("", "", 0)


ASK = {
    "bash": "source {script}; COMP_WORDS=(nightpress {words}); COMP_CWORD={at}; _nightpress;"
    " printf '%s\\n' \"${{COMPREPLY[@]}}\"",
    "zsh": "compdef() {{ : }}; _files() {{ print FILES }};"
    " compadd() {{ while [[ $1 != -- ]]; do shift; done; shift; print -rl -- $@ }};"
    " source {script}; words=(nightpress {words}); CURRENT={number}; _nightpress",
    "fish": "source {script}; complete -C {line}",
}


@pytest.mark.parametrize("shell", list(ASK))
def test_in_a_real_shell(market: Market, shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    script = tmp_path / f"nightpress.{shell}"
    script.write_text(market.run("nightpress", "completion", shell).out)

    def offered(*words: str) -> list[str]:
        listed = " ".join(shlex.quote(word) for word in words)
        line = ASK[shell].format(
            script=script, words=listed, at=len(words), number=len(words) + 1,
            line=shlex.quote(" ".join(["nightpress", *words])),
        )  # fmt: skip
        environ = environment(PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}", HOME=str(tmp_path))
        options = {"zsh": ["-f"], "bash": ["--norc"], "fish": ["--no-config"]}[shell]
        done = subprocess.run(
            [shell, *options, "-c", line], cwd=market.root, env=environ, capture_output=True,
            text=True, timeout=60, check=True,
        )  # fmt: skip
        return sorted(row.partition("\t")[0] for row in done.stdout.split("\n") if row)

    assert offered("stat") == ["status"]
    assert offered("build", "al") == ["alpha", "alphabet"]
    assert offered("build", "beta/") == ["beta/skill"]
    assert not (market.root / "pwned").exists()


def test_every_command_of_the_parser_is_known_to_suggestions() -> None:
    from nightpress import cli

    assert set(completion._choices(cli._parser())) == set(cli._OWN)
