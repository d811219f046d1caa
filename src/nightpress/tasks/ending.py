"""The end of a run: what is said of it, who is told, and the copy that may follow it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from nightpress import errors, voice
from nightpress.model import STANDING, Status
from nightpress.plan import staleness
from nightpress.progress import plain, summary
from nightpress.tasks.session import Session
from nightpress.text import some as counted

if TYPE_CHECKING:
    from nightpress.pipeline import Run

Say = Callable[[str], None]


def close_press(now: Session) -> None:
    """Write the lock file, let the backends go; a disk that refuses stops the run with a word."""
    press = now.open_press
    if press is None:
        return
    press.finish_left()
    if not now.run.stop.is_set():
        press.caller.box.send()
    try:
        press.lock.flush()
    except OSError as error:
        if (trouble := errors.machine_trouble(error)) is None:
            raise
        sentence = f"nightpress.lock was not written ({trouble.message}); the next run writes it"
        now.run.halt(f"{sentence}\n  hint: {trouble.hint}", trouble.exit_code)
    press.caller.close()


def problems(now: Session) -> list[str]:
    """The manifests and plugins that could not be worked with, by cause."""
    from nightpress.project import folded

    return folded([p for p in now.catalog.problems if p.severity == "error"])


def _in_short(reason: str) -> str:
    """One reason for all the files of people that are kept, whatever their sizes."""
    if reason.startswith(staleness.KEPT):
        return f"{staleness.KEPT}, undersized; `standing: review` proposes a draft"
    return reason


def lines(now: Session, seconds: float) -> list[str]:
    """The summary: what needs reading, how it goes on, and the totals at the end."""
    run = now.run
    idle: Counter[str] = Counter(now.catalog.unmoved)
    idle.update(item.decision.state for item in now.catalog.items.values() if not item.work)
    rows = _needs_reading(now)
    if sentence := now.catalog.new.sentence():
        rows.append(sentence)
    if run.fatal:
        rows += f"stopped: {run.fatal}".splitlines()
    if run.interrupted:
        rows.append("interrupted: run doit again to go on")
        rows += _not_made(now)
    if run.left and not run.fatal and not run.interrupted:
        rows.append(_deferred(now))
    rows += [f"  next         {text}" for text in _next(run)]
    idle_run = not (run.outcomes or run.fatal or run.interrupted)
    if idle_run:
        rows += _why_not(now)
        if waits := now.waiting():
            rows.append(waits)
    if not run.outcomes and (run.fatal or run.interrupted):
        return rows + _nothing_done(run, seconds)
    totals = summary.lines(run.endings(), idle, seconds=seconds, calls=run.calls, tokens=run.tokens)
    if (wrong := len(problems(now))) and not run.outcomes:
        _, _, stands = totals[-1].partition(": ")
        return [
            *rows,
            f"nothing was done: {stands + ', ' if stands else ''}{counted(wrong, 'error')}",
        ]
    return rows + totals


def _why_not(now: Session) -> list[str]:
    """Of the documents that somebody named, why nothing is done for them."""
    named = now.project.named
    idle = [
        item
        for item in now.catalog.items.values()
        if not item.work and item.decision.action != "fresh"
        if any(fnmatchcase(one, name) for name in named for one in (item.slug, item.id))
    ]
    few = sorted(idle, key=lambda item: item.id)[: summary.MOST]
    return [
        f"{item.decision.word:<12} {item.id}: {'; '.join(r.text for r in item.decision.reasons)}"
        for item in few
    ]


def _needs_reading(now: Session) -> list[str]:
    """What ended otherwise than well, and the notices: after a run whose lines fill a screen. Those
    of a shorter one are still in sight, and nothing is said twice."""
    run = now.run
    notices: list[str] = []
    lines = max(run.work, len(run.outcomes)) + len(run.notices)
    in_sight = bool(run.listeners) and lines <= plain.IN_SIGHT
    rows = summary.needs_reading(
        (o.key, o.job, _in_short(o.reason))
        for o in sorted(run.outcomes.values(), key=lambda outcome: outcome.job)
        # of the files that are kept no line was printed
        if o.status not in STANDING
        and not (o.status == Status.DEFERRED and o.job in run.left)
        and (not in_sight or o.reason.startswith(staleness.KEPT))
    )
    notices += [] if in_sight else run.notices
    if run.outcomes:
        notices += [str(p) for p in now.catalog.problems if p.severity == "warning"]
    rows += [f"  notice       {text}" for text in notices[: summary.MOST]]
    if (more := len(notices) - summary.MOST) > 0:
        rows.append(f"  notice       ... and {more} more: see `doit plan` and the log")
    return rows


def failures(now: Session) -> list[str]:
    """Why the exit status is not 0: all that a run without progress says."""
    run = now.run
    rows = summary.needs_reading((o.key, o.job, o.reason) for o in run.failures())
    return [row.lstrip() for row in rows] + ([f"stopped: {run.fatal}"] if run.fatal else [])


def _next(run: Run) -> list[str]:
    """What the user would do now: up to three commands, and what for."""
    counts = run.counts()
    waiting = sum("draft waits for you" in o.reason for o in run.outcomes.values())
    lost = sum(counts[status] for status in (Status.REFUSED, Status.FAILED))
    rows = []
    if waiting:
        some = "1 draft waits" if waiting == 1 else f"{waiting:,} drafts wait"
        rows.append(f"nightpress review: {some} for you")
    if lost:
        rows.append("nightpress report: each document with its reason, draft and findings")
    if run.left and not run.fatal:
        verb = "build" if run.goes_on_at is None else "tonight"
        rows.append(f"nightpress {verb}: goes on with {counted(len(run.left), 'document')}")
    if hollow := counts[Status.HOLLOW]:
        some = "1 hollow plugin needs" if hollow == 1 else f"{hollow:,} hollow plugins need"
        rows.append(f"nightpress check: what {some}")
    if run.outcomes and not rows and not run.interrupted:
        rows.append("nightpress report: the state of every document, as a page")
    return rows[:3]


def of_plugins(now: Session, chapters: Collection[str], cached: int) -> tuple[list[str], int]:
    """What `analyse` and `snapshot` did, which make no document, and how many plugins it failed
    for; cached: how many were analysed before."""
    press, run = now.open_press, now.run
    found = press.analyses if press is not None else {}
    lost = {
        slug: why for (slug, _), why in found.items() if isinstance(why, errors.NightpressError)
    }
    rows = [
        f"{'waiting' if isinstance(why, errors.Deferred) else 'failed':<12} {slug}  {why.message}"
        for slug, why in sorted(lost.items())
        if why.message not in (run.fatal or "")
    ]
    rows += f"stopped: {run.fatal}".splitlines() if run.fatal else []
    rows += ["interrupted: run doit again to go on"] if run.interrupted else []
    if "analyse" in chapters:
        done = len({slug for slug, _ in found} - lost.keys())
        before = f", {cached:,} before" if cached else ""
        did = f"{counted(done, 'plugin')} analysed{before}" if done else "nothing was analysed"
        if cached and not (done or lost):
            did = f"nothing to do: {counted(cached, 'plugin')} analysed before"
        rows.append(f"{did}{summary.spent(run.calls, run.tokens)}")
    if "snapshot" in chapters:
        copied = len(press.taken) if press is not None else 0
        rows.append(f"{counted(copied, 'plugin')} copied: doit restore --list names the copies")
    return rows, sum(not isinstance(why, errors.Deferred) for why in lost.values())


def _nothing_done(run: Run, seconds: float) -> list[str]:
    """No document came to an end; what was tried all the same?"""
    if not run.calls:
        return ["nothing was done"]
    rows = [f"nothing was done in {summary.took(seconds)}{summary.spent(run.calls, run.tokens)}"]
    if not run.replies:
        rows.append(f"  no reply     to any call; the latest: {run.trouble}")
    return rows


def _not_made(now: Session) -> list[str]:
    """What there would have been to do, and was asked for."""
    named = now.project.named
    jobs = [
        job for job, item in now.catalog.items.items()
        if item.work and job not in now.run.outcomes
        and (not named or job in named or item.slug in named)
    ]  # fmt: skip
    some = "1 document was" if len(jobs) == 1 else f"{len(jobs):,} documents were"
    return [f"left: {some} not made"] if jobs else []


def _deferred(now: Session) -> str:
    """What quota or budget left over and why, when it goes on, and in how many nights it will be
    done."""
    from nightpress.pipeline import outlook

    run = now.run
    ahead = outlook.outlook(now.project, now.catalog, run.left)
    reasons = [outcome.reason for job, outcome in run.outcomes.items() if job in run.left]
    causes = {summary.cause(reason): reason for reason in reversed(reasons)}
    why = summary.in_short(next(reversed(causes.values()), ""))
    if len(causes) > 1:
        why += f" (and {len(causes) - 1} more cause{'s' * (len(causes) > 2)}: see `doit report`)"
    some = "1 document" if len(run.left) == 1 else f"{len(run.left):,} documents"
    if run.goes_on_at is None:
        goes_on = "the next run goes on with " + ("it" if len(run.left) == 1 else "them")
    else:
        at = datetime.fromtimestamp(run.goes_on_at)
        goes_on = f"goes on from {at:%Y-%m-%d %H:%M}, and `nightpress tonight` waits for it"
    return (
        f"  {Status.DEFERRED:<12} {'; '.join(filter(None, (some, why, ahead.nights(), goes_on)))}"
    )


def end(now: Session, status: int, say: Say, warn: Say) -> None:
    """Close the run's row, tell whoever wants to know, and back up, if that is asked for."""
    run = now.run
    try:
        run.end(status)
    except errors.MachineTrouble as error:  # the run's row stays open; the next run tells
        warn(f"the end of the run was not recorded: {error}")
    if voice.is_dry():
        return
    if now.project.defaults.values.get("notify"):
        from nightpress.progress import notify

        notify.tell(run, status, warn)
    _back_up(now, say)


def _back_up(now: Session, say: Say) -> None:
    """`vault.after_build`: a copy of what was published. Its failure is loud, and no more."""
    settings = now.project.defaults.values.get("vault") or {}
    counts = now.run.counts()
    if not settings.get("after_build") or now.run.interrupted:
        return
    if any(counts[status] for status in STANDING):
        from nightpress.progress import Meter
        from nightpress.vault import project

        meter = Meter(quiet=project.is_quiet(now.project), stop=now.run.stop)
        try:
            project.after_build(now.project, say, meter.transfer)
        finally:
            meter.end()
