"""`--json` of every command: its own JSON where it has some, else what it says, as one object."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

FORMATS = frozenset({
    "audit", "backups", "canary", "check", "plan", "report", "restore", "review", "validate",
    "watch", "why",
})  # fmt: skip
"""Commands with an option `--format json`."""
KNOW_IT = frozenset({"adopt", "analyse", "build", "doctor", "facts", "snapshot", "status"})
"""Commands that take --json as it is; those that make something print a JSON document per line."""


def translated(words: Sequence[str]) -> list[str] | None:
    """The words as their command knows them; None for one that has no JSON of its own (`told`)."""
    if words[0] in KNOW_IT:
        return list(words)
    if words[0] not in FORMATS:
        return None
    return [
        one for word in words for one in (("--format", "json") if word == "--json" else (word,))
    ]


def told(words: Sequence[str]) -> int:
    """Run the command; print its exit status and its lines as one object."""
    plain = [word for word in words if word != "--json"]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "nightpress", *plain],
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    found = {
        "command": plain[0], "exit_code": done.returncode,
        "lines": done.stdout.splitlines(), "errors": done.stderr.splitlines(),
    }  # fmt: skip
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=True) + "\n")
    return done.returncode
