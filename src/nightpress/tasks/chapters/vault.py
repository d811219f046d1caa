"""The vault: backups, drills, archives, and what stays of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nightpress.tasks.session import Session
from nightpress.tasks.task import FORMAT, Task, command, option, say, say_json, switch

if TYPE_CHECKING:
    from nightpress.progress import Meter
    from nightpress.vault import Place

__all__ = ["archive", "backup", "backups", "drill", "forget_backups", "verify_vault"]


@contextmanager
def _opened(now: Session) -> Iterator[tuple[Place, Meter]]:
    """The project's vault, and the meter of a transfer."""
    from nightpress.progress import Meter
    from nightpress.vault import project

    meter = Meter(quiet=project.is_quiet(now.project), stop=now.run.stop)
    place = project.place(now.project)
    try:
        yield place, meter
    finally:
        meter.end()
        place.close()


def backup() -> Task:
    """Back everything up into the vault."""

    def act(now: Session) -> bool:
        from nightpress.vault import project

        with _opened(now) as (place, meter):
            lines, whole = project.back_up(now.project, place, meter.transfer)
        for line in lines:
            say(line)
        return whole

    return command(act)


def backups() -> Task:
    """The snapshots in the vault, with their age."""

    def act(now: Session, format: str) -> bool:
        from nightpress import vault

        at = now.clock.time()
        with _opened(now) as (place, _):
            snapshots = vault.snapshots(place)
            name, off_site = place.name, place.off_site
        if format == "json":
            rows = [snapshot.row(at) for snapshot in snapshots]
            say_json({"place": name, "off_site": off_site, "snapshots": rows})
            return True
        for snapshot in snapshots:
            say(snapshot.line(at))
        count = "1 snapshot" if len(snapshots) == 1 else f"{len(snapshots)} snapshots"
        say(f"{count} in {name}" + ("" if snapshots else "; make the first one: doit backup"))
        if not off_site:
            say(f"warning: {vault.NOT_OFF_SITE}")
        return True

    return command(act, FORMAT)


def drill() -> Task:
    """Rehearse a recovery: restore the newest backup, compare every hash."""

    def act(now: Session) -> bool:
        from nightpress.vault import project

        with _opened(now) as (place, meter):
            lines, passed = project.rehearse(now.project, place, meter.transfer)
        for line in lines:
            say(line)
        return passed

    return command(act)


def verify_vault() -> Task:
    """Read every object of the vault back."""

    def act(now: Session) -> bool:
        from nightpress import vault
        from nightpress.vault import project

        with (
            _opened(now) as (place, meter),
            project.recorded(now.project, "verify", place) as note,
        ):
            verdict = vault.verify(place, meter.transfer, now.clock)
            note(said=verdict.line(), ok=int(verdict.ok), bytes=verdict.bytes)
        for line in verdict.lines():
            say(line)
        return verdict.ok

    return {"basename": "verify-vault", **command(act)}


def archive() -> Task:
    """Write a backup as plain files: tar.gz, ledger, inventory."""

    def act(now: Session, into: str, snapshot: str) -> bool:
        from nightpress import vault
        from nightpress.vault import project

        parent = Path(into) if into else now.state / "archives"
        with (
            _opened(now) as (place, _),
            project.recorded(now.project, "archive", place) as note,
        ):
            written = vault.archive(place, parent, snapshot=snapshot or None)
            note(snapshot=written.snapshot, said=written.line(), partial=int(written.partial))
        for name, size, sha256 in written.files:
            say(f"{sha256[:16]}  {size:>12,}  {name}")
        say(written.line())
        return True

    return command(
        act,
        option("into", "the folder that gets it (default: .nightpress/archives)"),
        option("snapshot", "which snapshot (default: the newest)"),
    )


def forget_backups() -> Task:
    """Thin out the backups by the retention rules."""

    def act(now: Session, dry_run: bool) -> bool:
        from nightpress import vault
        from nightpress.vault import project

        with _opened(now) as (place, _):
            policy = project.policy(now.project)
            if dry_run:
                thinned = vault.forget(place, policy, dry=True)
            else:
                with project.recorded(now.project, "forget", place) as note:
                    thinned = vault.forget(place, policy)
                    note(said=thinned.line())
        for kept in thinned.kept:
            say(f"keep    {kept.snapshot.id}  ({', '.join(kept.why)})")
        for gone in thinned.forgotten:
            say(f"forget  {gone}")
        say(thinned.line())
        return True

    params = switch("dry-run", "only show what would be removed")
    return {"basename": "forget-backups", **command(act, params)}
