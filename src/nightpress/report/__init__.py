"""What is read afterwards: figures, page, Markdown, charts, `why`, SARIF, Datasette.

Everything here reads; the ledger is not written, no run is slowed.

May import: progress, pipeline, plan, vault, project, quota, backends, checks, plugin, ledger,
storage, fingerprint, text, lazy, clock, loopback, model, errors, voice.
"""

from nightpress.report.assemble import gather
from nightpress.report.write import summary, write

__all__ = ["gather", "summary", "write"]
