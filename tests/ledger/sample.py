"""A small ledger, the same at every making: three nights of nine plugins, written by the ledger's
own code on a clock of its own. docs/ledger.md shows the classic questions and their answers on it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightpress.ledger.ledger import Ledger
from nightpress.ledger.rows import Call, NewAttempt

MODEL = "gemini-3.5-flash-lite"
NIGHT = 1_795_387_500.0
"""2026-11-22 22:45 UTC, in epoch seconds."""
DAY = 86_400.0


@dataclass(slots=True)
class Clock:
    at: float = NIGHT - 2 * DAY

    def time(self) -> float:
        return self.at


NIGHTS: tuple[tuple[tuple[str, str, int | None], ...], ...] = (
    (
        ("api-contract-keeper", "published", 2_100), ("changelog-keeper", "published", None),
        ("commit-guard", "refused", 3_300), ("dependency-watch", "published", None),
        ("incident-scribe", "adopted", 9_500), ("migration-reviewer", "failed", 2_600),
        ("note-stamp", "insufficient", None), ("release-ledger", "published", 18_400),
        ("test-triage", "deferred", None),
    ),
    (
        ("commit-guard", "published", 3_300), ("migration-reviewer", "published", 2_600),
        ("test-triage", "published", None),
    ),
    (("api-contract-keeper", "published", 10_807), ("release-ledger", "kept", 11_950)),
)  # fmt: skip
WHY = {
    "refused": ("refused", "grounding.command: /guard-all is not a command of this plugin"),
    "failed": ("transient", "503 The model is overloaded"),
    "insufficient": ("NightpressError", "too little source: 866 of 8,000 bytes"),
    "deferred": ("Deferred", "the day's requests are spent"),
    "kept": ("NightpressError", "edited by hand since we published it"),
}


def make(path: Path) -> Ledger:
    """The sample ledger, written to `path`."""
    clock = Clock()
    ledger = Ledger(path, clock.time)
    for number, night in enumerate(NIGHTS):
        clock.at = NIGHT + (number - 2) * DAY
        run = f"night-{number + 1}"
        ledger.begin_run(run, pid=1, command="doit", backend="gemini", model=MODEL, version="0.1.0")
        for place, (plugin, status, before) in enumerate(night):
            _attempt(ledger, clock, run, plugin, status, before, 7 * number + place)
        ledger.end_run(run, int(number == 0), {})
    return ledger


def _attempt(
    ledger: Ledger, clock: Clock, run: str, plugin: str, status: str, before: int | None, n: int
) -> None:
    digest = f"{n + 1:064x}"
    row = ledger.begin(
        run,
        NewAttempt(
            job=f"{plugin}/skill", plugin_name=plugin, plugin_path=f"plugins/{plugin}",
            enhancement_type="skill", target_path=f"plugins/{plugin}/skills/{plugin}/SKILL.md",
            backend="gemini", model_requested=MODEL, reasons=["never made"],
            fingerprint={"content": digest}, bytes_before=before, snapshot_id=f"snapshot-{n}",
        ),
    )  # fmt: skip
    asked = status in ("published", "refused", "failed")
    if asked:
        _calls(ledger, run, plugin, row, status, n)
    spent = 9.5 + 1.25 * n if asked else 0.02
    clock.at += spent + 4.0
    done: dict[str, Any] = {"processing_time_seconds": spent, "waited_seconds": 4.0 * asked}
    if status in WHY:
        done["error_class"], done["error_message"] = WHY[status]
    if status in ("published", "refused"):
        done |= {
            "model_answered": MODEL, "bytes_after": 9_900 + 137 * n, "tokens_in": 6_000 + 40 * n,
            "tokens_out": 2_900 + 30 * n, "score_after": 88 + n % 9,
            "score_before": None if before is None else 41 + n,
            "findings": _findings(status),
        }  # fmt: skip
    if status in ("published", "adopted"):
        done |= {"content_sha256": digest, "verified": True}
        done.setdefault("bytes_after", before)
    ledger.end(row, status, **done)


def _calls(ledger: Ledger, run: str, plugin: str, row: int, status: str, n: int) -> None:
    answered = None if status == "failed" else MODEL
    rerouted = "gemini-3.1-flash-lite" if n == 3 else answered
    for phase, who in (("analysis", MODEL), ("generation", rerouted)):
        failed = phase == "generation" and status == "failed"
        ledger.call(
            run,
            Call(
                job=plugin if phase == "analysis" else f"{plugin}/skill", phase=phase, attempt=1,
                backend="gemini", model_requested=MODEL,
                outcome="transient" if failed else "reply", prompt_sha256=f"{n:064x}",
                seconds=round(2.0 + 0.35 * n + 6.0 * (phase == "generation"), 2),
                http_status=503 if failed else 200, model_answered=None if failed else who,
                tokens_in=0 if failed else 6_000 + 40 * n,
                tokens_out=0 if failed else 900 + 100 * n,
                enhancement_id=None if phase == "analysis" else row, cost=0.0,
            ),
        )  # fmt: skip


def _findings(status: str) -> str:
    found = [("description.trigger", "warning")]
    if status == "refused":
        found.append(("grounding.command", "error"))
    return json.dumps(
        [{"check": check, "severity": severity, "message": "as the gate says"}
         for check, severity in found]
    )  # fmt: skip
