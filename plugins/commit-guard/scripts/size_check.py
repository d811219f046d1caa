"""Say at once when a file that was just written is larger than the guard will let through.

Reads a PostToolUse event from standard input. Ends with 2 so that the session sees the reason.
"""

import fnmatch
import json
import sys
from pathlib import Path


def main() -> int:
    event = json.load(sys.stdin)
    given = event.get("tool_input", {}).get("file_path", "")
    if not given:
        return 0
    root, path = Path(event.get("cwd") or "."), Path(given)
    config = root / ".commit-guard.json"
    rules = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    limit = rules.get("maxBytes", 500_000)
    name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    allowed = any(fnmatch.fnmatch(name, pattern) for pattern in rules.get("allow", []))
    if allowed or not path.is_file() or path.stat().st_size <= limit:
        return 0
    size = path.stat().st_size
    print(f"commit-guard: {name} has {size:,} bytes, limit {limit:,}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
