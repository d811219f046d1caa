"""The actions of doit's tasks; their names are what `doit info` shows.

Floor 4. Each hands on to the press; a known error ends the task with one paragraph.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from nightpress.errors import EXIT_FAILED, NightpressError
from nightpress.plan.state import Item
from nightpress.tasks import session
from nightpress.text import safe


def pace(item: Item) -> None:
    _do("pace", item)


def draft(item: Item) -> None:
    _do("draft", item)


def publish(item: Item) -> None:
    _do("publish", item)


def take(item: Item) -> None:
    _do("adopt", item)


def note(item: Item) -> None:
    _do("note", item)


def snapshot(slug: str) -> None:
    _do("snapshot", slug)


def analyse(slug: str) -> None:
    _do("analyse", slug)


def adopt(slug: str) -> None:
    from nightpress.tasks import verbs

    verbs.adopt(session.current(), slug)


def clean(*items: Item, dryrun: bool) -> None:
    """Ends the process where it fails: doit would print a traceback and exit with 0."""
    from nightpress.tasks import verbs

    try:
        verbs.clean(session.current(), items, dryrun)
    except (NightpressError, OSError) as error:
        # doit holds back what an action writes, and would never show it now
        (sys.__stderr__ or sys.stderr).write(f"{safe(str(error), newlines=True)}\n")
        raise SystemExit(getattr(error, "exit_code", EXIT_FAILED)) from None


MAKE: tuple[Callable[..., None], ...] = (pace, draft, publish)
BY_DECISION: dict[str, tuple[Callable[..., None], ...]] = {
    "adopt": (take,),
    "keep": (note,),
    "insufficient": (note,),
    "parked": (),
}


def _do(verb: str, over: Item | str) -> None:
    press = _press()
    try:
        getattr(press, verb)(over)
    except (NightpressError, OSError) as error:
        press.stumbled(over, error)


def _press() -> Any:
    now = session.current()
    if os.getpid() != now.pid:
        raise NightpressError(
            "nightpress runs in threads, not in processes",
            "leave out `-P process` (one ledger, one client, one pace for the whole run)",
        )
    return now.press
