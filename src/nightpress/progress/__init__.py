"""What a run shows while it goes on: events in; a screen, plain lines, `watch` and a notice out.

Listens, and reads the ledgers; nothing here slows a run down or can end it.

May import: pipeline, plan, vault, project, quota, backends, checks, plugin, ledger, storage,
fingerprint, text, lazy, clock, loopback, model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.progress.draw import Standing
    from nightpress.progress.meter import Meter
    from nightpress.progress.outlet import Lane, leave
    from nightpress.progress.watch import Watched, until_over
else:
    __getattr__ = lazy.attach(
        __name__,
        {
            "draw": ["Standing"],
            "meter": ["Meter"],
            "outlet": ["Lane", "leave"],
            "watch": ["Watched", "until_over"],
        },
    )

__all__ = [
    "Lane",
    "Meter",
    "Standing",
    "Watched",
    "draw",
    "eta",
    "leave",
    "live",
    "notify",
    "outlet",
    "plain",
    "summary",
    "until_over",
]
