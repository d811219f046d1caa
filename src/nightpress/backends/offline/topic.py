"""The topic of a document, as its material has it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from nightpress.backends.offline.blocks import Block
from nightpress.model import Material
from nightpress.plugin import frontmatter, skill_name, topic

called = topic.called

__all__ = ["Topic", "called"]


class Topic(topic.Topic):
    """The subject of the document that is made of `material`; `whole`: the plugin itself."""

    def __init__(self, material: Material) -> None:
        generator = material.generator
        is_skill = generator is not None and generator.frontmatter == "skill"
        standing = frontmatter.split(material.standing).body.strip()
        others = [c for c in material.anatomy.of("skill") if c.path != material.target]
        name = posixpath.basename(posixpath.dirname(material.target))
        # a new skill beside others that goes by the plugin's name speaks for all of it
        for_all = not standing and name == skill_name(material.anatomy.name)
        whole = not (is_skill and (others or material.siblings)) or for_all
        if is_skill and whole and standing and material.spares:
            whole = _speaks_for(material, name)
        super().__init__(material.target, standing, whole=whole)

    def concerns_section(self, path: Sequence[str], blocks: Sequence[Block]) -> bool:
        """Is a section about the skill: by its heading, or in every fourth of its blocks?"""
        if self.concerns(path):
            return True
        about = sum(self.concerns([block.text]) for block in blocks)
        return about > 0 and 4 * about >= len(blocks)


def _speaks_for(material: Material, name: str) -> bool:
    """Does a plugin's only skill, which a person wrote, speak for the plugin: by its folder's name,
    by naming the plugin or most of its commands and agents, or for want of any?"""
    plugin = skill_name(material.anatomy.name)
    parts = [c for kind in ("command", "agent") for c in material.anatomy.of(kind)]
    words = topic.word(re.escape(plugin).replace(r"\-", "[-_ ]"))
    if not parts or (plugin and (plugin in name or words.search(material.standing))):
        return True
    names = {c.name.rpartition(":")[2] for c in parts}
    named = [one for one in names if called(one, "agent|command").search(material.standing)]
    return 2 * len(named) > len(names)
