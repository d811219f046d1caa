"""Who writes: which backend and model, and why; $0 is the default. Pure.

`auto` takes the first backend that asks a model and whose key is there, else offline. A route that
costs money is never chosen by `auto`; when it is named, it runs only with `paid: true` or a
positive `max_cost`. A model that was named and cannot be taken is an error, never another writer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from nightpress import backends
from nightpress.backends import Access, Declaration
from nightpress.errors import UsageError
from nightpress.fingerprint import writer as words
from nightpress.text import suggestion

__all__ = ["Writer", "check_name", "choose", "declared", "how_allowed", "is_free", "lane"]

_PAY = "allow it: doit max_cost=5.00, doit paid=1, or `paid: true` in manifests/_defaults.yaml"
_PAY_UNPRICED = "allow it: doit paid=1, or `paid: true` in manifests/_defaults.yaml"


class Writer(Struct, frozen=True):
    """backend: its name; paid: through a route that costs money, whatever the model; by_default:
    offline was taken for want of a key, so it never makes a model's document stale; why: one
    sentence; named: the backend in whose name this one answers, where it is another's."""

    backend: str
    model: str
    why: str
    paid: bool = False
    by_default: bool = False
    named: str = ""

    @property
    def kind(self) -> str:
        return backends.find(self.backend).kind

    def __str__(self) -> str:
        return words(self.named or self.backend, self.model)


def is_free(declared: Declaration, model: str, values: Mapping[str, Any]) -> bool:
    """Is there a free tier? The backend knows, or the project states a price of nothing. Limits are
    no sign of one: a key that is paid for has them, too. A model whose stated `limits` have none
    for a day is not on it."""
    if declared.free:
        return True
    stated = (values.get("prices") or {}).get(model) or {}
    if stated.get("in") == 0 and stated.get("out") == 0:
        return True
    limits = (values.get("limits") or {}).get(model)
    has_day = limits is None or bool(limits.get("rpd") or limits.get("tpd"))
    return declared.model(model).free and has_day


def choose(
    name: str, values: Mapping[str, Any], *, allowed_to_pay: bool, environ: Mapping[str, str],
    only_told: bool = False,
) -> Writer:  # fmt: skip
    """The writer for `backend: name`. values: the project's `model`, `limits`, and the section of
    each backend; only_told: nobody will be asked, so that a key may be missing.

    Raises UsageError where there is no such backend, when a paid route or model was named and
    nothing allows it, when a model's name is plainly a slip of the pen, or when a backend was named
    and its key is missing: what is configured never silently becomes offline.
    """
    if name == "auto":
        return _auto(values, allowed_to_pay, environ)
    declared, access = backends.way(name, values)
    if declared.kind == "offline":
        return Writer(name, name, f"backend: {name} is configured")
    if access.missing is not None:
        raise UsageError(*access.missing)
    if access.stands_for:
        return _standing_in(name, access, values)
    model = _model(declared, values)
    if not model:
        raise UsageError(
            f"backend: {name}, and nothing says which model {access.name} has",
            "set `model` in manifests/_defaults.yaml, or doit model=NAME",
        )
    if other := _other(declared, model):
        raise UsageError(
            f"{model} is a model of {other.title}, and backend: {name} is configured",
            f"set `model` to one of {declared.title}'s",
        )
    check_name(declared, model, values)
    _check_cost(declared, access, model, values, allowed_to_pay)
    key = access.key(environ)
    if access.keys and key is None:
        needs = f"needs {' or '.join(access.keys)} in the environment"
        if only_told:
            why = f"backend: {name} is configured; a run {needs}"
            return Writer(name, model, why, paid=access.paid)
        which = "one of them" if access.keys[1:] else "it"
        raise UsageError(
            f"backend: {name} {needs}",
            f"set {which}, or use `backend: offline` (or auto) in manifests/_defaults.yaml",
        )
    _check_lane(name, access, values, allowed_to_pay)
    route = f", through {access.name}" if access.name else ""
    route += f" ({key} is set)" if key else ""
    why = f"backend: {name} is configured{route}"
    return Writer(name, model, why, paid=access.paid)


def _check_cost(
    declared: Declaration, access: Access, model: str, values: Mapping[str, Any],
    allowed_to_pay: bool,
) -> None:  # fmt: skip
    """UsageError for what may cost money that nothing allows, or that nobody could count."""
    free = is_free(declared, model, values)
    if access.paid and not allowed_to_pay:
        hint = how_allowed(declared, model, values, or_free=False)
        raise UsageError(f"{access.name} costs money, which is not allowed", hint)
    if not free and not allowed_to_pay:
        raise _costly(declared, model, values)
    if not (free or values.get("paid") or _is_priced(declared, model, values)):
        raise UsageError(
            f"no price is known of {model}, so max_cost cannot be kept",
            f"state it (prices: {{{model}: {{in: ..., out: ...}}}}), or say `paid: true`",
        )


def declared(name: str, values: Mapping[str, Any]) -> Writer:
    """The writer for a backend that is named, whatever keys there are; UsageError where there is
    no such backend."""
    found, access = backends.way(name, values)
    if access.stands_for:
        return _standing_in(name, access, values)
    model = name if found.kind == "offline" else _model(found, values)
    return Writer(name, model, f"backend: {name} is configured", paid=access.paid)


def _standing_in(name: str, access: Access, values: Mapping[str, Any]) -> Writer:
    """The writer that answers for another: for the one of the model that is named, else for the
    usual one."""
    pairs = [one.partition(":") for one in access.stands_for]
    named, _, model = next((p for p in pairs if p[2] == values.get("model")), pairs[0])
    why = f"backend: {name} is configured, through {access.name}"
    return Writer(name, model, why, named=named)


def _auto(values: Mapping[str, Any], allowed_to_pay: bool, environ: Mapping[str, str]) -> Writer:
    keys: list[str] = []
    reasons: list[str] = []
    for one in backends.models():
        declared, access = backends.way(one.name, values)
        model = _model(declared, values)
        free = is_free(declared, model, values)
        key = access.key(environ)
        keys += access.keys
        if key is not None and not access.paid and not _other(declared, model):
            check_name(declared, model, values)
        if access.paid:
            reasons.append(f"backend: auto never chooses {access.name}, which costs money")
        elif key is None or _other(declared, model):
            continue
        elif not free and not allowed_to_pay:
            if values.get("model"):
                raise _costly(declared, model, values)
            reasons.append(f"{model} has no known free tier")
        else:
            _check_lane(declared.name, access, values, allowed_to_pay)
            return Writer(declared.name, model, f"{key} is set")
    unset = f"neither {' nor '.join(keys)}" if len(keys) == 2 else f"none of {', '.join(keys)}"
    why = f"backend: auto, and {reasons[0] if reasons else f'{unset} is set'}"
    return Writer("offline", "offline", why, by_default=True)


def lane(name: str, values: Mapping[str, Any]) -> str:
    """The lane that calls of a backend are to go by: the option's, else its section's."""
    section = values.get(name) or {}
    return str(values.get("lane") or section.get("lane") or "interactive")


def _check_lane(name: str, access: Access, values: Mapping[str, Any], allowed_to_pay: bool) -> None:
    """UsageError for a lane that is not offered, or that nothing allows to be paid for."""
    asked = lane(name, values)
    if asked in ("interactive", "auto"):
        return
    if asked not in access.lanes:
        known = ", ".join(("interactive", *access.lanes))
        raise UsageError(
            f"lane: {asked} is nothing that {access.name or name} has", f"its lanes: {known}"
        )
    if not allowed_to_pay:
        raise UsageError(
            f"lane: {asked} is for calls that are paid for, which is not allowed",
            f"{_PAY}; or leave `lane` out",
        )


def _model(declared: Declaration, values: Mapping[str, Any]) -> str:
    return str(values.get("model") or declared.default_model)


def check_name(
    declared: Declaration, model: str, values: Mapping[str, Any], field: str = "model"
) -> None:
    """UsageError where the model is none of a backend that has no others, or a known one with a
    slip of the pen. What differs in its figures is another version, and what has limits or a price
    of its own is meant. field: where it is named."""
    if declared.models and not declared.any_model and model not in declared.models:
        raise UsageError(
            f"backend: {declared.name} has no model {model!r}"
            f"{suggestion(model, declared.models, lead=': ')}",
            f"set `{field}` to one of {declared.title}'s: {', '.join(declared.models)}",
        )
    stated = {*(values.get("limits") or {}), *(values.get("prices") or {})}
    if model in declared.models or model in stated:
        return
    near = (one for one in declared.models if _figures(one) == _figures(model))
    if asking := suggestion(model, near, cutoff=0.88):
        raise UsageError(
            f"the model {model!r} is not known: {asking}",
            f"correct `{field}`; if there is such a model, state its `prices` in _defaults.yaml",
        )


def _figures(model: str) -> str:
    return "".join(filter(str.isdigit, model))


def _is_priced(declared: Declaration, model: str, values: Mapping[str, Any]) -> bool:
    stated = (values.get("prices") or {}).get(model)
    return bool(declared.model(model).prices if stated is None else stated.get("in") is not None)


def how_allowed(
    declared: Declaration, model: str, values: Mapping[str, Any], *, or_free: bool = True
) -> str:
    """What lets a model be asked that may cost money. Without a price no `max_cost` can be kept."""
    if _is_priced(declared, model, values):
        return _PAY
    zero = "0 if it costs nothing, else " if or_free else ""
    price = f"prices: {{{model}: {{in: ..., out: ...}}}}"
    return f"{_PAY_UNPRICED}; or state its price ({zero}with doit max_cost=5.00): {price}"


def _costly(declared: Declaration, model: str, values: Mapping[str, Any]) -> UsageError:
    """No free tier is known of the model, so it may cost money, which is not allowed."""
    known = model in declared.models
    asking = "" if known else suggestion(model, declared.models, lead=": ")
    what = f"{model} (no free tier is known)" if known else f"{model}, which is not known,"
    hint = how_allowed(declared, model, values)
    return UsageError(f"{what} may cost money, which is not allowed{asking}", hint)


def _other(declared: Declaration, model: str) -> Declaration | None:
    """The backend whose model it is, if it is none of this one's."""
    other = None if model in declared.models else backends.declaring(model)
    return None if other is None or other.name == declared.name else other
