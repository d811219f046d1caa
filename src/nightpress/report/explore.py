"""`doit explore`: the ledger in Datasette, read-only, on this machine alone.

Datasette opens the file with mode=ro beside whatever runs; what it shows first (titles,
facets, canned queries) is written to `.nightpress/explore/metadata.json`.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

from nightpress.errors import NightpressError, UsageError
from nightpress.ledger import questions
from nightpress.project import Project
from nightpress.storage import atomic, private

HOST = "127.0.0.1"

FACETS = {
    "enhancements": ["status", "enhancement_type", "backend", "model_answered", "error_class"],
    "latest": ["status", "enhancement_type", "error_class"],
    "calls": ["outcome", "phase", "model_requested", "model_answered", "http_status"],
    "quality": ["enhancement_type"],
    "runs": ["backend", "model", "exit_code"],
    "backups": ["kind", "ok", "off_site"],
}

# over a million attempts the slowest view (durations) takes 6 s
SETTINGS = {"sql_time_limit_ms": 30_000, "facet_time_limit_ms": 1000, "default_page_size": 50}


def metadata() -> dict[str, Any]:
    """Datasette's metadata: titles, facets, and the classic questions as canned queries."""
    tables: dict[str, Any] = {name: {"facets": facets} for name, facets in FACETS.items()}
    for name in ("enhancements", "latest", "calls"):
        tables[name]["sort_desc"] = "id"
    return {
        "title": "nightpress: the ledger",
        "databases": {
            "ledger": {
                "description": "Every attempt and call; docs/ledger.md tells of each table.",
                "tables": tables,
                "queries": {q.name: {"sql": q.sql, "title": q.asks} for q in questions.QUESTIONS},
            }
        },
    }


def explore(project: Project, port: int, say: Callable[[str], None]) -> None:
    """Become Datasette (so that Ctrl-C is its own to answer); port 0 takes a free one.
    NightpressError where it can't be."""
    if util.find_spec("datasette") is None:
        raise UsageError(
            "doit explore needs Datasette, which is not installed",
            "pip install 'nightpress[explore]'; or any SQLite client on .nightpress/ledger.db",
        )
    if not project.has_ledger:
        raise NightpressError("there is no ledger yet", "doit makes it, with the first attempt")
    project.ledger.store.connection()  # brings the views of this version
    project.ledger.store.close()
    path = project.state / "explore" / "metadata.json"
    private.folder(path.parent)
    atomic.write(path, json.dumps(metadata(), indent=1).encode(), private.FILE)
    port = _free(port)
    say(f"http://{HOST}:{port}/ledger (read-only, this machine only; Ctrl-C ends it)")
    words = command(project.ledger_path, path, port)
    os.execv(words[0], words)  # noqa: S606 - our own interpreter and arguments


def command(ledger: Path, described: Path, port: int) -> list[str]:
    """The words that start Datasette."""
    words = [sys.executable, "-m", "datasette", "serve", str(ledger), "--metadata", str(described)]
    for name, value in SETTINGS.items():
        words += ["--setting", name, str(value)]
    return [*words, "--host", HOST, "--port", str(port)]


def _free(port: int) -> int:
    """The port if nobody listens there (a free one for 0); UsageError if somebody does."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UsageError(
                f"port {port} is taken ({error.strerror})", "doit explore --port 0 takes a free one"
            ) from None
        return int(probe.getsockname()[1])
