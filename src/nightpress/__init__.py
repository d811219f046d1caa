"""nightpress: AI-written documents for plugin marketplaces, made overnight and kept true.

From Python: `nightpress.open_project` (docs/api.md).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.version_info < (3, 11):  # noqa: UP036 - pip refuses it, a PYTHONPATH does not
    sys.stderr.write(
        "ERROR: nightpress needs Python 3.11 or later; this is"
        f" {sys.version_info[0]}.{sys.version_info[1]}: {sys.executable}\n"
        "  hint: make an environment with a newer one: python3.12 -m venv .venv\n"
    )
    raise SystemExit(3)

if TYPE_CHECKING:
    from nightpress.tasks.api import open_project

__all__ = ["__version__", "open_project"]

__version__ = "0.1.0"

_MERGED = ("tasks_reading", "tasks_review", "tasks_vault")
"""What copies of dodo.py import that were made before `tasks` offered every chapter."""


def __getattr__(name: str) -> object:
    from importlib import import_module  # the wings import this module: not one of them here

    if name == "open_project":
        function: object = import_module("nightpress.tasks.api").open_project
        return function
    if name in _MERGED:
        return import_module("nightpress.tasks")
    raise AttributeError(f"module 'nightpress' has no attribute {name!r}")
