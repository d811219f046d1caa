"""Warn when a file that was just written is larger than the repository allows."""

import json
import pathlib
import sys

LIMIT = 500_000

event = json.load(sys.stdin)
path = pathlib.Path(event.get("tool_input", {}).get("file_path", ""))
if path.is_file() and path.stat().st_size > LIMIT:
    print(f"commit-guard: {path} has {path.stat().st_size:,} bytes", file=sys.stderr)
    sys.exit(2)
