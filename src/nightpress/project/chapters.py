"""The chapters of a project's dodo.py, which is a copy of ours from when the project was set up."""

from __future__ import annotations

import ast
import os
from pathlib import Path

from nightpress.errors import UsageError
from nightpress.project.resources import bundled
from nightpress.project.sync import replace
from nightpress.storage import private

__all__ = ["FOREIGN", "add_chapters", "foreign_dodo", "lacks_dodo"]

FOREIGN = ("dodo.py is not one of nightpress", "move it away, then nightpress init")
"""What is said of a dodo.py that does nothing with nightpress, and what to do."""


def lacks_dodo(root: Path) -> UsageError | None:
    """What to say where the project has no dodo.py that doit could read; None where it has."""
    path = root / "dodo.py"
    if path.is_file():
        return None
    if os.path.lexists(path):
        what = "not a regular file (a folder, FIFO, socket, device, or a link to one)"
        return UsageError(f"{path}: {what}", "remove it, then run nightpress init")
    return UsageError(f"there is no dodo.py in {root.resolve()}", "nightpress init writes it")


def foreign_dodo(root: Path) -> UsageError | None:
    """What to say of a dodo.py that never names nightpress; None where there is no such."""
    path = root / "dodo.py"
    if path.is_file() and b"nightpress" not in private.contents(path):
        return UsageError(*FOREIGN)
    return None


def add_chapters(root: Path) -> list[str]:
    """Append the task functions of our dodo.py that the project's has neither by name nor in use;
    their names. What is there stays as it is. UsageError where it cannot be read or written."""
    path = root / "dodo.py"
    if lacks := lacks_dodo(root):
        raise lacks
    try:
        text = private.contents(path).decode("utf-8")
        module = ast.parse(text)
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "fix it first") from None
    defined = {node.name for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
    used = {node.attr for node in ast.walk(module) if isinstance(node, ast.Attribute)}
    source = bundled("dodo.py").read_text(encoding="utf-8")
    missing = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and node.name not in defined
        and node.name.removeprefix("task_") not in used
    ]
    if missing:
        parts = [str(ast.get_source_segment(source, node)) for node in missing]
        if not _imports_tasks(module):
            parts.insert(0, "from nightpress import tasks")
        added = "\n\n\n".join([text.rstrip("\n"), *parts]) + "\n"
        replace(path, "dodo.py", added.encode("utf-8"))
    return [node.name.removeprefix("task_").replace("_", "-") for node in missing]


def _imports_tasks(module: ast.Module) -> bool:
    imports = (node for node in module.body if isinstance(node, ast.ImportFrom))
    names = (name for node in imports if node.module == "nightpress" for name in node.names)
    return any(name.name == "tasks" and name.asname is None for name in names)
