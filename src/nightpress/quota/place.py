"""Where calls are counted: in the user's own folder, since a quota belongs to a credential, and
all marketplaces of a machine share it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from nightpress.storage import atomic, private

NAME = "quota.db"
HERE = "quota-here.db"
"""In a project's state, where the user's folder cannot be written."""
ACCOUNT = "account"
"""In a project's state: the account that its last run asked (a digest)."""


class Place(Struct, frozen=True):
    """path: the ledger; earlier: those of this project that may be from before; trouble: why it is
    not the user's own, "" where it is."""

    path: Path
    earlier: tuple[Path, ...]
    trouble: str = ""


def of(state: Path) -> Place:
    """The ledger for a project with this state; nothing is made."""
    own, here = _own(), state / HERE
    if trouble := _trouble(own):
        told = f"{own.parent} {trouble}: calls are counted for this project alone, in {here.name}"
        return Place(here, (state / NAME,), told)
    return Place(own, (state / NAME, here))


def last_account(state: Path) -> str:
    """The account that the project's last run asked; "" before the first."""
    try:
        return private.contents(state / ACCOUNT).decode("ascii", "replace").strip()
    except OSError:
        return ""


def keep_account(state: Path, account: str) -> None:
    """For those who look at the quota later, without the key. The caller holds the run lock."""
    if account and account != last_account(state):
        with suppress(OSError):  # what a later look shows is no reason to stop
            private.folder(state)
            atomic.sweep_own(state / ACCOUNT)
            atomic.write(state / ACCOUNT, f"{account}\n".encode(), private.FILE)


def _own() -> Path:
    """`$XDG_STATE_HOME/nightpress/quota.db`, else where the system has such things."""
    import platformdirs

    return platformdirs.user_state_path("nightpress", appauthor=False) / NAME


def _trouble(path: Path) -> str:
    if not path.is_absolute():  # nobody knows this user's home
        return "is no place"
    try:
        folder = next(one for one in path.parents if os.path.lexists(one))
        if not folder.is_dir():
            return f"cannot be made ({folder} is not a folder)"
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            return "cannot be written"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if os.access(folder, os.W_OK | os.X_OK) else "cannot be written"
