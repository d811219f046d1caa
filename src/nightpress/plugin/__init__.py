"""Reading one plugin: its files, what it has (commands, options, agents, hooks), its names.

Whatever an author wrote is read without trust and without exceptions; a caller sees values.

May import: storage, fingerprint, text, lazy, clock, loopback, model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.plugin.anatomy import kind_of
    from nightpress.plugin.excerpts import Chosen, choose, shortened
    from nightpress.plugin.facts import Facts, collect
    from nightpress.plugin.names import skill_name
    from nightpress.plugin.secret_names import EXACTLY, is_secret
    from nightpress.plugin.sources import STANDING_CAP
    from nightpress.plugin.topic import Topic
    from nightpress.plugin.yaml import YamlDocument, YamlError
else:
    __getattr__ = lazy.attach(
        __name__,
        {
            "anatomy": ["kind_of"],
            "excerpts": ["Chosen", "choose", "shortened"],
            "facts": ["Facts", "collect"],
            "names": ["skill_name"],
            "secret_names": ["EXACTLY", "is_secret"],
            "sources": ["STANDING_CAP"],
            "topic": ["Topic"],
            "yaml": ["YamlDocument", "YamlError"],
        },
    )

__all__ = [
    "EXACTLY",
    "STANDING_CAP",
    "Chosen",
    "Facts",
    "Topic",
    "YamlDocument",
    "YamlError",
    "anatomy",
    "choose",
    "collect",
    "declared",
    "facts",
    "frontmatter",
    "hollow",
    "is_secret",
    "kind_of",
    "names",
    "said",
    "shortened",
    "skill_name",
    "sources",
    "topic",
    "yaml",
]
