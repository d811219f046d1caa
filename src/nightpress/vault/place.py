"""Where a vault is: the few things that every driver can do, and what goes wrong there.

Two drivers: a Turso (libSQL) database over HTTP, and a SQLite file on this machine. The same SQL
runs on both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from msgspec import Struct

from nightpress.errors import NightpressError

Value = None | int | float | str | bytes
Rows = list[tuple[Any, ...]]


class VaultError(NightpressError):
    """The vault cannot do what was asked."""


class Refused(VaultError):
    """A trigger or constraint of the vault refused a write: an invariant would have broken."""


class TooLarge(VaultError):
    """The answer is larger than the server lets through: ask for less at once."""


class Absent(VaultError):
    """There is no vault in this database yet."""


class Damaged(VaultError):
    """Something in the vault is not what it was when it was written."""


class Sql(Struct, frozen=True):
    """One statement and its arguments, bound by position (?1, ?2, ...)."""

    text: str
    args: Sequence[Value] = ()


class Place(Protocol):
    """A database that holds a vault. name: for messages, without any token; off_site: does it
    survive the loss of this machine; sent, received: bytes that travelled so far."""

    name: str
    off_site: bool

    @property
    def sent(self) -> int: ...

    @property
    def received(self) -> int: ...

    def read(self, *statements: Sql) -> list[Rows]:
        """The rows of each statement, in one round trip. Raises TooLarge, Absent."""

    def write(self, statements: Sequence[Sql]) -> None:
        """All of the statements or none of them, durably. Raises Refused."""

    def close(self) -> None:
        """Let go of it; a SQLite file is one file afterwards."""


def names(hashes: Iterable[str]) -> str:
    """A list as one argument, for `json_each`."""
    return json.dumps(list(hashes), separators=(",", ":"))
