"""What in a plugin is about one of its skills, where it has several.

Each skill has a document of its own, and none of them is the plugin's: it is made from its own
folder, and from whatever names the skill or is named by it. What is left over is too little now
and then; that is said (insufficient), not filled up with its neighbours' text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from nightpress.backends.offline.blocks import Block
from nightpress.model import Component, Material
from nightpress.plugin import frontmatter, skill_name


class Topic:
    """The subject of the document that is made of `material`; `whole`: the plugin itself."""

    def __init__(self, material: Material) -> None:
        generator = material.generator
        is_skill = generator is not None and generator.frontmatter == "skill"
        standing = frontmatter.split(material.standing).body.strip()
        others = [c for c in material.anatomy.of("skill") if c.path != material.target]
        self._folder = posixpath.dirname(material.target)
        self._low = standing.lower()
        name = posixpath.basename(self._folder)
        # a new skill beside others that goes by the plugin's name speaks for all of it
        for_all = not standing and name == skill_name(material.anatomy.name)
        self.whole = not (is_skill and (others or material.siblings)) or for_all
        if is_skill and self.whole and standing and material.spares:
            self.whole = _speaks_for(material, name)
        self._name = called(name)
        self._hint = re.split(r"[^a-z0-9]", name.lower())[0]

    def is_own(self, path: str) -> bool:
        """Does the file lie in the skill's folder?"""
        return self.whole or path.startswith(f"{self._folder}/")

    def concerns(self, texts: Iterable[str]) -> bool:
        """Is the skill named in one of the texts?"""
        return self.whole or any(
            self._hint in text.lower() and self._name.search(text) for text in texts
        )

    def concerns_section(self, path: Sequence[str], blocks: Sequence[Block]) -> bool:
        """Is a section about the skill: by its heading, or in every fourth of its blocks?"""
        if self.concerns(path):
            return True
        about = sum(self.concerns([block.text]) for block in blocks)
        return about > 0 and 4 * about >= len(blocks)

    def names(self, path: str) -> bool:
        """Does the skill's own text name a file of the plugin?"""
        return self.whole or any(self._says(way) for way in _ways(path))

    def _says(self, words: str) -> bool:
        plain = words.lower()
        return plain in self._low and _word(re.escape(plain)).search(self._low) is not None

    def uses(self, component: Component) -> bool:
        """Does the skill's text name a component, or the component's the skill?"""
        if self.is_own(component.path) or self.names(component.path):
            return True
        call = f"/{component.name}" if component.kind == "command" else component.name
        if component.kind == "agent" and "-" not in component.name:
            call = f"`{call}`"  # an agent called "helper" is not meant by every "helper"
        named = bool(component.name) and self._says(call)
        return named or (component.kind != "skill" and self.concerns([component.body]))


def _speaks_for(material: Material, name: str) -> bool:
    """Does a plugin's only skill, which a person wrote, speak for the plugin: by its folder's name,
    by naming the plugin or most of its commands and agents, or for want of any?"""
    plugin = skill_name(material.anatomy.name)
    parts = [c for kind in ("command", "agent") for c in material.anatomy.of(kind)]
    words = _word(re.escape(plugin).replace(r"\-", "[-_ ]"))
    if not parts or (plugin and (plugin in name or words.search(material.standing))):
        return True
    names = {c.name.rpartition(":")[2] for c in parts}
    named = [one for one in names if called(one, "agent|command").search(material.standing)]
    return 2 * len(named) > len(names)


def called(name: str, kinds: str = "skill") -> re.Pattern[str]:
    """The name of a skill, command or agent in a text; one of a single word only where such a thing
    must be meant. kinds: what may follow it then, joined by `|`."""
    escaped = re.escape(name)
    if "-" in name:
        return _word(escaped.replace(r"\-", "[-_ ]"))
    return re.compile(
        rf"`{escaped}`|(?<![\w.-])/(?:[\w-]+:)?{escaped}\b|skills?/{escaped}\b"
        rf"|\b{escaped} (?:{kinds})\b",
        re.I,
    )


def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){pattern}(?![\w-])", re.I)


def _ways(path: str) -> tuple[str, ...]:
    """How a text may call a file: its path, or its name where that says something."""
    name = posixpath.basename(path)
    return (path,) if name.lower() in ("readme.md", "skill.md", "index.md") else (path, name)
