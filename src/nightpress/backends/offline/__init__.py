"""The offline backend: documents composed from the plugin's own words; no key, no network.

Deterministic and extractive: every sentence stands in the plugin's files, nothing is padded, and
the same plugin gives the same bytes on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.backends.offline.backend import Offline, noting, take_in
else:
    __getattr__ = lazy.attach(__name__, {"backend": ["Offline", "noting", "take_in"]})

__all__ = ["Offline", "noting", "take_in"]
