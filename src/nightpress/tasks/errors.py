"""How a task ends where something is known to be wrong: one paragraph, and no traceback."""

from __future__ import annotations

from doit.exceptions import TaskFailed

from nightpress import errors
from nightpress.text import safe

__all__ = ["failed", "sentence"]


def failed(error: Exception) -> TaskFailed:
    """How a known error ends a task; a bug is raised again."""
    from nightpress.tasks import session

    text = sentence(error)
    if known := errors.known(error):
        session.current().exit_code = known.exit_code
    return TaskFailed(text, report=True)


def sentence(error: Exception) -> str:
    """A known error in words that are safe to show; a bug is raised again."""
    if (known := errors.known(error)) is None:
        raise error
    return safe(str(known), newlines=True)
