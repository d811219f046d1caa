"""`python -m nightpress.checks`: docs/checks.md on stdout, made from the registry."""

from __future__ import annotations

import sys

from nightpress.checks.registry_docs import page

if __name__ == "__main__":
    sys.stdout.write(page())
