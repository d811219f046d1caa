"""nightpress: AI-written documents for plugin marketplaces, made overnight and kept true."""

from __future__ import annotations

__version__ = "0.1.0"

_MERGED = ("tasks_reading", "tasks_review", "tasks_vault")
"""What copies of dodo.py import that were made before `tasks` offered every chapter."""


def __getattr__(name: str) -> object:
    if name in _MERGED:
        from importlib import import_module

        return import_module("nightpress.tasks")
    raise AttributeError(f"module 'nightpress' has no attribute {name!r}")
