"""One run: what is stale is asked for, judged, published and recorded.

`pipeline` has the actions of doit's tasks, in order; an `attempts.Attempt` is the one value that
they hand on. Beside it: `draft` and `ask` (a question and its reply, paid for once), `calls` and
`pacing` (what a call leaves, and when it may go), `publish` and `recover` (the update protocol,
and its end after a crash), `review`, `adopt`, `restore`, `clean`, `prune` (what a person
decides), `run` and `events` (what is told).

May import: plan, vault, project, quota, backends, checks, plugin, ledger, storage, fingerprint,
text, lazy, clock, loopback, model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.pipeline.engine import Engine
    from nightpress.pipeline.events import Event, Listener
    from nightpress.pipeline.merge import Merged
    from nightpress.pipeline.outlook import Outlook
    from nightpress.pipeline.pipeline import Press
    from nightpress.pipeline.review import Waiting
    from nightpress.pipeline.run import Run
else:
    __getattr__ = lazy.attach(
        __name__,
        {
            "engine": ["Engine"],
            "events": ["Event", "Listener"],
            "merge": ["Merged"],
            "outlook": ["Outlook"],
            "pipeline": ["Press"],
            "review": ["Waiting"],
            "run": ["Run"],
        },
    )

__all__ = [
    "Engine",
    "Event",
    "Listener",
    "Merged",
    "Outlook",
    "Press",
    "Run",
    "Waiting",
    "ask",
    "attempts",
    "canary",
    "clean",
    "draft",
    "engine",
    "merge",
    "outlook",
    "pacing",
    "pipeline",
    "prune",
    "publish",
    "recover",
    "restore",
    "review",
    "together",
]
