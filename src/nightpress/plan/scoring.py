"""The scores of the files that stand, for the plan: by the gates, or as the ledger has them.

Floor 3. No score is a model's opinion of itself (docs/checks.md tells what it is made of).
"""

from __future__ import annotations

from nightpress.errors import UnsafePath
from nightpress.ledger import attempts
from nightpress.plan import judge, staleness
from nightpress.plan.catalog import Catalog, Item
from nightpress.plugin import sources
from nightpress.project.project import Project
from nightpress.storage import tree


def standing(project: Project, catalog: Catalog) -> dict[str, int]:
    """job -> score, 0 to 100, of the file that stands at its target, where one does."""
    found = {}
    known = attempts.latest_scores(project.ledger) if project.has_ledger else {}
    for item in catalog.items.values():
        if item.decision.action == "fresh":
            score = known.get(item.id)
        else:
            score = _judged(project, catalog, item)
        if score is not None:
            found[item.id] = score
    return found


def _judged(project: Project, catalog: Catalog, item: Item) -> int | None:
    gathered = catalog.gathered.get(item.slug)
    state = gathered.states.get(item.name) if gathered is not None else None
    if gathered is None or state is None or state.inputs.standing.sha256 is None:
        return None
    try:
        data = tree.read(gathered.root, state.enhancement.target, sources.STANDING_CAP)
    except (OSError, UnsafePath):
        return None
    return judge.judge(
        project, gathered, state.enhancement, state.counted, data.decode("utf-8", "replace"),
        planned=[other.enhancement.target for other in gathered.states.values()],
        # what is to be replaced, by the very rules that its draft will be judged by
        ours=item.decision.action == "make"
        or staleness.is_ours(state.inputs.standing, state.inputs.publication),
    ).score  # fmt: skip
