"""Whether the skills trigger, and what their listing costs, in lines and as JSON.

Of all skills that were judged together: as many as are installed together, if those are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from msgspec import Struct

from nightpress.checks import Measured, Skill, trigger
from nightpress.errors import UnsafePath
from nightpress.plan import near_duplicates
from nightpress.project import Project
from nightpress.storage import tree

SHOWN = 5
"""Skills, or pairs of them, that are named in the text; JSON has all."""
LOST = 0.5
"""Share of a skill's requests, 0 to 1, that others take: from there on it is named."""
MOST = 1_000
"""Skills that are put beside one another; `nightpress check` compares all."""
BYTES_OF_A_TOKEN = 4
OWN = "the skills' own words; nightpress check adds their plugins'"
OF_PLUGINS = "the skills' words and their plugins'"
"""Whose words sample requests are: reading every plugin for a plan would cost more than it says."""


class Listing(Struct, frozen=True):
    """What one plugin's skills cost: characters of the listing, always; tokens, if all of them are
    loaded. asked, first: their requests, and those at which they come first."""

    slug: str
    skills: int
    characters: int
    tokens_on_load: int
    asked: int
    first: int

    @property
    def tokens_always(self) -> int:
        return self.characters // BYTES_OF_A_TOKEN


class Triggers(Struct, frozen=True):
    """skills: those judged; sizes: bytes of each document, in the same order; whose: whose words
    the requests are."""

    skills: Sequence[Skill]
    sizes: Sequence[int]
    measured: Measured
    whose: str = OWN

    @classmethod
    def of(cls, skills: Sequence[Skill], sizes: Sequence[int], whose: str = OWN) -> Triggers:
        return cls(skills, sizes, trigger.measure(skills), whose)

    @property
    def always(self) -> int:
        """Tokens of the listing, loaded or not."""
        return sum(one.listed for one in self.skills) // BYTES_OF_A_TOKEN

    def short(self) -> Iterator[str]:
        """The same as `lines`, counted: a line of a terminal each."""
        if len(self.skills) < 2:
            return
        asked = sum(one.asked for one in self.measured.skills)
        first, top3 = self.measured.rate("first"), self.measured.rate("top3")
        if first is not None and top3 is not None:
            whose = "in the skills' own words" if self.whose == OWN else "of skills and plugins"
            rank = f"rank first ({top3:.0%} top 3)"
            yield f"trigger: {first:.0%} of {asked:,} requests {whose} {rank}"
        if many := len(self.confused()):
            skills = f"{many:,} skill{'s' * (many != 1)}"
            yield f"trigger: half the requests of {skills} find another first: nightpress check -v"
        if many := len(self.measured.twins):
            says = "1 pair of descriptions says" if many == 1 else f"{many:,} pairs of them say"
            yield f"trigger: {says} the same: nightpress check -v"
        characters, loaded = self.measured.characters, sum(self.sizes) // BYTES_OF_A_TOKEN
        if (over := characters - trigger.LISTING) > 0:
            yield f"listing: {characters:,} characters, {over:,} too many to be listed whole"
        else:
            yield (
                f"names, descriptions: {characters:,} of {trigger.LISTING:,} characters"
                f" ({self.always:,} tokens); a skill adds {loaded // len(self.skills):,}"
            )

    def lines(self) -> Iterator[str]:
        """Nothing of one skill alone: it has no rival."""
        if len(self.skills) < 2:
            return
        asked = sum(one.asked for one in self.measured.skills)
        first, top3 = self.measured.rate("first"), self.measured.rate("top3")
        if first is not None and top3 is not None:
            yield (
                f"trigger: of {asked:,} sample requests ({self.whose}) {first:.0%} rank their own"
                f" skill first, {top3:.0%} among the first three"
            )
        for one in self.confused()[:SHOWN]:
            rival, taken = one.rivals[0]
            yield (
                f"trigger: {one.id} ranks first for {one.first} of its {one.asked} requests;"
                f" {rival} takes {taken}"
            )
        for pair in self.measured.twins[:SHOWN]:
            yield f"trigger: the descriptions of {pair[0]} and {pair[1]} say the same"
        total = sum(self.sizes) // BYTES_OF_A_TOKEN
        over = self.measured.characters - trigger.LISTING
        much = f" ({over:,} too many to be listed whole)" if over > 0 else ""
        yield (
            f"listing: names and descriptions take {self.measured.characters:,} of"
            f" {trigger.LISTING:,} characters{much}, about {self.always:,} tokens; each loaded"
            f" skill about {total // len(self.skills):,} more"
        )

    def by_plugin(self) -> list[Listing]:
        """What each plugin's skills cost together, the most expensive listing first. The skills are
        called by their jobs, PLUGIN/NAME."""
        found: dict[str, list[tuple[Skill, int, trigger.Trigger]]] = {}
        for skill, size, one in zip(self.skills, self.sizes, self.measured.skills, strict=True):
            found.setdefault(skill.id.partition("/")[0], []).append((skill, size, one))
        listings = (
            Listing(
                slug,
                len(own),
                sum(skill.listed for skill, _, _ in own),
                sum(size for _, size, _ in own) // BYTES_OF_A_TOKEN,
                sum(one.asked for *_, one in own),
                sum(one.first for *_, one in own),
            )
            for slug, own in found.items()
        )
        return sorted(listings, key=lambda one: (-one.characters, one.slug))

    def confused(self) -> list[trigger.Trigger]:
        """Skills of whose requests others take at least half, the worst first."""
        lost = [
            one
            for one in self.measured.skills
            if one.asked > 1 and one.rivals and one.asked - one.first >= LOST * one.asked
        ]
        return sorted(lost, key=lambda one: (-one.rivals[0][1], one.id))

    def as_dict(self) -> dict[str, Any]:
        """Shares are 0 to 1, or null where nothing was asked."""
        return {
            "requests": sum(one.asked for one in self.measured.skills),
            "first": self.measured.rate("first"),
            "top3": self.measured.rate("top3"),
            "twins": [list(pair) for pair in self.measured.twins],
            "characters": self.measured.characters,
            "characters_listed": trigger.LISTING,
            "tokens_always": self.always,
            "skills": [
                {
                    "id": skill.id,
                    "requests": one.asked,
                    "first": one.first,
                    "top3": one.top3,
                    "rivals": [list(rival) for rival in one.rivals],
                    "characters": skill.listed,
                    "cut": len(skill.name) + len(skill.description) > trigger.EACH,
                    "tokens_on_load": size // BYTES_OF_A_TOKEN,
                }
                for skill, size, one in zip(
                    self.skills, self.sizes, self.measured.skills, strict=True
                )
            ],
        }


@lru_cache(maxsize=1)
def rivals(project: Project) -> trigger.Rivals:
    """What a new description is put beside: the declared skills that stand, by their jobs, with
    what their own text says of their use.

    Read once in a process, when the first new description is judged: as they stood then. A document
    whose description stays as it is asks for nothing, so that one changed file pays nothing for it.
    """
    return trigger.Rivals([skill for skill, _size in islice(standing(project), MOST)])


def of_project(project: Project) -> Triggers:
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
