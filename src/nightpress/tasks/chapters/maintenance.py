"""The record and what can be had back from it: restore, audit, prune."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from nightpress.errors import UsageError
from nightpress.tasks.session import Session
from nightpress.tasks.task import FORMAT, Task, command, option, say, say_json, switch
from nightpress.text import some
from nightpress.voice import spoken

__all__ = ["audit", "prune", "restore"]

UNSET = -1
"""Stands for an option that was not given."""


def restore() -> Task:
    """Bring a plugin back from one of its snapshots, bit for bit; or list them."""

    def act(now: Session, plugin: str, snapshot: str, list: bool, format: str) -> bool:
        from nightpress.pipeline import earlier, restore

        if list:
            rows = restore.rows(now.project, plugin or None)
            if format == "json":
                say_json(rows)
                return True
            for row in rows:
                say(
                    f"{row['id']}  {row['taken']}  {row['plugin']:<40} {some(row['files'], 'file')}"
                )
            say(some(len(rows), "snapshot"))
            return True
        if not plugin:
            raise UsageError(
                "which plugin?",
                "doit restore --plugin NAME [--snapshot ID], or doit restore --list",
            )
        if "/" in plugin:
            now.known(plugin)
            lines, in_time = earlier.document(now.run, now.press, plugin, snapshot or None), True
        else:
            lines, in_time = restore.restore(now.run, now.press, plugin, snapshot or None)
        if format == "json":
            say_json({"plugin": plugin, "lines": [spoken(line) for line in lines]})
            return in_time
        for line in _folded(lines) if sys.stdout.isatty() else lines:
            say(line)
        return in_time

    return command(
        act,
        option("plugin", "the plugin to bring back (its manifest's name), or PLUGIN/NAME"),
        option("snapshot", "which snapshot (default: the newest)"),
        switch("list", "list the snapshots there are"),
        FORMAT,
    )


_CHANGES = ("restored ", "removed ")
MOST = 12
"""Changes that a terminal is told of, one by one."""


def _folded(lines: Sequence[str]) -> Iterator[str]:
    """The lines, but of many changes the number."""
    changes = [line for line in lines if line.startswith(_CHANGES)]
    yield from changes[:MOST]
    if more := changes[MOST:]:
        yield f"and {some(len(more), 'more change')}"
    yield from (line for line in lines if not line.startswith(_CHANGES))


def audit() -> Task:
    """Verify the ledger's hash chain: what was recorded since the last audit, or all of it."""

    def act(now: Session, format: str, full: bool) -> bool:
        from nightpress.ledger import audit

        if not now.project.has_ledger:
            say_json({"breaks": []}) if format == "json" else say("there is no ledger yet")
            return True
        breaks, whole = audit.audit(now.project.ledger, now.project.index, full=full)
        if format == "json":
            say_json({"breaks": [{"seq": b.seq, "what": b.what} for b in breaks]})
            return not breaks
        for gap in breaks:
            say(f"chain, link {gap.seq}: {gap.what}")
        entries, gone = now.project.ledger.chain_size()
        pruned = f" ({gone} more were pruned)" if gone else ""
        broken = some(len(breaks), "break") if breaks else "no breaks"
        new = f"; read what is new, all of it on {_day(whole)} (--full)" if whole else ""
        say(f"{some(entries, 'row')} in the chain{pruned}: {broken}{new}")
        return not breaks

    return command(act, FORMAT, switch("full", "read all of it, not only what is new"))


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def prune() -> Task:
    """Thin out what is old and not needed."""

    def act(now: Session, days: int, dry_run: bool) -> bool:
        from nightpress.pipeline import prune

        after = None if days == UNSET else days
        now.step_aside()
        pruned = prune.prune(
            now.project, after, dry=dry_run, stop=now.run.stop, alone=now.come_back
        )
        if pruned.rows.anything and not dry_run:
            now.run.begin()  # the ledger says who thinned it out, and when
            if pruned.left:
                now.run.end(0)
        for line in pruned.lines():
            say(line)
        return True

    days = option("days", "younger than that stays (else retention.days, else 90)", UNSET)
    return command(act, days, switch("dry-run", "only show what would be removed"))
