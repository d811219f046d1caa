"""At the end of a run, a command or a webhook gets the summary as JSON, if the user wants one.

Floor 3. Off by default. Nothing here can fail a run: what goes wrong is one line.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from nightpress.loopback import is_loopback
from nightpress.project import Project
from nightpress.run import Run

COMMAND_SECONDS = 30
WEBHOOK_SECONDS = 10
MOST = 50
"""Failures that are listed."""


def summary(run: Run, exit_code: int) -> dict[str, Any]:
    """What is told: figures, and the first failures with their reasons."""
    failures = run.failures()
    return {
        "run_id": run.run_id, "project": run.project.root.resolve().name, "command": run.command,
        "exit_code": exit_code, "counts": dict(run.counts()), "calls": run.calls,
        "tokens": run.tokens, "goes_on_at": run.goes_on_at, "interrupted": run.interrupted,
        "stopped": run.fatal,
        "failures": [
            {"job": o.job, "status": o.status, "reason": o.reason} for o in failures[:MOST]
        ],
        "more_failures": max(0, len(failures) - MOST),
    }  # fmt: skip


def tell(run: Run, exit_code: int, say: Callable[[str], None]) -> None:
    """Tell whoever the defaults name; say: where a failure of the telling is said."""
    asked = run.project.defaults.values.get("notify") or {}
    if not asked or not run.run_id:
        return
    body = json.dumps(summary(run, exit_code), ensure_ascii=True).encode("ascii")
    if command := asked.get("command"):
        _told("the command", say, lambda: _run(run.project, command, body))
    variable = asked.get("webhook_env")
    url = run.project.environ.get(variable, "") if variable else asked.get("webhook", "")
    if variable and not url:
        say(f"nobody was notified: {variable} is not set")
    elif url:
        _told(f"the webhook at {urlsplit(url).hostname}", say, lambda: _post(url, body))


def _told(who: str, say: Callable[[str], None], act: Callable[[], str]) -> None:
    try:
        wrong = act()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        wrong = type(error).__name__  # its text may hold the URL, and with it a secret
    if wrong:
        say(f"{who} was not notified: {wrong}")


def _run(project: Project, command: list[str], body: bytes) -> str:
    done = subprocess.run(  # noqa: S603 - the user's own words, and no shell
        command, input=body, cwd=project.root, capture_output=True, timeout=COMMAND_SECONDS,
        check=False,
    )  # fmt: skip
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if not done.returncode:
        return ""
    return f"exit status {done.returncode}" + (f": {said[-1][:200]}" if said else "")


def _post(url: str, body: bytes) -> str:
    from urllib.request import Request, urlopen

    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        return "the URL must be https"
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - see above
    with urlopen(request, timeout=WEBHOOK_SECONDS):  # noqa: S310 - raises for an error status
        return ""
