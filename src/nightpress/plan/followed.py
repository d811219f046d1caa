"""The fields of a document's frontmatter that follow plugin.json: its author, its version.

No document is made again for them. Where plugin.json says something else by now, they are written
anew in the file that stands, and nothing else of it changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from nightpress import project as contract
from nightpress.backends import finish
from nightpress.plugin import anatomy, frontmatter, sources
from nightpress.project import Project


def fields(
    project: Project, root: Path, told: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The project's own fields, filled by what the plugin.json of the plugin in `root` says now;
    told: what is said of it elsewhere."""
    plugin = sources.anatomy_of(root, sources.read(root, anatomy.PLUGIN_JSON), told)
    return finish.house(contract.house(project.defaults.values), plugin)


def own(text: str, wanted: Mapping[str, object], persons: str = "") -> tuple[str, ...]:
    """Names of those fields that are the author's in this document, and never follow: they say
    something else, stand in the person's file that it goes back to, or were not added to that."""
    stand, theirs = finish.fields_of(text), finish.fields_of(persons)
    return tuple(
        name
        for name, value in _leaves(wanted)
        if name.partition(".")[0] in theirs
        or _at(stand, name) not in (None, value)
        or (theirs and _at(stand, name) is None)
    )


def behind(
    text: str, wanted: Mapping[str, object], own: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    """(the document with those fields as they are now, what changes in words); ("", ()) where it
    has them already, or has a frontmatter that cannot be changed in one place."""
    text = text.replace("\r\n", "\n")
    parts, stand = frontmatter.split(text), finish.fields_of(text)
    changed: dict[str, object] = {}
    words = []
    for name, value in _leaves(wanted):
        before = _at(stand, name)
        if before == value or name in own:
            continue
        key, _, inner = name.partition(".")
        if inner:
            block = changed.setdefault(key, dict(_mapping(stand.get(key))))
            assert isinstance(block, dict)  # noqa: S101 (made in the line above)
            block[inner] = value
        else:
            changed[key] = value
        words.append(f"{name} {_said(before)}-> {_said(value).strip()}")
    if not changed or parts.raw is None:
        return "", ()
    try:
        return f"---\n{frontmatter.amend(parts.raw, changed)}---\n{parts.body}", tuple(words)
    except frontmatter.FrontmatterError:
        return "", ()


def _leaves(fields: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """`metadata.version`: each field that has a value of its own."""
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", one) for inner, one in value.items())
        else:
            yield key, value


def _at(fields: Mapping[str, object], name: str) -> object:
    key, _, inner = name.partition(".")
    return _mapping(fields.get(key)).get(inner) if inner else fields.get(key)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _said(value: object) -> str:
    if value is None:
        return ""
    return f"{', '.join(map(str, value)) if isinstance(value, list) else value} "
