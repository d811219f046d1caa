"""Where the bundled generators, schemas and dodo.py lie: package data in a wheel, else the
repository itself (an editable install)."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def bundled(name: str) -> Path:
    """The path of bundled data: `generators`, `schemas`, `dodo.py`."""
    packaged = _PACKAGE / "data" / name
    return packaged if packaged.exists() else _PACKAGE.parents[1] / name
