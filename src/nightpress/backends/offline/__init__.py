"""The offline backend: documents composed from the plugin's own words; no key, no network.

Floor 2. Deterministic and extractive: every sentence stands in the plugin's files, nothing is
padded, and the same plugin gives the same bytes on every machine.
"""

from __future__ import annotations

from nightpress.backends.offline.backend import Offline, extractable

__all__ = ["Offline", "extractable"]
