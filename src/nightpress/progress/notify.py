"""At the end of a run, a command or a webhook gets the summary as JSON, if the user wants one.

Off by default. Nothing here can fail a run: what goes wrong is one line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from nightpress.loopback import is_loopback
from nightpress.pipeline import Run
from nightpress.project import Project
from nightpress.storage import private

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
    settings = run.project.defaults.values.get("notify") or {}
    if not settings or not run.run_id:
        return
    body = json.dumps(summary(run, exit_code), ensure_ascii=True).encode("ascii")
    if command := settings.get("command"):
        _attempt(
            "the command", say, lambda: _run(run.project, command, body, settings.get("env", ()))
        )
    variable = settings.get("webhook_env")
    url = run.project.environ.get(variable, "") if variable else settings.get("webhook", "")
    if variable and not url:
        say(f"nobody was notified: {variable} is not set")
    elif url:
        _attempt(f"the webhook at {urlsplit(url).hostname}", say, lambda: _post(url, body))


def _attempt(who: str, say: Callable[[str], None], act: Callable[[], str]) -> None:
    try:
        wrong = act()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        wrong = _reason(error)
    if wrong:
        say(f"{who} was not notified: {wrong}")


def _reason(error: Exception) -> str:
    """What went wrong; an error's own text may hold the URL, and with it a secret."""
    from urllib.error import HTTPError, URLError

    if isinstance(error, HTTPError):
        return f"it answered {error.code}"
    if isinstance(error, URLError) and isinstance(error.reason, OSError):
        error = error.reason
    words = isinstance(error, OSError) and not getattr(error, "filename", None) and error.strerror
    return str(words or type(error).__name__)


def _run(project: Project, command: list[str], body: bytes, names: Iterable[str]) -> str:
    """Only its end is waited for: what it leaves running, and what it prints, holds nothing up."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as input:
        input.write(body)
        input.seek(0)
        process = subprocess.Popen(  # noqa: S603 - the user's own words, and no shell
            command, cwd=project.root, stdin=input, stdout=subprocess.DEVNULL, stderr=errors,
            env=private.environment(os.environ, names), start_new_session=True,
        )  # fmt: skip
        try:
            status = process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"it took longer than {COMMAND_SECONDS} s and was ended"
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - 2_000))
        lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    if not status:
        return ""
    return f"exit status {status}" + (f": {lines[-1][:200]}" if lines else "")


def _post(url: str, body: bytes) -> str:
    """Post in a thread of its own: an answer that drips byte by byte has no end in sight."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        return "the URL must be https"
    answers: list[str] = []

    def send() -> None:
        try:
            answers.append(_send(url, body))
        except Exception as error:  # noqa: BLE001 - told as one line
            answers.append(_reason(error))

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    sender.join(WEBHOOK_SECONDS)
    return answers[0] if answers else f"no answer within {WEBHOOK_SECONDS} s"


def _send(url: str, body: bytes) -> str:
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Stay(HTTPRedirectHandler):
        """A redirect would drop the body, and may lead anywhere: it is an error instead."""

        def redirect_request(self, *_: object) -> None:
            return None

    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - see _post
    with build_opener(Stay).open(request, timeout=WEBHOOK_SECONDS):  # raises for an error status
        return ""
