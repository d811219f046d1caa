"""How many calls a model may have in flight at once, over all runs of a user on this machine.

Each call holds the lock of one of so many files. The kernel releases it at death, so a run that was
killed holds no place.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from nightpress import fingerprint
from nightpress.storage import private

FOLDER = "in-flight"
"""Beside the quota ledger."""


def enter(folder: Path, account: str, model: str, most: int) -> int | None:
    """A place among `most`, held until it is closed (os.close); None: all are taken."""
    private.folder(folder)
    whose = fingerprint.digest(account, model)[:16]
    for number in range(most):
        path = folder / f"{whose}-{number}"
        private.file(path)
        place = private.opened(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(place)
        except BaseException:
            os.close(place)
            raise
        else:
            return place
    return None
