"""A fact that is added to a plugin reaches its document, as long as that has room."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightpress.model import Window

from .plugins import WORDS, harbour, material
from .test_documents import document

Files = dict[str, str]


def _after(path: str, text: str, heading: str = "") -> Callable[[Files], Files]:
    """Add a text at the end of a file, or of its section that is called so."""

    def add(files: Files) -> Files:
        before = files[path]
        at = re.search(rf"(?m)^## {heading}\n(?:(?!## ).*\n)*", before) if heading else None
        end = at.end() if at else len(before)
        return {**files, path: f"{before[:end].rstrip()}\n\n{text}\n\n{before[end:]}"}

    return add


def _beside(path: str, text: str) -> Callable[[Files], Files]:
    return lambda files: {**files, path: text}


def _item(text: str) -> Callable[[Files], Files]:
    """Add an item to the README's list of features."""
    last = "- Tides by the hour\n"
    return lambda files: {
        **files,
        "README.md": files["README.md"].replace(last, f"{last}- {text}\n"),
    }


def _hook(event: str, word: str) -> Callable[[Files], Files]:
    command = {"type": "command", "command": f"scripts/log.sh {word}"}
    return _beside("hooks/hooks.json", json.dumps({"hooks": {event: [{"hooks": [command]}]}}))


KINDS: dict[str, tuple[Callable[[str], Callable[[Files], Files]], str]] = {
    "option, as an item": (lambda w: _item(f"`--{w}`: fail at the first gale"), "--{}"),
    "feature in plain words": (lambda w: _item(f"Warns about {w} crossings"), "{} crossings"),
    "sentence": (
        lambda w: _after("README.md", f"It also understands {w} charts.", "Features"),
        "{} charts",
    ),
    "limit": (
        lambda w: _after("README.md", f"Charts over 57 MB of {w} are skipped.", "Troubleshooting"),
        "57 MB",
    ),
    "section": (lambda w: _after("README.md", f"## Limits\n\nAt most 143 {w}s."), "143 {}s"),
    "answer": (lambda w: _after("README.md", f"## FAQ\n\n**Why {w}?** It floats."), "Why {}?"),
    "example": (
        lambda w: _after("README.md", f"## On the quay\n\n```bash\n/tides --{w} 7\n```"),
        "/tides --{} 7",
    ),
    "setting": (
        lambda w: _after(
            "README.md", f"## Configuration\n\n| Key | Default |\n|---|---|\n| `{w}.depth` | 17 |"
        ),
        "{}.depth",
    ),
    "exit code": (
        lambda w: _after("commands/tides.md", f"## Exit codes\n\n- 43: no {w} found"), "43: no {}",
    ),
    "rule": (lambda w: _after("commands/tides.md", f"Never sail by {w} at night."), "by {} at"),
    "command": (
        lambda w: _beside(f"commands/x-{w}.md", "---\ndescription: Paint it\n---\n\nPaints.\n"),
        "/x-{}",
    ),
    "agent": (
        lambda w: _beside(f"agents/x-{w}.md", f"---\nname: x-{w}\ndescription: Paints\n---\n\nx\n"),
        "x-{}",
    ),
    "hook": (lambda w: _hook("SessionEnd", w), "SessionEnd"),
    "server": (
        lambda w: _beside(".mcp.json", json.dumps({"mcpServers": {f"x-{w}": {"command": "node"}}})),
        "x-{}",
    ),
    "script and its variable": (
        lambda w: _beside(f"scripts/{w}.sh", f'#!/bin/sh\necho "$X_{w}"\n'), "scripts/{}.sh",
    ),
    "document": (
        lambda w: _beside("docs/x.md", f"# Paint\n\n## Coats\n\nTwo coats of {w}, by day.\n"),
        "coats of {}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=6, deadline=None)
@given(word=st.sampled_from(WORDS), berths=st.sampled_from([0, 2, 6]))
def test_a_fact_that_is_added_reaches_the_document(kind: str, word: str, berths: int) -> None:
    add, said = KINDS[kind]
    made = material(add(word)(harbour(berths)), window=Window(1_200, 14_000))
    assert said.format(word) in document(made)
