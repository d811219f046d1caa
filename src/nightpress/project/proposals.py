"""Which documents a plugin's manifest proposes, under which names, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence

from nightpress.plugin import names as slugs
from nightpress.project.generators import filled_in

GENERIC = frozenset("skill-adapter skill skills main default adapter index plugin".split())
"""Names of skill folders that say nothing, and that many plugins share."""

SKILL = "skill"
_SKILLS = "skills"


def is_odd(folder: str) -> bool:
    """Does the folder's name break the naming rule? Then no skill in it can pass."""
    return slugs.skill_name(folder) != folder


def proposed(
    folders: Sequence[str],
    own: str,
    targets: Mapping[str, str],
    *,
    rename: bool = False,
    taken: Container[str] = (),
) -> Iterator[tuple[str, str, str]]:
    """(name, generator, target) of each enhancement.

    folders: the skill folders that the plugin has, relative to it; own: the name of one that is
    new; targets: generator -> its target with {skill} and {plugin} in it, for each that is wanted;
    rename: propose new folders for generic and odd names; taken: names that are not free.
    """
    skills = list(_renamed(folders, own) if rename else folders) or [f"{_SKILLS}/{own}"]
    often = Counter(bare_name(folder) for folder in skills)
    names: set[str] = set()
    for generator, target in targets.items():
        for folder in skills if generator == SKILL else skills[:1]:
            bare = bare_name(folder)
            called = bare if often[bare] == 1 else "-".join(folder.split("/")[-2:])
            long = generator == SKILL and len(skills) > 1
            wanted = f"{SKILL}-{slugs.skill_name(called)}" if long else generator
            name = slugs.numbered(wanted, _Both(names, taken))
            names.add(name)
            elsewhere = generator == SKILL and folder != f"{_SKILLS}/{bare}"
            yield (
                name,
                generator,
                f"{folder}/SKILL.md" if elsewhere else filled_in(target, bare, own),
            )


def bare_name(folder: str) -> str:
    """A folder's own name."""
    return folder.rpartition("/")[2]


def _renamed(folders: Sequence[str], own: str) -> Iterator[str]:
    used = {bare for bare in map(bare_name, folders) if bare not in GENERIC and not is_odd(bare)}
    for folder in folders:
        bare = bare_name(folder)
        if bare in GENERIC or is_odd(bare):
            name = slugs.numbered(own if bare in GENERIC else slugs.skill_name(bare), used)
            used.add(name)
            folder = f"{_SKILLS}/{name}"
        yield folder


class _Both:
    def __init__(self, one: Container[str], other: Container[str]) -> None:
        self.one, self.other = one, other

    def __contains__(self, name: object) -> bool:
        return name in self.one or name in self.other
