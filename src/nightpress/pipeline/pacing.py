"""The pacer and the budget of a run, made from the project's limits, pace, prices and options."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from nightpress import backends, fingerprint
from nightpress.backends import FREE, Access, Declaration, Price
from nightpress.errors import UsageError
from nightpress.loopback import is_loopback
from nightpress.pipeline.run import Run
from nightpress.project import Project, writer
from nightpress.quota import (
    Earlier,
    Limits,
    Pace,
    Pacer,
    Quota,
    Share,
    SharedQuota,
    budget,
    limits,
    pace,
    place,
)  # fmt: skip
from nightpress.quota import shared as shared_quota


def spending(project: Project) -> budget.Spending:
    """What this run may use, and what it has used so far."""
    values = project.defaults.values
    now = datetime.fromtimestamp(project.clock.time())
    bounds = budget.read(project.options, values.get("budget") or {}, now)
    return budget.Spending(bounds, lambda model: price_of(project, model))


def price_of(project: Project, model: str) -> Price | None:
    """FREE on a free tier, the configured or known price, None where none is known. A manifest may
    name a model of its own, so what the project's defaults name does not matter."""
    if not (project.may_pay or project.writer().paid):
        return FREE
    return known_price(project, model)


def known_price(project: Project, model: str) -> Price | None:
    """What the model costs off a free tier: FREE where it never costs anything, None: unknown."""
    today = datetime.fromtimestamp(project.clock.time()).date()
    return budget.price(
        declared(project, model), model, project.defaults.values.get("prices") or {}, today
    )


def fallbacks(project: Project) -> tuple[str, ...]:
    """The models to ask while the day of the first is spent; UsageError for one that is misspelt,
    or costs money where nothing allows that."""
    named = tuple(project.defaults.values.get("fallback_models") or ())
    values = project.defaults.values
    for model in named:
        knowing = declared(project, model)
        writer.check_name(knowing, model, values, "fallback_models")
        if not project.may_pay and not writer.is_free(knowing, model, values):
            raise UsageError(
                f"fallback_models: {model} has no known free tier, and may cost money",
                writer.how_allowed(knowing, model, values),
            )
    return named


def limits_of(project: Project, model: str) -> Limits:
    """The model's limits. A route that is paid for has none but those that the project states
    (there are none a minute per project, or they are far away), and neither has
    a server on this machine that is to be asked unpaced."""
    configured: Mapping[str, Any] = project.defaults.values.get("limits") or {}
    known = declared(project, model).model(model).limits
    if _pays(project, model) or _is_lifted(project):
        known = replace(limits.UNLIMITED, concurrency=known.concurrency)
    return limits.of(known, model, configured)


def _pays(project: Project, model: str) -> bool:
    """Is there no doubt that calls are paid for? A `max_cost` alone says what may be spent: with a
    model that has a free tier, the key may well be on it."""
    option = project.options.get("paid", project.defaults.values.get("paid", False))
    stated = {"prices": project.defaults.values.get("prices")}
    paid = project.may_pay and not writer.is_free(declared(project, model), model, stated)
    return bool(option) or paid or project.writer().paid


def _is_lifted(project: Project) -> bool:
    named = _base_url(project) or project.environ.get(_access(project).address, "")
    local = is_loopback(urlsplit(named).hostname)
    return local and pace_of(project).profile == "unpaced"


def pace_of(project: Project) -> Pace:
    """The pace: its profile by option, else by the defaults."""
    configured = pace.read(project.defaults.values.get("pace"))
    return replace(configured, profile=project.options.get("pace", configured.profile))


def quota_of(project: Project, tell: Callable[[str], None] = lambda _: None) -> Quota:
    """The quota ledger, shared by all projects of this user that ask with the same credential, or
    by all machines that name the same `quota.share`.
    Without the credential: the one that the project's last run asked with, to be read."""
    found = place.of(project.state)
    if (shared := _share(project)) is not None:
        return SharedQuota(
            shared, found.path, project.clock, declared(project).name,
            lambda model: declared(project, model).day, tell,
        )  # fmt: skip
    before = str((project.defaults.values.get(declared(project).name) or {}).get("project", ""))
    whose = account(project) or place.last_account(project.state)
    earlier = Earlier(found.earlier, (before or "default",)) if whose else Earlier()
    return Quota(
        found.path, project.clock, whose, lambda model: declared(project, model).day,
        earlier=earlier,
    )  # fmt: skip


def kept_in(project: Project) -> str:
    """Where calls are counted: a file, or the database that is shared."""
    shared = _share(project)
    return shared.url if shared is not None else str(place.of(project.state).path)


def _share(project: Project) -> Share | None:
    """What `quota:` says; None where calls are counted on this machine alone."""
    section = project.defaults.values.get("quota") or {}
    if not section.get("share"):
        return None
    return Share(
        section["share"],
        project.environ.get(shared_quota.TOKEN, ""),
        section.get("account") or "",
        float(section.get("alone", shared_quota.ALONE)),
    )


def account(project: Project) -> str:
    """Whose calls they are: a digest of address and key (or project there); "" where this shell
    has no key."""
    owner = _access(project).owner(_base_url(project), project.environ)
    return fingerprint.digest("quota", declared(project).name, *owner) if owner else ""


def declared(project: Project, model: str = "") -> Declaration:
    """The backend that knows the model; of an unknown one, or without one, the project's own. (Of a
    project that is written offline, the first that asks models: its quota may be on record.)"""
    values = project.values
    name = values.get("backend")
    own = backends.BACKENDS.get(name or "auto")
    if own is None or own.kind != "model":
        own = backends.declaring(model) or backends.usual()
    along, _ = backends.way(own.name, values)
    if along.free or model in along.models:
        return along
    knowing = backends.declaring(model)
    return along if knowing in (None, own) else backends.way(knowing.name, values)[0]


def _access(project: Project) -> Access:
    return backends.way(declared(project).name, project.values)[1]


def _base_url(project: Project) -> str:
    settings = backends.section(declared(project).name, project.values)
    return str(settings.get("base_url") or "")


def pacer(run: Run, spent: budget.Spending) -> Pacer:
    """The pacer that stands before every HTTP attempt of the run."""
    project = run.project

    def waiting(model: str, seconds: float, why: str) -> None:
        if seconds >= 1:
            run.tell(
                "waiting",
                f"waiting {seconds:.0f} s for {model}: {why}",
                seconds=seconds,
                model=model,
            )

    quota = quota_of(project, run.notice)
    for told in (place.of(project.state).trouble, *quota.open()):
        if told:
            run.notice(told)
    if _share(project) is None:
        place.keep_account(project.state, quota.account)
    return Pacer(
        quota,
        project.clock,
        random.random,
        lambda model: limits_of(project, model),
        pace_of(project),
        spent,
        run.stop,
        run.notice,
        waiting,
    )
