"""Data for those who try a skill, from what the plugin says: what its users ask for, what of that
it is not for, and what comes of it."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from nightpress.backends.offline import wishes, wording
from nightpress.backends.offline.blocks import sections
from nightpress.backends.offline.clean import Place, shown
from nightpress.checks import trigger
from nightpress.lazy import pattern
from nightpress.model import Component, Material
from nightpress.plugin import kind_of

MOST, CASES, ASSERTED = 20, 12, 5
_NOWHERE = Place("", "", "", frozenset())
_RESULT = pattern(r"\b(?:outputs?|results?|success|criteria|deliver\w*|produces|returns)\b", re.I)
_LABEL = pattern(r"\*\*[^*]+\*\*")
"""What an item is about, set off before it: no words of a user's."""
_ITEM = pattern(r"(?m)^(?:[-*+]|\d+[.)])\s+(?:\[ \] )?(\S.*)$")


def text(material: Material) -> str:
    """The data as JSON, in the form that the generator's `format` asks for; an empty list where the
    plugin says nothing of it."""
    form = material.generator.settings.get("format") if material.generator is not None else ""
    value: Any = list(_queries(material)) if form == "queries" else _evals(material)
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _queries(material: Material) -> Iterator[dict[str, object]]:
    anatomy = material.anatomy
    bodies = [c.body for kind in ("command", "agent") for c in anatomy.of(kind)]
    bodies += [f.text for f in anatomy.files if kind_of(f.path) == "readme" and "/" not in f.path]
    wanted = [said for body in bodies for said in trigger.wishes(body)]
    wanted += [wish for c in anatomy.components if (wish := wishes.request(c.description))]
    against = [said for body in bodies for said in trigger.refusals(body)]
    seen: set[str] = set()
    for should, found in ((True, wanted), (False, against)):
        for query in found:
            plain = shown(query)
            if plain.lower() not in seen and len(seen) < MOST and not _LABEL.match(query):
                seen.add(plain.lower())
                yield {"query": plain, "should_trigger": should}


def _evals(material: Material) -> dict[str, Any]:
    """Of each command and agent that says what it is for one case."""
    cases: list[dict[str, Any]] = []
    for kind in ("command", "agent"):
        for component in material.anatomy.of(kind):
            said = (w for w in trigger.wishes(component.body) if not _LABEL.match(w))
            asked = next(said, "")
            asked = asked or wishes.request(component.description)
            expected = wording.sentence(component.description)
            if asked and expected and len(cases) < CASES:
                prompt = shown(asked)
                if kind == "command":
                    prompt = f"{prompt.rstrip('.')} with /{component.name}"
                cases.append(
                    {
                        "id": len(cases) + 1,
                        "prompt": prompt,
                        "expected_output": expected,
                        "files": [],
                        "assertions": list(_asserted(component)),
                    }
                )
    folder = posixpath.dirname(posixpath.dirname(material.target))
    return {"skill_name": posixpath.basename(folder), "evals": cases}


def _asserted(component: Component) -> Iterator[str]:
    """What the component says of its results, item by item."""
    left = ASSERTED
    for section in sections(component.body, _NOWHERE):
        if _RESULT.search(section.heading):
            for block in section.blocks:
                for item in _ITEM.findall(block.text) if block.kind == "list" else ():
                    if left:
                        left -= 1
                        yield shown(item.replace("**", "").replace("`", ""))
