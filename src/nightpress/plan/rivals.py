"""The marketplace's skills, as a new description is put beside them.

Read once in a process, when the first new description is judged: as they stood then. A document
whose description stays as it is asks for nothing, so that one changed file pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from nightpress.checks import Skill, trigger
from nightpress.errors import UnsafePath
from nightpress.plan import near_duplicates
from nightpress.plan.triggers import Triggers
from nightpress.project import Project
from nightpress.storage import tree

MOST = 1_000
"""Skills that are put beside one another; `nightpress check` compares all."""


@lru_cache(maxsize=1)
def of(project: Project) -> trigger.Rivals:
    """The declared skills that stand, by their jobs, with what their own text says of their use."""
    return trigger.Rivals([skill for skill, _size in islice(standing(project), MOST)])


def triggers(project: Project) -> Triggers:
    """How the skills that stand now trigger, by their own words, and what they cost."""
    found = list(islice(standing(project), MOST))
    return Triggers.of([skill for skill, _ in found], [size for _, size in found])


def standing(project: Project) -> Iterator[tuple[Skill, int]]:
    """Every declared skill that stands, with the bytes of its document."""
    for target, job in near_duplicates.targets(project):
        if not target.lower().endswith("/skill.md"):
            continue
        try:
            data = tree.read(project.root, target, near_duplicates.CAP)
        except (UnsafePath, OSError):
            continue  # nothing stands there, or nothing that we would read
        skill = trigger.skill_of(job, data.decode("utf-8", "replace"), None)
        if skill is not None:
            yield skill, len(data)
