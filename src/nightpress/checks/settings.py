"""The `checks:` mapping of a generator (and of a manifest, over it): what it may say.

    checks:
      code-span: false                  # not judged
      vocabulary: {floor: 0.45}         # an option; the others keep their defaults
      heading-single: {severity: warning}
      house-words: {file: checks/house_words.py, forbidden: [leverage]}   # the project's own

A name outside the registry is the project's own check if it has `file`, a path within the
generator's folder. An edge loads the file; its function
`check(document, context, options) -> Iterable[Spot]` becomes a Gate with `custom`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from msgspec.structs import replace

from nightpress.checks.gate import Check, Gate
from nightpress.checks.registry import REGISTRY
from nightpress.model import Severity
from nightpress.text import suggestion

SEVERITIES = get_args(Severity)
RESERVED = ("severity", "file")
KEPT_BY_HAND = tuple(replace(g, severity=g.alone or g.severity) for g in REGISTRY.values())


def chosen(
    settings: Mapping[str, Any], own: Iterable[Gate] = (), ours: bool = True
) -> tuple[Gate, ...]:
    """The gates that the settings leave on, with their options and severities; ours: whether we
    wrote the document. What `problems` would complain of is ignored here: it was reported where the
    settings were read."""
    shared = REGISTRY.values() if ours else KEPT_BY_HAND
    gates = [*shared, *own]
    return tuple(
        configured for gate in gates if (configured := _made(gate, settings.get(gate.name)))
    )


def _made(gate: Gate, setting: object) -> Gate | None:
    if setting is False and not gate.fixed:
        return None
    if gate.fixed or not isinstance(setting, Mapping):
        return gate
    severity = setting.get("severity", gate.severity)
    if severity not in SEVERITIES:
        severity = gate.severity
    options = {**gate.options, **{k: v for k, v in setting.items() if k not in RESERVED}}
    return replace(gate, severity=severity, options=options)


def custom(name: str, check: Check, setting: Mapping[str, Any]) -> Gate:
    """The gate of a project's own check: `said` is its entry in the settings."""
    options = {key: value for key, value in setting.items() if key not in RESERVED}
    severity = setting.get("severity", "error")
    return Gate(name, "custom", severity if severity in SEVERITIES else "error", check, options)


def files(settings: Mapping[str, Any]) -> dict[str, str]:
    """The project's own checks: name -> file, as the settings name it."""
    return {
        name: str(setting["file"])
        for name, setting in settings.items()
        if name not in REGISTRY and isinstance(setting, Mapping) and "file" in setting
    }


def problems(settings: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a `checks:` mapping: (name, message, hint), for whoever reads it."""
    for name, setting in settings.items():
        gate = REGISTRY.get(name)
        if gate is None:
            if not (isinstance(setting, Mapping) and isinstance(setting.get("file"), str)):
                yield name, "no such check", _close(name, REGISTRY)
                continue
        elif gate.fixed and (setting is False or _lowers(setting)):
            yield name, "applies whatever the settings say", "it keeps what an author set"
            continue
        elif not isinstance(setting, bool | Mapping):
            yield name, "must be true, false, or a mapping of options", ""
            continue
        if isinstance(setting, Mapping):
            yield from _wrong_options(name, gate, setting)


def _lowers(setting: object) -> bool:
    return isinstance(setting, Mapping) and setting.get("severity", "error") != "error"


def _wrong_options(
    name: str, gate: Gate | None, setting: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    severity = setting.get("severity")
    if severity is not None and severity not in SEVERITIES:
        yield name, f"severity {severity!r} is not one of {', '.join(SEVERITIES)}", ""
    if gate is None:
        return
    for key, value in setting.items():
        if key == "severity":
            continue
        if key not in gate.options:
            names = [*gate.options, "severity"]
            yield name, f"no option {key!r}", _close(key, names)
        elif not _fits(value, gate.options[key]):
            yield name, f"option {key!r} must be like {gate.options[key]!r}", ""


def _fits(value: object, default: object) -> bool:
    """Whether a value has the default's type: a switch, a number, or a list of strings."""
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, int | float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _close(name: str, names: Iterable[str]) -> str:
    return suggestion(str(name), names, "{}") or "nightpress check --explain RULE tells of each"
