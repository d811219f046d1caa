"""Setting up, and keeping up: dodo.py, defaults, one manifest per plugin, .gitignore.

Floor 3. Whatever exists stays: a manifest that is there keeps its comments, its order and its
name; what is new is added beside it; what is gone is reported.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nightpress import atomic, bounded_yaml, contract, discovery, slugs
from nightpress.discovery import Found
from nightpress.errors import UsageError
from nightpress.model import Window
from nightpress.terminal import safe

GENERIC = frozenset({"skill-adapter", "skill", "skills", "main", "default", "adapter", "index"})


@dataclass(slots=True)
class Done:
    """What was written, and what the user should know."""

    plugins: int = 0
    written: list[str] = field(default_factory=list)
    kept: int = 0
    gone: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    existing: int = 0
    outside: int = 0
    generic: Counter[str] = field(default_factory=Counter)
    next_step: str = ""

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.plugins} plugins found"
        manifests = [path for path in self.written if path.startswith("manifests/")]
        for path in self.written:
            if path not in manifests or len(manifests) <= 12:
                yield f"wrote {safe(path)}"
        if len(manifests) > 12:
            yield f"wrote {len(manifests)} manifests in manifests/"
        if self.kept:
            yield f"{self.kept} manifests were there and stay as they are"
        for path in self.gone:
            yield f"{path}: its plugin is gone (remove the manifest, or bring the plugin back)"
        for notice in self.notices:
            yield f"notice: {safe(notice)}"
        for name, count in self.generic.items():
            yield (
                f"warning: {count} plugins call their skill folder {name!r}: a user sees just one"
                " of them; --rename-generic proposes skills/PLUGIN/ instead"
            )
        if self.existing:
            yield (
                f"{self.outside} of {self.existing} documents that stand there lie outside the"
                " size window and will be made again"
            )
        if self.next_step:
            yield self.next_step


def init(project: Path, marketplace: str, *, rename_generic: bool = False) -> Done:
    """Write what a project needs; nothing that exists is overwritten."""
    root = project.resolve()
    base = Path(marketplace) if Path(marketplace).is_absolute() else Path.cwd() / marketplace
    if not base.is_dir():
        raise UsageError(f"{marketplace}: there is no such folder", "nightpress init MARKETPLACE")
    try:
        relative = base.resolve().relative_to(root).as_posix()
    except ValueError:
        raise UsageError(
            f"{marketplace} lies outside the project {project}",
            "run nightpress init in the folder that holds the marketplace",
        ) from None
    done = Done()
    _write(root, "manifests/_defaults.yaml", _defaults(relative), done)
    _write(root, "dodo.py", contract.bundled("dodo.py").read_text(encoding="utf-8"), done)
    _ignore(root, done)
    _manifests(root, done, rename_generic)
    done.next_step = "next: doit plan (what would be done), then doit"
    return done


def sync(project: Path, *, rename_generic: bool = False) -> Done:
    """Write the manifests that are missing (`doit manifests`)."""
    done = Done()
    _manifests(project.resolve(), done, rename_generic)
    return done


def _write(root: Path, path: str, text: str, done: Done) -> None:
    target = root / path
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(target, text.encode("utf-8"))
    done.written.append(path)


def _ignore(root: Path, done: Done) -> None:
    path = root / ".gitignore"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if ".nightpress/" in text.split("\n"):
        return
    joined = text + ("\n" if text and not text.endswith("\n") else "") + ".nightpress/\n"
    atomic.write(path, joined.encode("utf-8"))
    done.written.append(".gitignore")


def _defaults(marketplace: str) -> str:
    return f"""\
# yaml-language-server: $schema={_schema("defaults")}
# What all manifests share. Every field: docs/manifests.md of nightpress.
marketplace: {_text(marketplace)}

# What a new manifest proposes (readme and reference are there, too).
enhancements:
  - skill

# Documents outside this window are made again.
size:
  min: 8000
  max: 14000

# auto: Gemini if GEMINI_API_KEY (or GOOGLE_API_KEY) is set, else offline. $0 is the default.
backend: auto
model: gemini-3.5-flash-lite

# Calls in flight at once, at most; the quota sets the pace.
concurrency: 4
"""


def _schema(name: str) -> str:
    return f"https://raw.githubusercontent.com/nightpress/nightpress/main/schemas/{name}.json"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _manifests(root: Path, done: Done, rename_generic: bool) -> None:
    defaults, problems = contract.load_defaults(root)
    if any(problem.severity == "error" for problem in problems):
        raise UsageError("\n".join(map(str, problems)))
    marketplace = str(defaults.values.get("marketplace", "."))
    base = root if marketplace == "." else root / marketplace
    if not base.is_dir():
        raise UsageError(
            f"marketplace: there is no folder {marketplace!r}", "manifests/_defaults.yaml"
        )
    found = discovery.discover(base, tuple(defaults.values.get("ignore", ())))
    done.notices += found.notices
    done.plugins = len(found.plugins)
    folder = root / "manifests"
    known = dict(_known(folder))
    taken = {path.stem for path in folder.glob("[!_]*.yaml")}
    prefix = "" if marketplace == "." else f"{marketplace}/"
    here = set()
    for plugin in found.plugins:
        path = prefix.rstrip("/") or "." if plugin.path == "." else prefix + plugin.path
        here.add(path)
        _count(plugin, defaults.size, done)
        if path in known:
            done.kept += 1
            continue
        parts = path.split("/")
        names = [plugin.name, parts[-1], "-".join(parts[-2:])]
        slug = slugs.unique(names, taken)
        taken.add(slug)
        wanted = list(defaults.values.get("enhancements", ["skill"]))
        text = manifest_text(plugin, path, wanted, rename_generic)
        _write(root, f"manifests/{slug}.yaml", text, done)
    done.gone = [name for path, name in sorted(known.items()) if path not in here
                 and not (root / path).is_dir()]  # fmt: skip


def _known(folder: Path) -> Iterator[tuple[str, str]]:
    """(plugin's folder, manifest) of the manifests that there are; `doit validate` tells of the
    ones that cannot be read."""
    for path in sorted(folder.glob("[!_]*.yaml")):
        try:
            value = bounded_yaml.load(path.read_text(encoding="utf-8")).value
        except (bounded_yaml.YamlError, OSError, UnicodeDecodeError):
            continue
        if isinstance(value, dict) and isinstance(value.get("plugin"), str):
            plugin = value["plugin"].removeprefix("./").rstrip("/") or "."
            yield plugin, f"manifests/{path.name}"


def _count(plugin: Found, window: Window, done: Done) -> None:
    for folder, size in plugin.skills:
        done.existing += 1
        done.outside += not window.holds(size)
        name = folder.rpartition("/")[2]
        if name in GENERIC:
            done.generic[name] += 1


def manifest_text(plugin: Found, path: str, wanted: list[str], rename_generic: bool) -> str:
    """A new manifest, with an editor modeline and the skills that the plugin has."""
    rows = [
        f"# yaml-language-server: $schema={_schema('manifest')}",
        f"name: {_text(plugin.name)}",
        f"plugin: {_text(path)}",
    ]
    if plugin.category:
        rows.append(f"category: {_text(plugin.category)}")
    rows.append("enhancements:")
    for name, generator, target in _proposed(plugin, path, wanted, rename_generic):
        rows += [f"  {name}:", f"    generator: {generator}", f"    target: {_text(target)}"]
    if len(rows) and rows[-1] == "enhancements:":
        rows[-1] = "enhancements: {}"
    return "\n".join(rows) + "\n"


def _proposed(
    plugin: Found, path: str, wanted: list[str], rename_generic: bool
) -> Iterator[tuple[str, str, str]]:
    """(name, generator, target) of each enhancement that is proposed."""
    own = slugs.skill_name(plugin.name if slugs.slug(plugin.name) else path.rpartition("/")[2])
    folders = [folder for folder, _ in plugin.skills]
    names: set[str] = set()
    for generator in wanted:
        if generator == "skill" and folders:
            for number, folder in enumerate(folders):
                last = folder.rpartition("/")[2]
                if rename_generic and last in GENERIC:
                    last = own if number == 0 else f"{own}-{number + 1}"
                name = "skill" if len(folders) == 1 else f"skill-{slugs.skill_name(last)}"
                while name in names:
                    name += "-2"
                names.add(name)
                yield name, "skill", f"skills/{last}/SKILL.md"
        else:
            yield generator, generator, _target(generator, own)


def _target(generator: str, own: str) -> str:
    return {
        "skill": f"skills/{own}/SKILL.md",
        "readme": "README.md",
        "reference": f"skills/{own}/references/reference.md",
    }.get(generator, f"docs/{generator}.md")
