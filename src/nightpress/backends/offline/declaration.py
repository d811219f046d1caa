"""What nightpress knows of the offline backend before it composes anything."""

from __future__ import annotations

from nightpress.backends.declaration import Declaration, Environ, Settings
from nightpress.model import Backend, Material

__all__ = ["OFFLINE"]


def _make(_settings: Settings, _environ: Environ) -> Backend:
    from nightpress.backends.offline.backend import Offline

    return Offline()


def _extractable(material: Material) -> int:
    from nightpress.backends.offline.backend import extractable

    return extractable(material)


OFFLINE = Declaration(
    name="offline",
    title="the offline backend",
    kind="offline",
    make=_make,
    default_model="offline",
    extractable=_extractable,
)
