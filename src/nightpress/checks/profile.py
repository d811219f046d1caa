"""What whoever installs a skill makes of it: three profiles, by the setting `profile`.

`claude-code`: a skill stands in its plugin, whole. `agent-plugins` (Agent Plugins 1.0.0): clients
cut a SKILL.md at 8,000 bytes, its frontmatter included. `upload`: a skill's folder travels alone.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.lazy import pattern

_SCHEME = pattern(r"(?:[a-z][a-z0-9+.-]*:|//|#)")


def skill_folder(target: str) -> str:
    """The folder of the skill that a document belongs to, relative to the plugin; "" of none."""
    folder, found, _ = target.partition("/references/")
    if found:
        return folder
    return posixpath.dirname(target) if target.endswith("SKILL.md") else ""


def profile_size(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """With `profile: agent-plugins` a SKILL.md has at most the option bytes, frontmatter included:
    the rest would be cut off."""
    if context.profile != "agent-plugins" or context.frontmatter != "skill":
        return
    size = len(document.text.encode("utf-8", "replace"))
    if size > int(options["bytes"]):
        yield Spot(
            f"{size:,} bytes, of which {int(options['bytes']):,} are kept",
            hint="move detail to references/ (generator: references)",
        )


def profile_links(document: Document, context: Context, _options: Options) -> Iterator[Spot]:
    """With `profile: upload` no link leads out of the skill's folder: nothing else is uploaded."""
    folder = skill_folder(context.target or "")
    if context.profile != "upload" or not folder:
        return
    here = posixpath.dirname(context.target or "")
    for link in document.links:
        target = unquote(link.target.split("#")[0].split("?")[0])
        if not target or _SCHEME.match(target):
            continue
        path = posixpath.normpath(posixpath.join(here, target))
        if path != folder and not path.startswith(f"{folder}/"):
            yield Spot(
                f"link leads out of the skill's folder: {target}",
                *document.place(link.offset),
                "say what the file says, or name it without a link",
            )
