"""The chapters of dodo.py around the vault: backups, drills, archives, and what stays of them.

Floor 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nightpress.progress.meter import Meter
from nightpress.tasks import FORMAT, Task, switch, text, verb
from nightpress.tasks.session import Session

if TYPE_CHECKING:
    from nightpress.vault import Place


@contextmanager
def _travelling(now: Session) -> Iterator[tuple[Place, Meter]]:
    from nightpress.vault import project

    meter = Meter(quiet=project.is_quiet(now.project), stop=now.run.stop)
    where = project.place(now.project)
    try:
        yield where, meter
    finally:
        meter.end()
        where.close()


def backup() -> Task:
    def run(now: Session) -> bool:
        from nightpress.tasks import verbs
        from nightpress.vault import project

        with _travelling(now) as (where, meter):
            lines = project.back_up(now.project, where, meter.transfer)
        for line in lines:
            verbs.say(line)
        return True

    return verb(run)


def backups() -> Task:
    def run(now: Session, format: str = "text") -> bool:
        from nightpress import vault
        from nightpress.tasks import verbs

        at = now.project.clock.time()
        with _travelling(now) as (where, _):
            found = vault.snapshots(where)
            name, off_site = where.name, where.off_site
        if format == "json":
            rows = [one.row(at) for one in found]
            verbs.say_json({"place": name, "off_site": off_site, "snapshots": rows})
            return True
        for one in found:
            verbs.say(one.line(at))
        count = "1 snapshot" if len(found) == 1 else f"{len(found)} snapshots"
        verbs.say(f"{count} in {name}" + ("" if found else "; make the first one: doit backup"))
        if not off_site:
            verbs.say(f"warning: {vault.NOT_OFF_SITE}")
        return True

    return verb(run, [FORMAT])


def drill() -> Task:
    def run(now: Session) -> bool:
        from nightpress.tasks import verbs
        from nightpress.vault import project

        with _travelling(now) as (where, meter):
            lines, passed = project.rehearse(now.project, where, meter.transfer)
        for line in lines:
            verbs.say(line)
        return passed

    return verb(run)


def verify_vault() -> Task:
    def run(now: Session) -> bool:
        from nightpress import vault
        from nightpress.tasks import verbs
        from nightpress.vault import project

        with (
            _travelling(now) as (where, meter),
            project.recorded(now.project, "verify", where) as note,
        ):
            done = vault.verify(where, meter.transfer, now.project.clock)
            note(said=done.line(), ok=int(done.ok), bytes=done.bytes)
        for line in done.lines():
            verbs.say(line)
        return done.ok

    return {"basename": "verify-vault", **verb(run)}


def archive() -> Task:
    def run(now: Session, into: str, snapshot: str) -> bool:
        from nightpress import vault
        from nightpress.tasks import verbs
        from nightpress.vault import project

        parent = Path(into) if into else now.project.state / "archives"
        with (
            _travelling(now) as (where, _),
            project.recorded(now.project, "archive", where) as note,
        ):
            done = vault.archive(where, parent, snapshot=snapshot or None)
            note(snapshot=done.snapshot, said=done.line(), partial=int(done.partial))
        for name, size, sha256 in done.files:
            verbs.say(f"{sha256[:16]}  {size:>12,}  {name}")
        verbs.say(done.line())
        return True

    into = text("into", "the folder that gets it (default: .nightpress/archives)")
    return verb(run, [into, text("snapshot", "which snapshot (default: the newest)")])


def forget_backups() -> Task:
    def run(now: Session, dry_run: bool) -> bool:
        from nightpress import vault
        from nightpress.tasks import verbs
        from nightpress.vault import project

        with _travelling(now) as (where, _):
            policy = project.policy(now.project)
            if dry_run:
                done = vault.forget(where, policy, dry=True)
            else:
                with project.recorded(now.project, "forget", where) as note:
                    done = vault.forget(where, policy)
                    note(said=done.line())
        for one in done.kept:
            verbs.say(f"keep    {one.snapshot.id}  ({', '.join(one.why)})")
        for gone in done.forgotten:
            verbs.say(f"forget  {gone}")
        verbs.say(done.line())
        return True

    params = [switch("dry-run", "only say what would go")]
    return {"basename": "forget-backups", **verb(run, params)}
