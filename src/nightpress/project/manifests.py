"""manifests/PLUGIN.yaml: one plugin's manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec.structs import replace

from nightpress.model import Enhancement, Generator, Manifest
from nightpress.plugin import YamlDocument, skill_name
from nightpress.project import bundles, generators, paths, yaml_read
from nightpress.project import defaults as shared
from nightpress.project.defaults import Defaults
from nightpress.project.generators import filled_in
from nightpress.project.problems import Problem
from nightpress.project.schema import at
from nightpress.project.yaml_read import Memory
from nightpress.storage import git
from nightpress.text import suggestion

MOST_BESIDE = 2_000
"""Folders of which one may be meant."""
SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def load_manifest(
    path: Path, defaults: Defaults, memory: Memory | None = None
) -> tuple[Manifest | None, list[Problem]]:
    """The manifest, and every problem of this file alone; None if it cannot be used."""
    shown = f"manifests/{path.name}"
    problems = []
    if not SLUG.fullmatch(path.stem):
        hint = "rename it: a-z, 0-9, `.`, `_` and `-`, at most 64 characters"
        problems.append(
            Problem(shown, 0, 0, "", f"{path.stem!r} is not a valid name for a task", hint)
        )
    document, more = yaml_read.load(path, shown, "manifest", memory)
    problems += more
    if document is None or not isinstance(document.value, dict):
        return None, problems
    reading = _Reading(document, shown, defaults, memory)
    enhancements = bundled(tuple(reading.enhancements()))
    problems += [*reading.plugin(), *reading.problems]
    if problems and memory is not None:
        return load_manifest(path, defaults)  # what was remembered knows no places
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    values = document.value
    manifest = Manifest(
        slug=path.stem,
        name=values["name"],
        path=paths.clean(values["plugin"]),
        file=shown,
        enhancements=enhancements,
        settings={key: value for key, value in values.items() if key != "enhancements"},
    )
    return manifest, problems


def bundled(declared: tuple[Enhancement, ...]) -> tuple[Enhancement, ...]:
    """The enhancements; a skill that has references in its folder knows them. Of a plugin with
    several skills none is the one that speaks of its commands and agents: it has no references."""
    skills = [one for one in declared if one.target.endswith("SKILL.md")]
    if len(skills) != 1:
        return tuple(one for one in declared if "about" not in one.settings)
    folder = PurePosixPath(skills[0].target).parent.as_posix()
    references = {
        str(one.settings["about"]): one.target
        for one in declared
        if "about" in one.settings and one.target.startswith(f"{folder}/")
    }
    if not references:
        return declared
    skill = replace(skills[0], settings={**skills[0].settings, "references": references})
    return tuple(skill if one is skills[0] else one for one in declared)


def broken(kind: str) -> str:
    """What a manifest says of a generator that has problems of its own."""
    return f"the generator {kind!r} cannot be used: see generators/{kind}/generator.yaml"


class _Reading:
    """What the schema cannot say, over whatever of a document has the right form."""

    def __init__(
        self, document: YamlDocument, shown: str, defaults: Defaults, memory: Memory | None
    ) -> None:
        self.document = document
        self.shown = shown
        self.defaults = defaults
        self.memory = memory
        self.problems: list[Problem] = []
        self.targets: dict[str, str] = {}

    def _say(self, path: tuple[Any, ...], message: str, hint: str = "") -> None:
        self.problems.append(at(self.document, self.shown, path, message, hint))

    def plugin(self) -> Iterator[Problem]:
        """The plugin's folder: within the project, there, and no link."""
        given = self.document.value.get("plugin")
        if not isinstance(given, str) or not given:
            return
        path = ("plugin",)
        if wrong := paths.unsafe(given, "the project"):
            yield at(self.document, self.shown, path, f"{given!r} {wrong}")
        elif link := paths.link_on_the_way(self.defaults.root, given):
            hint = "links are not followed: name the folder that it leads to"
            yield at(self.document, self.shown, path, f"{link!r} is a link", hint)
        elif not (self.defaults.root / paths.clean(given)).is_dir():
            if git.left_out(self.defaults.root, paths.clean(given)):
                said = f"{given!r} is not in this sparse checkout: nothing is judged or made"
                hint = f"git sparse-checkout add {paths.clean(given)}"
                left = at(self.document, self.shown, path, said, hint)
                yield replace(left, severity="warning")
                return
            slug = PurePosixPath(self.shown).stem
            hint = f"git restore, or doit restore --plugin {slug}, brings it back; where it was"
            hint += " moved, doit manifests finds it; if it is to go, remove the manifest, too"
            above, _, name = paths.clean(given).rpartition("/")
            if near := suggestion(name, self._beside(above), repr(f"{above}/{{}}".lstrip("/"))):
                hint = f"{near} Where it is gone, {hint}"
            yield at(self.document, self.shown, path, f"there is no folder {given!r}", hint)

    def _beside(self, folder: str) -> list[str]:
        """The names of the plugins that stand in a folder of the project."""
        with suppress(OSError):
            place = self.defaults.root / folder
            folders = sorted(place.iterdir())[:MOST_BESIDE]
            return [one.name for one in folders if (one / ".claude-plugin").is_dir()]
        return []

    def enhancements(self) -> Iterator[Enhancement]:
        given = self.document.value.get("enhancements")
        if not isinstance(given, dict):
            return
        wanted = {name: v for name, v in given.items() if isinstance(v, dict)}
        kinds = {name: self._generator(name, v) for name, v in wanted.items()}
        skill = self._skill(wanted, kinds)
        document, shown = self.document, self.shown
        _, wrong = shared.window(document, shown, (), document.value, self.defaults.size)
        self.problems += [*wrong, *shared.checks(document, shown, (), document.value)]
        for name, values in wanted.items():
            path = ("enhancements", name)
            generator = kinds[name]
            base = generator.size if generator and generator.size else self.defaults.size
            base, _ = shared.window(self.document, self.shown, (), self.document.value, base)
            size, more = shared.window(self.document, self.shown, path, values, base)
            self.problems += more
            self.problems += shared.checks(
                self.document, self.shown, path, values, generator.checks if generator else {}
            )
            target = values.get("target")
            if target is None and generator is not None:
                target = filled_in(generator.target, skill, skill_name(self._name()))
            if isinstance(target, str) and target:
                self._target(path, target, generator)
                settings = self._settings(values, generator)
                declared = Enhancement(
                    name, str(values.get("generator")), paths.clean(target), size, settings
                )
                yield from self._each(declared, generator, path)

    def _each(
        self, declared: Enhancement, generator: Generator | None, path: tuple[Any, ...]
    ) -> Iterator[Enhancement]:
        """The enhancement; of one whose generator has `for_each`, one for each component."""
        kinds = generator.settings.get("for_each", ()) if generator is not None else ()
        if not kinds:
            yield declared
            return
        if "{name}" not in declared.target:
            self._say(
                (*path, "target"),
                f"{declared.target!r} is one file for many",
                "{name} stands for the command, agent or skill",
            )
            return
        for part in bundles.parts(self._root(), kinds):
            yield replace(
                declared,
                name=f"{declared.name}.{part.name}",
                target=declared.target.replace("{name}", part.name),
                settings={**declared.settings, "about": part.path},
            )

    def _root(self) -> Path:
        """The plugin's folder; where its path is no good, one that holds nothing."""
        given = self.document.value.get("plugin")
        fits = isinstance(given, str) and given and not paths.unsafe(given, "")
        return self.defaults.root / paths.clean(given) if fits else self.defaults.root / "\0"

    def _settings(self, values: dict[str, Any], generator: Generator | None) -> dict[str, Any]:
        """What the enhancement says, with what the places behind it say where it says nothing: the
        manifest, then the generator, then the defaults."""
        settings = dict(values)
        behind = self.defaults.values
        theirs = generator.checks if generator is not None else {}
        shared_checks = behind.get("checks") or {}
        checks = {name: setting for name, setting in shared_checks.items() if name not in theirs}
        for place in (self.document.value, values):  # (what is no mapping has its problem already)
            checks |= own if isinstance(own := place.get("checks"), dict) else {}
        if checks:
            settings["checks"] = checks
        kind = generator.settings if generator is not None else {}
        for place in (self.document.value, kind, behind):
            for key in ("publish", "standing", "profile", "verify"):
                if key in place:
                    settings.setdefault(key, place[key])
        for key in ("backend", "model"):  # the defaults' own are the project's writer
            if key in self.document.value:
                settings.setdefault(key, self.document.value[key])
        return settings

    def _generator(self, name: str, values: dict[str, Any]) -> Generator | None:
        kind = values.get("generator")
        if not isinstance(kind, str) or not kind or "/" in kind or kind.startswith("."):
            return None
        if (found := self.defaults.generators.get(kind)) is not None:
            return found
        path = ("enhancements", name, "generator")
        folder = generators.of_type(kind, self.defaults.root)
        if folder is None:
            types = generators.types(self.defaults.root)
            hint = suggestion(kind, types) or f"known: {', '.join(types)}"
            self._say(path, f"unknown generator {kind!r}", hint)
            return None
        generator = generators.loaded(folder, self.memory)
        if generator is None:
            self._say(path, broken(kind), "`doit validate` says what is wrong with it")
            return None
        self.defaults.generators[kind] = generator
        return generator

    def _skill(self, wanted: dict[str, Any], kinds: dict[str, Generator | None]) -> str:
        """The folder name of the plugin's first skill: default targets stand beside it."""
        for name, values in wanted.items():
            generator, target = kinds[name], values.get("target")
            if generator is not None and generator.frontmatter == "skill":
                parent = PurePosixPath(target).parent.name if isinstance(target, str) else ""
                return parent or skill_name(self._name())
        return skill_name(self._name())

    def _name(self) -> str:
        return str(self.document.value.get("name", ""))

    def _target(
        self, path: tuple[Any, ...], target: str, generator: Generator | None = None
    ) -> None:
        """Within the plugin's folder, no link on the way, and no other enhancement's (case twins
        are one file to many disks)."""
        where = (*path, "target")
        if wrong := paths.unsafe(target, "the plugin's folder") or paths.unfit(target):
            self._say(where, f"{target!r} {wrong}", "name a file in the plugin's folder")
            return
        markdown = generator is None or generator.settings.get("format", "markdown") == "markdown"
        if markdown and (wrong := paths.no_document(target)):
            hint = "a generator of other files says so: `format: other`"
            self._say(where, f"{target!r} {wrong}", hint)
            return
        plugin = self.document.value.get("plugin")
        if isinstance(plugin, str) and plugin and not paths.unsafe(plugin, ""):
            root = self.defaults.root / paths.clean(plugin)
            if link := paths.link_on_the_way(root, target):
                hint = "a document is never written through a link: name another target"
                self._say(where, f"{link!r} is a link", hint)
            elif found := paths.taken(root, target):
                prefix = "" if paths.clean(plugin) == "." else f"{paths.clean(plugin)}/"
                self._say(where, f"{found.path!r} {found.what}", found.hint(prefix))
        first = self.targets.setdefault(paths.key(paths.clean(target)), path[1])
        if first != path[1]:
            self._say(where, f"{target!r} is the target of {first!r}, too")
