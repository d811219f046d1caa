"""A plugin's own plugin.json, where it cannot be used: Claude Code would not load such a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nightpress.errors import UnsafePath
from nightpress.plugin import anatomy, sources
from nightpress.project.problems import Problem
from nightpress.storage import tree

HINT = "fix it: Claude Code does not load the plugin, and no document is made from the rest"


def problems(root: Path, plugin: str) -> Iterator[Problem]:
    """Of the plugin.json that counts, if one is there; plugin: the folder, relative to root."""
    prefix = "" if plugin == "." else f"{plugin}/"
    for path in anatomy.PLUGIN_JSON:
        try:
            data = tree.read(root, prefix + path, sources.FILE_CAP)
        except FileNotFoundError:
            continue
        except (OSError, UnsafePath):
            return  # a link, a special file or too large a one: the walk tells of it
        text = (sources.text_of(data) or "").removeprefix("\ufeff")
        if wrong := anatomy.wrong_json(text):
            line, column, message = wrong
            yield Problem(prefix + path, line, column, "", message, HINT)
        return
