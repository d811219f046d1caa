"""How a task ends where something is known to be wrong: one paragraph, and no traceback.

Floor 4.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from doit.exceptions import TaskFailed

from nightpress import errors
from nightpress.errors import NightpressError
from nightpress.tasks import session
from nightpress.text import safe


def telling(action: Callable[..., None]) -> Callable[..., TaskFailed | None]:
    """The action; a known error ends it, and its task fails."""

    @wraps(action)
    def run(*given: Any, **options: Any) -> TaskFailed | None:
        try:
            action(*given, **options)
        except (NightpressError, OSError) as error:
            return told(error)
        return None

    return run


def told(error: Exception) -> TaskFailed:
    """How a known error ends a task; a bug is raised again."""
    said = sentence(error)
    if known := errors.known(error):
        session.current().exit_code = known.exit_code
    return TaskFailed(said, report=True)


def sentence(error: Exception) -> str:
    """A known error in words that are safe to show; a bug is raised again."""
    if (known := errors.known(error)) is None:
        raise error
    return safe(str(known), newlines=True)
