"""Plugins that mean harm, or are merely odd: each one's trouble is its own, and one line."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from nightpress.plugin import sources
from tests.market import Market, plugin

INSIDE = "the vault combination is seventeen"
BOMB = "---\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
Spoil = Callable[[Path, Path], None]


def fifo(folder: Path, _outside: Path) -> None:
    os.mkfifo(folder / "commands" / "wait.md")
    os.mkfifo(folder / "NOTES.md")


def unix_socket(folder: Path, _outside: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # a socket's path is short
    try:
        socket.socket(socket.AF_UNIX).bind("socket")
    finally:
        os.chdir(here)


def links(folder: Path, outside: Path) -> None:
    (folder / "secret.md").symlink_to(outside / "secret.md")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    (folder / "passwd.md").symlink_to("/etc/passwd")


def hard_link(folder: Path, outside: Path) -> None:
    os.link(outside / "secret.md", folder / "commands" / "extra.md")


def sparse(folder: Path, _outside: Path) -> None:
    with (folder / "big.md").open("wb") as file:
        file.truncate(1 << 40)


def deep(folder: Path, _outside: Path) -> None:
    (folder / Path(*["d"] * 70)).mkdir(parents=True)


def bomb(folder: Path, _outside: Path) -> None:
    (folder / "commands" / "bomb.md").write_text(f"{BOMB}---\n\nBoom.\n")


def endless_json(folder: Path, _outside: Path) -> None:
    text = '{"name": ' + "[" * 100_000 + "]" * 100_000 + "}"
    (folder / ".claude-plugin" / "plugin.json").write_text(text)


def odd_names(folder: Path, _outside: Path) -> None:
    for name in (b"\xff\xfe.md", b"new\nline.md", b"\x1b[31mred.md", b"-rf.md", b"a=b.md"):
        with open(os.fsencode(folder / "commands") + b"/" + name, "wb") as file:
            file.write(b"\xff\xfe\x00 bytes")


def escapes(folder: Path, _outside: Path) -> None:
    given = {"name": "\x1b[2J\x1b]0;owned\x07", "description": "Keeps \u202e ledgers in order"}
    (folder / ".claude-plugin" / "plugin.json").write_text(json.dumps(given))


WITH_WORK: dict[str, Spoil] = {
    spoil.__name__.replace("_", "-"): spoil
    for spoil in (
        fifo, unix_socket, links, hard_link, sparse, deep, bomb, odd_names, escapes,
    )
}  # fmt: skip


def target_link(folder: Path, outside: Path) -> None:
    (folder / "skills" / folder.name).mkdir(parents=True)
    (folder / "skills" / folder.name / "SKILL.md").symlink_to(outside / "secret.md")


def skills_link(folder: Path, outside: Path) -> None:
    (folder / "skills").symlink_to(outside)


def target_hard_link(folder: Path, outside: Path) -> None:
    (folder / "skills" / folder.name).mkdir(parents=True)
    os.link(outside / "secret.md", folder / "skills" / folder.name / "SKILL.md")


def target_folder(folder: Path, _outside: Path) -> None:
    (folder / "skills" / folder.name / "SKILL.md").mkdir(parents=True)


def target_fifo(folder: Path, _outside: Path) -> None:
    (folder / "skills" / folder.name).mkdir(parents=True)
    os.mkfifo(folder / "skills" / folder.name / "SKILL.md")


REFUSED: dict[str, Spoil] = {
    spoil.__name__.replace("_", "-"): spoil
    for spoil in (target_link, skills_link, target_hard_link, target_folder, target_fifo)
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Market, Path, str]:
    """A marketplace of such plugins and a good one, documented; what was printed."""
    top = tmp_path_factory.mktemp("hostile")
    outside = top / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text(f"# Secret\n\n{INSIDE}\n")
    market = Market(top / "market")
    plugin(market.root, "good")
    (market.root / "plugins" / "linked").symlink_to(outside)
    for name, spoil in (WITH_WORK | REFUSED | {"endless-json": endless_json}).items():
        spoil(plugin(market.root, name), outside)
    found = market.run("nightpress", "init")
    done = market.doit()
    return market, outside, found.out + found.err + done.out + done.err


def test_the_good_plugin_is_documented_and_nothing_breaks(
    ran: tuple[Market, Path, str],
) -> None:
    market, _, said = ran
    assert market.target("good").stat().st_size >= 8_000
    assert "Traceback" not in said
    assert "bug" not in said
    assert not {c for c in said if ord(c) < 32 or 0x7F <= ord(c) < 0xA0} - {"\n"}
    assert "\u202e" not in said


@pytest.mark.parametrize("name", WITH_WORK)
def test_an_odd_plugin_still_gets_its_document(ran: tuple[Market, Path, str], name: str) -> None:
    market, _, _ = ran
    [found] = list((market.root / "plugins" / name / "skills").glob("*/SKILL.md"))
    assert 8_000 <= found.stat().st_size <= 14_000
    assert INSIDE not in found.read_text()
    assert "root:" not in found.read_text()


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_written_where_no_plain_file_is(
    ran: tuple[Market, Path, str], name: str
) -> None:
    market, _, said = ran
    told = (
        f"manifests/{name}.yaml:",
        f"notice: plugins/{name}/skills is",  # init's, of a link
        f"notice: plugins/{name}/skills/{name}/SKILL.md is",  # and of what is in the way
    )
    lines = [line for line in said.splitlines() if line.startswith(told)]
    assert len(lines) == 1, said
    assert market.rows(f"SELECT * FROM enhancements WHERE plugin_name = '{name}'") == []


def test_a_plugin_json_that_nobody_can_read_is_told(ran: tuple[Market, Path, str]) -> None:
    market, _, said = ran
    assert "plugins/endless-json/.claude-plugin/plugin.json:1:1: no JSON that can be read" in said
    assert not market.target("endless-json").exists()


def test_what_was_passed_over_is_told(ran: tuple[Market, Path, str]) -> None:
    _, _, said = ran
    for path, what in {
        "fifo/NOTES.md": "not a regular file",
        "hard-link/commands/extra.md": "a hard link that leads out: never read",
        "unix-socket/socket": "not a regular file",
    }.items():
        assert f"notice       plugins/{path}: warning: {what}" in said


def test_outside_nothing_changed(ran: tuple[Market, Path, str]) -> None:
    _, outside, _ = ran
    assert [path.name for path in outside.iterdir()] == ["secret.md"]
    assert (outside / "secret.md").read_text() == f"# Secret\n\n{INSIDE}\n"


def test_what_leads_out_is_in_no_copy(ran: tuple[Market, Path, str]) -> None:
    market, _, _ = ran
    for path in (market.root / ".nightpress").rglob("*"):
        if path.is_file():
            assert INSIDE.encode() not in path.read_bytes(), path


def test_a_second_run_has_nothing_to_do(ran: tuple[Market, Path, str]) -> None:
    market, _, _ = ran
    before = market.rows("SELECT COUNT(*) FROM enhancements")
    assert "nothing was done: 10 up to date, 1 error" in market.doit().out
    assert market.rows("SELECT COUNT(*) FROM enhancements") == before


def test_a_skill_may_be_called_backup(tmp_path: Path) -> None:
    """Its document is content that stands, travels into the vault, and comes back."""
    market = Market(tmp_path / "market")
    plugin(market.root, "backup")
    listed = {"name": "m", "plugins": [{"name": "backup", "source": "./plugins/backup"}]}
    (market.root / ".claude-plugin").mkdir()
    (market.root / ".claude-plugin" / "marketplace.json").write_text(json.dumps(listed))
    market.run("nightpress", "init")
    assert "1 published" in market.doit().out
    assert "nothing to do: 1 up to date" in market.doit().out
    assert market.doit("backup").code == 0
    back = Market(tmp_path / "back")
    place = str(market.root / ".nightpress" / "vault.db")
    assert market.run("nightpress", "restore-all", place, str(back.root)).code == 0
    assert back.target("backup").read_bytes() == market.target("backup").read_bytes()
    assert "nothing to do: 1 up to date" in back.doit().out


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_text_as_old_editors_wrote_it_is_read(tmp_path: Path, encoding: str) -> None:
    readme = plugin(tmp_path, "old", size=16_000) / "README.md"
    text = readme.read_text().replace("Ledgers for teams.", "Ledgers “for” naïve cafés, all.")
    readme.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    market = Market(tmp_path)
    market.run("nightpress", "init")
    assert "1 published" in market.done().out
    assert "Ledgers “for” naïve cafés, all." in market.target("old").read_text()


def test_utf_8_with_a_broken_byte_stays_utf_8() -> None:
    assert sources.text_of("naïve ".encode() + b"\xe9") == "naïve \ufffd"
    assert sources.text_of(b"\x89PNG\r\n\x1a\n\0\0") is None


def test_a_text_that_is_too_large_to_be_a_source_is_told(tmp_path: Path) -> None:
    readme = plugin(tmp_path, "huge", size=2_000) / "README.md"
    readme.write_text(readme.read_text() + "The ledger holds all that was settled.\n\n" * 8_000)
    market = Market(tmp_path)
    market.run("nightpress", "init")
    said = "plugins/huge/README.md: warning: over 256 KiB: no document is made from it"
    assert said in market.done("plan").out + market.doit("plan").err
    assert said in market.done().out


def test_a_finding_that_names_a_file_in_no_encoding_is_recorded(tmp_path: Path) -> None:
    commands = os.fsencode(plugin(tmp_path, "odd", size=16_000) / "commands")
    for name in (b"caf\xe9.md", b"na\xefve.md"):
        with open(commands + b"/" + name, "wb") as file:
            file.write(b"---\ndescription: The cafe step\n---\n\n# Cafe\n\nPay the cafe.\n")
    market = Market(tmp_path)
    market.run("nightpress", "init")
    done = market.doit()
    assert "Traceback" not in done.err
    assert [status for (status,) in market.rows("SELECT status FROM enhancements")] == ["refused"]
    assert "/caf\\\\udce9" in (tmp_path / ".nightpress/drafts/odd/skill.findings.json").read_text()
