"""Manifests as we write them: new ones as text, existing ones by round trip.

What a manifest says of a plugin is quoted, whatever its name holds; what a user wrote into one
keeps its comments and its order.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence

from nightpress import backends
from nightpress.plugin import YamlDocument
from nightpress.plugin import yaml as bounded_yaml
from nightpress.project.yaml_read import MAX_BYTES, MAX_NODES

Proposal = tuple[str, str, str]
"""An enhancement: its name, its generator, its target."""

_ESCAPED = frozenset({"Cc", "Cf", "Cn", "Co", "Zl", "Zp"})


def quoted(text: str) -> str:
    """The text in double quotes, on one line, as every YAML reader takes it for the same text.

    A lone surrogate, which no UTF-8 file can hold, becomes U+FFFD, and so does NUL."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    category = unicodedata.category(character)
    if category == "Cs" or character == "\0":
        return "\ufffd"
    if category not in _ESCAPED:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def manifest(
    schema: str,
    fields: Mapping[str, str],
    proposals: Sequence[Proposal],
    note: str = "",
    replaced: Container[str] = (),
) -> str:
    """The text of a new manifest. schema: where the editor finds it; note: a comment; replaced:
    targets of the proposals whose standing file may be replaced."""
    rows = [f"# yaml-language-server: $schema={schema}"]
    rows += [f"# {line}" for line in note.split("\n") if line]
    rows += [f"{key}: {quoted(value)}" for key, value in fields.items()]
    if not proposals:
        return "\n".join([*rows, "enhancements: {}"]) + "\n"
    rows.append("enhancements:")
    rows += [f"  {row}" for row in _rows(proposals, "  ", replaced, is_new=True)]
    return "\n".join(rows) + "\n"


def defaults(schema: str, marketplace: str) -> str:
    """The text of a new `_defaults.yaml`: what a user may want to change, with its reasons."""
    return _DEFAULTS.format(
        schema=schema,
        marketplace=quoted(marketplace),
        auto=backends.chosen_by_auto(),
        model=backends.usual().default_model,
    )


_DEFAULTS = """\
# yaml-language-server: $schema={schema}
# What all manifests share. A manifest overrides size, backend, model, publish,
# standing and checks.

# The folder that holds the plugins, relative to this project.
marketplace: {marketplace}

# Files that are no content of a plugin, beside .git, node_modules, backups and the like:
# names at any depth, or paths; * and ? are allowed.
# ignore:
#   - "*.generated.md"

# What the manifest of a new plugin proposes. There are: skill, readme, reference, and
# references (beside SKILL.md a file for each command and agent, where one would hold too much: a
# large pack gets them unasked);
# evals and queries (data to try a skill with).
enhancements:
  - skill

# How large a document is, in bytes. floor: content asks for smaller for small plugins (never
# under 1,200); fixed holds min whatever it says. A person's smaller file: see standing.
size:
  min: 8000
  max: 14000
  floor: content

# Who writes. auto: {auto}, else offline, from the
# plugin's own text. Nothing that costs money is chosen unless `paid: true` says so.
backend: auto
model: {model}

# Calls in flight at once, at most; the quota sets the pace.
concurrency: 4

# auto publishes what passes its checks; review keeps drafts until `doit apply`.
publish: auto

# What may happen to a file that a person wrote or edited, where it is too small:
#   keep     it stays as it is, and is reported
#   review   a draft is made, and waits for `doit apply`
#   extend   a draft is published where nothing of the file is lost, else it waits
#   replace  a draft is published
standing: keep

# Fields of a skill's frontmatter beside name and description, at the top level or under
# metadata: {{author}}, {{version}}, {{license}} and {{keywords}} come from plugin.json; what it has
# nothing for is left out. Unless you say otherwise:
# frontmatter:
#   metadata:
#     author: "{{author}}"
#     version: "{{version}}"

# How fast calls follow one another: adaptive (speeds up on evidence), fixed, or unpaced.
# pace:
#   profile: adaptive

# What one run may use at most; also as options: doit max_calls=100 until=06:00
# budget:
#   max_calls: 400
#   until: "06:00"
"""


def added(text: str, proposals: Sequence[Proposal]) -> str | None:
    """The text of a manifest with enhancements added after its own; comments and order stay.

    None if that cannot be done without touching something else. Raises bounded_yaml.YamlError."""
    before = _read(text)
    values = before.value
    if not isinstance(values, dict) or not isinstance(values.get("enhancements", {}), dict | None):
        return None
    wanted = {name: {"generator": kind, "target": target} for name, kind, target in proposals}
    expected = {**values, "enhancements": {**(values.get("enhancements") or {}), **wanted}}
    for way in (_inserted, _round_trip):
        after = way(text, before, proposals)
        try:
            same = _read(after).value == expected and _comments(after) == _comments(text)
        except bounded_yaml.YamlError:
            continue
        if same:
            return after
    return None


def moved(text: str, plugin: str) -> str | None:
    """The text of a manifest whose plugin is at `plugin` now; every byte else stays.

    None if that cannot be done without touching something else. Raises bounded_yaml.YamlError."""
    before = _read(text)
    if not isinstance(before.value, dict) or ("plugin",) not in before.keys:
        return None
    lines = text.split("\n")
    line = before.keys["plugin",][0] - 1
    lines[line] = _PLUGIN.sub(lambda m: f"{m[1]}{quoted(plugin)}{m[2]}", lines[line], count=1)
    after = "\n".join(lines)
    try:
        same = _read(after).value == {**before.value, "plugin": plugin}
    except bounded_yaml.YamlError:
        return None
    return after if same else None


_PLUGIN = re.compile(
    r"""^(\s*["']?plugin["']?\s*:\s*)(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^"'\s#][^#]*?)(\s*(?:\s\#.*)?)$"""
)
"""The line of a manifest that names its plugin's folder: what stands before it, and after."""


def _inserted(text: str, before: YamlDocument, proposals: Sequence[Proposal]) -> str:
    """New lines after the last one of `enhancements:` in block style; every byte else stays."""
    keys = [place for path, place in before.keys.items() if path[:1] == ("enhancements",)]
    if len(keys) < 2:
        return text
    (start, _), (_, column) = keys[0], keys[1]
    later = [line for path, (line, _) in before.keys.items() if len(path) == 1 and line > start]
    lines = text.split("\n")
    end = min(later, default=len(lines) + 1) - 1
    while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    indent = " " * (column - 1)
    rows = [f"{indent}{row}" for row in _rows(proposals, indent)]
    return "\n".join([*lines[:end], *rows, *lines[end:]])


def _rows(
    proposals: Sequence[Proposal],
    indent: str,
    replaced: Container[str] = (),
    *,
    is_new: bool = False,
) -> Iterator[str]:
    for name, generator, target in proposals:
        yield f"{name}:"
        yield f"{indent}generator: {generator}"
        yield f"{indent}target: {quoted(target)}"
        if generator == "references" and is_new:
            yield f"{indent}backend: offline  # their own text, whole: no call is needed"
        if target in replaced:
            yield f"{indent}standing: replace  # one template has made it in many plugins"
            yield f"{indent}standing_text: ignored"


def _read(text: str) -> YamlDocument:
    return bounded_yaml.load(text, max_bytes=MAX_BYTES, max_nodes=MAX_NODES)


def _round_trip(text: str, _: YamlDocument, proposals: Sequence[Proposal]) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString
    from ruamel.yaml.util import load_yaml_guess_indent

    _, indent, offset = load_yaml_guess_indent(text)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    if indent is not None:
        yaml.indent(mapping=2, sequence=indent, offset=offset or 0)
    document = yaml.load(text)
    if not document.get("enhancements"):
        document["enhancements"] = CommentedMap()
    for name, generator, target in proposals:
        entry = CommentedMap(generator=generator, target=DoubleQuotedScalarString(target))
        document["enhancements"][name] = entry
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def _comments(text: str) -> list[str]:
    """The lines that hold a comment, or what looks like one, in order; spaces count as one."""
    return [" ".join(line.split()) for line in text.split("\n") if "#" in line]
