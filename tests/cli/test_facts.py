"""`nightpress facts`: by folder, by a manifest's name, and for a name that nothing has."""

from __future__ import annotations

import json
from pathlib import Path

from tests.market import Market, plugin


def test_by_folder_and_by_name(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    plugin(root, "alpha", size=12_000)
    made = Market(root)
    folder = next(root.rglob(".claude-plugin")).parent
    bare = made.run("nightpress", "facts", str(folder.relative_to(root)))
    assert bare.code == 0
    assert made.run("nightpress", "init").code == 0
    named = made.run("nightpress", "facts", "alpha")
    assert (named.code, named.out) == (0, bare.out)
    assert "command" in named.out

    every = json.loads(made.run("nightpress", "facts", "alpha", "--json").out)
    assert {fact["basis"] for fact in every} == {"structural", "said"}
    assert all(fact["lines"] for fact in every)

    wrong = made.run("nightpress", "facts", "alfa")
    assert wrong.code == 3
    assert "did you mean 'alpha'?" in wrong.err
    kind = made.run("nightpress", "facts", "alpha", "--kind", "optoin")
    assert kind.code == 3
    assert "did you mean option?" in kind.err
