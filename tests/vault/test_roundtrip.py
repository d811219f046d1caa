"""What goes into a vault comes out of it, bit for bit."""

from __future__ import annotations

from pathlib import Path

from nightpress.vault import LocalPlace, backup, restore_all
from tests.vault.tree import nasty, state


def test_a_nasty_tree_comes_back_bit_for_bit(tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    place = LocalPlace(tmp_path / "vault.db")
    done = backup(source, place)
    assert done.line().startswith(f"sent {done.sent:,} bytes, {done.new} objects new, 0 already")
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(tmp_path / "project")
