"""A document judged in its plugin: the checks of its generator, with what they need to know.

Floor 3: joins the plugin's files and the pure checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from nightpress import checks, sources
from nightpress.gathered import Gathered
from nightpress.model import Anatomy, Enhancement
from nightpress.project import Project


def judge(
    project: Project,
    found: Gathered,
    enhancement: Enhancement,
    paths: Iterable[str],
    text: str,
    *,
    standing: str | None = None,
    finish: str = "stop",
    planned: Iterable[str] = (),
    forced: bool = False,
    ours: bool = True,
) -> checks.Verdict:
    """The verdict on `text` as this enhancement's document.

    paths: the plugin's files that count as source; standing: the file that it would replace;
    planned: targets of the plugin's other enhancements, which may be linked to; forced: the user
    accepts losses against the standing file; ours: False for a file that people keep, which is
    not held to our house rules.
    """
    generator = project.generator(enhancement.generator)
    context = checks.Context(
        settings={**generator.checks, **enhancement.settings.get("checks", {})},
        target=enhancement.target,
        frontmatter=generator.frontmatter,
        window=enhancement.size,
        anatomy=anatomy_of(found, tuple(sorted(paths))),
        plugin_paths=frozenset(found.files) | frozenset(planned),
        marketplace_plugins=frozenset(known_plugins(project)),
        standing=standing,
        finish=finish,
        allow_live_syntax=bool(enhancement.settings.get("allow_live_syntax", False)),
        forced=forced,
        ours=ours,
    )
    return checks.judge(text, context)


def anatomy_of(found: Gathered, paths: tuple[str, ...]) -> Anatomy:
    return sources.anatomy_of(found.root, sources.read(found.root, paths))


@lru_cache(maxsize=1)
def known_plugins(project: Project) -> tuple[str, ...]:
    """Slugs of the marketplace's plugins."""
    return tuple(sorted(entry.stem for entry in project.manifests.glob("[!_]*.yaml")))
