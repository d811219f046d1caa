"""Which enhancements a plugin's manifest proposes, and under which names.

Floor 1: pure.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from nightpress.plugin import names as slugs

GENERIC = frozenset("skill-adapter skill skills main default adapter index plugin".split())
"""Names of skill folders that say nothing, and that many plugins share."""

SKILL = "skill"


def is_odd(folder: str) -> bool:
    """Does the folder's name break the naming rule? Then no skill in it can pass."""
    return slugs.skill_name(folder) != folder


def proposals(
    folders: Sequence[str],
    own: str,
    targets: Mapping[str, str],
    *,
    rename: bool = False,
    taken: Container[str] = (),
    places: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, str, str]]:
    """(name, generator, target) of each enhancement.

    folders: names of the skill folders that the plugin has; own: the name of one that is new;
    targets: generator -> its target with {skill} and {plugin} in it, for each that is wanted;
    rename: propose new folders for generic and odd names; taken: names that are not free; places:
    skill folder -> where it lies within the plugin, of those that are not under `skills/`.
    """
    skills = list(_renamed(folders, own) if rename else folders) or [own]
    names: set[str] = set()
    for generator, target in targets.items():
        for folder in skills if generator == SKILL else skills[:1]:
            long = generator == SKILL and len(skills) > 1
            wanted = f"{SKILL}-{slugs.skill_name(folder)}" if long else generator
            name = slugs.numbered(wanted, _Both(names, taken))
            names.add(name)
            place = (places or {}).get(folder) if generator == SKILL else None
            yield name, generator, f"{place}/SKILL.md" if place else filled_in(target, folder, own)


def filled_in(target: str, skill: str, plugin: str) -> str:
    """A generator's target; skill: the folder of the plugin's (first) skill."""
    return target.replace("{plugin}", plugin).replace("{skill}", skill)


def _renamed(folders: Iterable[str], own: str) -> Iterator[str]:
    used = {folder for folder in folders if folder not in GENERIC and not is_odd(folder)}
    for folder in folders:
        if folder in GENERIC or is_odd(folder):
            wanted = own if folder in GENERIC else slugs.skill_name(folder)
            folder = slugs.numbered(wanted, used)
            used.add(folder)
        yield folder


class _Both:
    def __init__(self, one: Container[str], other: Container[str]) -> None:
        self.one, self.other = one, other

    def __contains__(self, name: object) -> bool:
        return name in self.one or name in self.other
