"""manifests/PLUGIN.yaml: one plugin's manifest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nightpress.bounded_yaml import Document
from nightpress.contract import reading_yaml
from nightpress.contract.bundle import bundled
from nightpress.contract.defaults import Defaults, minmax_words, window
from nightpress.contract.problems import Problem, meant
from nightpress.model import Enhancement, Manifest

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def load_manifest(path: Path, defaults: Defaults) -> tuple[Manifest | None, list[Problem]]:
    """The manifest, and every problem of this file alone; None if it cannot be used."""
    shown = f"manifests/{path.name}"
    document, problems = reading_yaml.load(path, shown, "manifest")
    if not SLUG.fullmatch(path.stem):
        hint = "rename it: a-z, 0-9, `.`, `_` and `-`, at most 64 characters"
        problems.append(Problem(shown, 0, 0, "", f"{path.stem!r} is no task name", hint))
    if document is None or not isinstance(document.value, dict) or problems:
        return None, problems
    problems += _paths(document, shown, defaults)
    enhancements = []
    for name, given in (document.value.get("enhancements") or {}).items():
        enhancement, found = _enhancement(name, given, document, shown, defaults)
        problems += found
        if enhancement is not None:
            enhancements.append(enhancement)
    problems += _twice(enhancements, document, shown)
    if problems:
        return None, problems
    settings = {key: value for key, value in document.value.items() if key != "enhancements"}
    manifest = Manifest(
        slug=path.stem,
        name=str(document.value["name"]),
        path=_clean(document.value["plugin"]),
        file=shown,
        enhancements=tuple(enhancements),
        settings=settings,
    )
    return manifest, problems


def _paths(document: Document, shown: str, defaults: Defaults) -> list[Problem]:
    given = document.value["plugin"]
    line, column = document.places[("plugin",)]
    if wrong := unsafe(given, dot=True):
        return [Problem(shown, line, column, "plugin", f"{given!r} {wrong}")]
    folder = defaults.root / _clean(given)
    if not folder.is_dir():
        hint = "remove the manifest if the plugin is gone, or run `doit manifests`"
        return [Problem(shown, line, column, "plugin", f"there is no folder {given!r}", hint)]
    return []


def _clean(path: str) -> str:
    cleaned = path.removeprefix("./").rstrip("/")
    return cleaned or "."


def unsafe(path: str, *, dot: bool = False) -> str:
    """Why a path may not be written or read: absolute, `..`, a backslash; "" if it may."""
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "is absolute: write it relative to the project"
    if "\\" in path:
        return "has a backslash: write / between folders"
    parts = path.removeprefix("./").rstrip("/").split("/")
    if dot and path in (".", "./"):
        return ""
    if ".." in parts:
        return "leads out with `..`"
    if any(part in ("", ".") for part in parts):
        return "has an empty component"
    return ""


def _enhancement(
    name: str, given: dict[str, Any], document: Document, shown: str, defaults: Defaults
) -> tuple[Enhancement | None, list[Problem]]:
    path = ("enhancements", name)
    line, column = document.places[path]
    problems = []
    folder = find_generator(given["generator"], defaults.root)
    if folder is None:
        known = known_generators(defaults.root)
        where = document.places[(*path, "generator")]
        hint = meant(given["generator"], known) or f"known: {', '.join(known)}"
        dotted = f"enhancements.{name}.generator"
        said = f"unknown generator {given['generator']!r}"
        return None, [Problem(shown, *where, dotted, said, hint)]
    target = given.get("target") or _default_target(folder, document.value)
    place = document.places.get((*path, "target"), (line, column))
    if wrong := unsafe(target):
        problems.append(
            Problem(shown, *place, f"enhancements.{name}.target", f"{target!r} {wrong}")
        )
    size = window(given.get("size"), window(_own_size(folder), defaults.size))
    if size.min > size.max:
        where = document.places.get((*path, "size"), (line, column))
        problems.append(Problem(shown, *where, f"enhancements.{name}.size", minmax_words(size)))
    return Enhancement(name, given["generator"], target.removeprefix("./"), size, given), problems


def find_generator(kind: str, root: Path) -> Path | None:
    """The generator's folder: the project's own first, the bundled one second."""
    for base in (root / "generators", bundled("generators")):
        if kind != "analysis" and (base / kind / "generator.yaml").is_file():
            return base / kind
    return None


def known_generators(root: Path) -> list[str]:
    bases = (root / "generators", bundled("generators"))
    names = {p.parent.name for base in bases for p in base.glob("*/generator.yaml")}
    return sorted(names - {"analysis"})


def _own_size(folder: Path) -> dict[str, int] | None:
    from nightpress.contract.generators import load_generator

    generator = _cached(load_generator, folder)
    if generator is None or generator.size is None:
        return None
    return {"min": generator.size.min, "max": generator.size.max}


def _default_target(folder: Path, manifest: dict[str, Any]) -> str:
    from nightpress.contract.generators import load_generator
    from nightpress.slugs import skill_name

    generator = _cached(load_generator, folder)
    template = generator.target if generator is not None else ""
    skill = skill_name(str(manifest["name"]))
    return template.replace("{plugin}", skill).replace("{skill}", skill)


_CACHE: dict[Path, Any] = {}


def _cached(load: Any, folder: Path) -> Any:
    """A generator's folder does not change within one process."""
    if folder not in _CACHE:
        _CACHE[folder] = load(folder)[0]
    return _CACHE[folder]


def _twice(enhancements: list[Enhancement], document: Document, shown: str) -> list[Problem]:
    """Two enhancements with one target (case twins are one file to many disks)."""
    seen: dict[str, str] = {}
    problems = []
    for enhancement in enhancements:
        key = enhancement.target.casefold()
        if key in seen:
            path = ("enhancements", enhancement.name)
            where = document.places.get((*path, "target"), document.places[path])
            said = f"{enhancement.target!r} is the target of {seen[key]!r}, too"
            problems.append(Problem(shown, *where, f"{'.'.join(path)}.target", said))
        seen[key] = enhancement.name
    return problems
