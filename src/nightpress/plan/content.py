"""Whose files lie below a plugin's folder: what is not the plugin's own.

A plugin may be the whole repository (`source: "./"`). Then what nightpress keeps there
(manifests, lock file, dodo.py) and the plugins inside it are no content of it: else each
publication would make it stale again, and restoring it would turn back what belongs to others.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from functools import lru_cache

from nightpress import fingerprint
from nightpress import project as contract
from nightpress.lazy import pattern
from nightpress.model import Manifest
from nightpress.plugin import anatomy
from nightpress.project import STATE, Project, paths
from nightpress.storage import Entry, tree, with_parents

FOLDERS = ("commands/", "agents/")
"""What a document of a plugin speaks of without naming it."""
SHORT = 12
"""Characters of a digest in the lock file that tells whether something is as it was."""
OURS = (
    "dodo.py", "manifests", "nightpress.lock", STATE,
    "nightpress-baseline.json", "nightpress.sarif",
)  # fmt: skip
"""What nightpress writes at a project's root, or is told to by docs/ci.md."""


def foreign(project: Project, path: str) -> frozenset[str]:
    """Paths below the plugin's folder (relative to it) that are not its own, however deep they
    go; path: the folder, relative to the project."""
    if path not in (".", paths.clean(str(project.defaults.values.get("marketplace", ".")))):
        return frozenset()
    prefix = "" if path == "." else f"{path}/"
    folders = {
        inner.removeprefix(prefix) for inner in _plugins(project) if inner.startswith(prefix)
    }
    if path == ".":
        folders |= {*OURS, *_generators(project)}
    return frozenset(folders - {".", ""})


def is_foreign(path: str, others: Container[str]) -> bool:
    """Is the path one of those, or below one?"""
    while path:
        if path in others:
            return True
        path = path.rpartition("/")[0]
    return False


def ignores(project: Project, manifest: Manifest, without: Container[str] = ()) -> tree.Ignore:
    """What is passed over in the manifest's plugin; without: paths that are, too."""
    patterns = [*project.defaults.values.get("ignore", ()), *manifest.settings.get("ignore", ())]
    keep = [enhancement.target for enhancement in manifest.enhancements]
    return tree.Ignore(patterns, keep=keep, without=without)


def own(
    entries: Sequence[Entry],
    foreign: frozenset[str],
    ignored: frozenset[str],
    targets: Iterable[str],
) -> list[Entry]:
    """The entries that are the plugin's content: without what is foreign, without plugins inside
    it, and without what git ignores (a clone would not have it, and nobody else is to see it; a
    target counts all the same). foreign, ignored, targets: relative to the plugin's folder."""
    marker = "/.claude-plugin/plugin.json"
    inner = {e.path.removesuffix(marker) for e in entries if e.path.endswith(marker)}
    others, kept = foreign | inner, with_parents(targets)
    return [
        e
        for e in entries
        if not is_foreign(e.path, others) and (e.path in kept or not is_foreign(e.path, ignored))
    ]


def is_about(path: str, about: str) -> bool:
    """Is a file of the plugin what a reference is made from? about: the component's path; of a
    skill its whole folder is."""
    if path in anatomy.PLUGIN_JSON or path == about:
        return True
    folder, _, name = about.rpartition("/")
    return name == "SKILL.md" and path.startswith(f"{folder}/")


def seen(path: str, declared: Sequence[str] = ()) -> bool:
    """Can a generator see the file? Pictures, archives, licences, changelogs, lock files of
    packages, and what a forge or an editor reads, tell of nothing that a document is made from;
    declared: patterns of those that a generator's `inputs` names nevertheless."""
    if _tells(path) and not _is_of_a_tool(path):
        return True
    return any(fnmatch.fnmatch(path, pattern) for pattern in declared)


def once_seen(path: str) -> bool:
    """Is it no content, but was by the rules of earlier versions?"""
    return _tells(path) and _is_of_a_tool(path)


def _is_of_a_tool(path: str) -> bool:
    """Does a forge or an editor read the file where it stands? (Deeper in a plugin it is a template
    of what its user gets, and some agents have their skills there.)"""
    first, _, rest = path.partition("/")
    return bool(rest) and first in _TOOLS and rest.partition("/")[0] not in _AGENTS


@lru_cache(maxsize=65_536)
def _tells(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    stem, dot, ending = name.rpartition(".")
    if (dot and ending in _UNSEEN) or name in _LOCKS:
        return False
    kind = anatomy.kind_of(path)
    changelog = kind == "doc" and "skills/" not in path and _CHANGELOG.fullmatch(stem or name)
    return kind != "license" and not changelog


_UNSEEN = frozenset(
    "png jpg jpeg gif webp ico svg bmp avif mp4 webm mov mp3 wav ogg woff woff2 ttf otf eot pdf"
    " zip gz tgz tar xz bz2 7z jar so dylib dll exe wasm class bin lockb".split()
)
_LOCKS = frozenset(
    "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml uv.lock poetry.lock pdm.lock"
    " pipfile.lock cargo.lock go.sum gemfile.lock composer.lock bun.lock flake.lock mix.lock"
    " .gitignore .gitattributes .gitmodules .gitkeep .editorconfig".split()
)
_TOOLS = frozenset(
    ".github .gitlab .gitea .forgejo .circleci .buildkite .azuredevops .azure-pipelines"
    " .vscode .idea .vs .fleet .zed .devcontainer .husky .changeset".split()
)
_AGENTS = frozenset(
    "skills agents commands prompts instructions hooks plugin chatmodes"
    " copilot-instructions.md".split()
)
_CHANGELOG = pattern(r"(?:change[-_ ]?log|changes|history|releases?|release[-_ ]?notes|news)")


def others(target: str, files: Collection[str]) -> frozenset[str]:
    """The folders of the plugin's other skills, on which a skill does not depend but where it links
    to one: it is made from its own folder, and from what the plugin is. None of another target."""
    folder, _, name = target.rpartition("/")
    if name != "SKILL.md":
        return frozenset()
    return frozenset(s for s in skills(files) if not f"{folder}/".startswith(f"{s}/"))


def skills(files: Iterable[str]) -> frozenset[str]:
    """The folders of skills."""
    return frozenset(path.removesuffix("/SKILL.md") for path in files if path.endswith("/SKILL.md"))


def linked(folders: Collection[str], paths: Collection[str]) -> tuple[str, ...]:
    """Those of the folders that hold one of the paths."""
    holding = {path[:at] for path in paths for at, mark in enumerate(path) if mark == "/"}
    return tuple(sorted(holding.intersection(folders)))


def links(text: str, folder: str) -> bool:
    """Does the text name the folder of another skill, or something in it?"""
    return f"{folder}/" in text or f"../{folder.rpartition('/')[2]}/" in text


def spoken_of(files: Mapping[str, str], paths: Iterable[str]) -> dict[str, str]:
    """Short digests of these paths of the plugin's; a folder's, which ends with `/`, is of all
    that it holds. files: path -> sha256; what is not there has none."""
    digests = {}
    for path in paths:
        held = {p: sha256 for p, sha256 in files.items() if p == path or p.startswith(path)}
        whole = held if path.endswith("/") else {p: s for p, s in held.items() if p == path}
        if whole:
            digests[path] = fingerprint.content(whole)[:SHORT]
    return digests


def _plugins(project: Project) -> set[str]:
    """The folders of all plugins that have a manifest."""
    folders = set()
    for file in project.manifests.glob("*.yaml"):
        values = contract.peek(file) if not file.name.startswith(("_", ".")) else None
        if values is not None and isinstance(values.get("plugin"), str):
            folders.add(paths.clean(values["plugin"]))
    return folders


def _generators(project: Project) -> set[str]:
    """The project's own generators: how documents are made is no content of a plugin."""
    own = project.root / "generators"
    return {f"generators/{file.parent.name}" for file in own.glob("*/generator.yaml")}
