"""`doit report`: figures from ledger, catalog, quota and snapshots, written as page, text and JSON.

Everything here reads; the ledger is not written, no run is slowed.
"""

from nightpress.report.assemble import gather
from nightpress.report.write import summary, write

__all__ = ["gather", "summary", "write"]
