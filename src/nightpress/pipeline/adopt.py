"""`doit adopt:PLUGIN`: the files of its enhancements, as they stand, become the truth."""

from __future__ import annotations

from collections.abc import Sequence

from nightpress.checks import baseline
from nightpress.pipeline import review
from nightpress.pipeline.pipeline import Press
from nightpress.plan import Item, judge
from nightpress.plugin import sources
from nightpress.storage import tree


def adopt(press: Press, items: Sequence[Item]) -> None:
    """Adopt each file that is there; findings do not stop it, they are accepted and listed."""
    for item in items:
        plugin = press.plugin(item.slug)
        state = plugin.states[item.name]
        target = state.enhancement.target
        if state.inputs.standing.sha256 is None:
            press.run.tell("notice", f"{item.id}: there is no {state.target_path} to adopt")
            continue
        text = tree.read(plugin.root, target, sources.STANDING_CAP).decode("utf-8", "replace")
        verdict = judge.judge(
            press.run.project, plugin, state.enhancement, state.counted, text,
            planned=[other.enhancement.target for other in plugin.states.values()],
            ours=False,
        )  # fmt: skip
        errors = [finding for finding in verdict.findings if finding.severity == "error"]
        for finding in errors:
            press.run.tell("notice", f"{item.id}: accepted: {finding.check}: {finding.message}")
        waited = any(one.job == item.id for one in review.waiting(press.run.project, item.slug))
        press.adopt(item, baseline.marks(errors))
        if waited:
            press.run.tell("notice", f"{item.id}: its draft waits no longer")
