"""The quota ledger (`.nightpress/quota.db`) and the pacer that stands before every call.

May import backends (what they declare), storage and the words. `Quota` counts: per project and
model requests a minute, input tokens a minute and requests a day, in one atomic reservation shared
by threads, processes and runs. `Pacer` waits: it is what the pipeline calls.
"""

from nightpress.quota.ledger import Closed, Quota, Reservation, Snapshot, Wait
from nightpress.quota.pacer import Pacer
from nightpress.quota.tables import MIGRATIONS

__all__ = ["MIGRATIONS", "Closed", "Pacer", "Quota", "Reservation", "Snapshot", "Wait"]
