"""One audit of the ledger: of what was recorded since the last one without a break, or of all.

How far that one came is remembered in the index: a cache, without which all is read again.
"""

from __future__ import annotations

import msgspec

from nightpress.ledger.chain import Break, Mark
from nightpress.ledger.ledger import Ledger
from nightpress.storage import Index

EACH = 30 * 86_400
"""Seconds after which all is read again: bits flip in what nobody has touched, too."""
_NAME = "audited"


class Audited(msgspec.Struct, frozen=True):
    """The last audit without a break: of which ledger, when all of it was read, and how far."""

    ledger: str
    whole: float
    mark: Mark


def audit(ledger: Ledger, index: Index, *, full: bool) -> tuple[list[Break], float | None]:
    """Every break; when all of it was read last, where this one has read what is new alone."""
    known = None if full else _last(ledger, index)
    reached = ledger.mark()
    breaks = ledger.verify(known.mark if known else Mark())
    if not breaks:
        whole = known.whole if known else ledger.now()
        held = Audited(ledger.identity(), whole, reached)
        index.set_meta(_NAME, msgspec.json.encode(held).decode())
    return breaks, known.whole if known else None


def _last(ledger: Ledger, index: Index) -> Audited | None:
    """The last audit, where it is of this ledger and all of it was read not long ago."""
    try:
        held = msgspec.json.decode(index.meta(_NAME), type=Audited)
    except msgspec.DecodeError:
        return None
    is_ours = held.ledger == ledger.identity()
    return held if is_ours and 0 <= ledger.now() - held.whole < EACH else None
