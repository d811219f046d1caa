"""The marketplace's skills, as a new description is put beside them.

Read once in a process, when the first new description is judged: as they stood then. A document
whose description stays as it is asks for nothing, so that one changed file pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from nightpress.checks import Skill, trigger
from nightpress.errors import UnsafePath
from nightpress.plan import near_duplicates
from nightpress.project import Project
from nightpress.storage import tree

MOST = 1_000
"""Skills that a description is put beside; `nightpress check` compares all."""


@lru_cache(maxsize=1)
def of(project: Project) -> trigger.Rivals:
    """Every declared skill that stands, by its job, with what its own text says of its use."""
    return trigger.Rivals([*_standing(project)][:MOST])


def _standing(project: Project) -> Iterator[Skill]:
    for target, job in near_duplicates.targets(project):
        if not target.lower().endswith("/skill.md"):
            continue
        try:
            data = tree.read(project.root, target, near_duplicates.CAP)
        except (UnsafePath, OSError):
            continue  # nothing stands there, or nothing that we would read
        skill = trigger.skill_of(job, data.decode("utf-8", "replace"), None)
        if skill is not None:
            yield skill
