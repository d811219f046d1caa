"""Are the skills found when they are needed, and what does their listing cost?"""

from __future__ import annotations

from nightpress.plan import rivals
from nightpress.project import Project
from nightpress.report.figures import ConfusedRow, ListedRow, Listing


def of(project: Project) -> Listing | None:
    """Of the skills that stand now; None where there is none."""
    found = rivals.triggers(project)
    if not found.skills:
        return None
    told = found.as_dict()
    return Listing(
        skills=len(found.skills),
        requests=told["requests"],
        first=told["first"],
        top3=told["top3"],
        characters=told["characters"],
        shown=told["characters_listed"],
        tokens_always=found.always,
        tokens_on_load=sum(one["tokens_on_load"] for one in told["skills"]),
        twins=found.measured.twins,
        confused=tuple(
            ConfusedRow(one.id, one.asked, one.first, *one.rivals[0]) for one in found.confused()
        ),
        plugins=tuple(
            ListedRow(
                one.slug, one.skills, one.characters, one.tokens_always, one.tokens_on_load,
                one.asked, one.first,
            )
            for one in found.by_plugin()
        ),
    )  # fmt: skip
