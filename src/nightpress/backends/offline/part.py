"""What may stand in a document: some blocks under headings, with their place and their value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct, field

from nightpress.backends.offline.blocks import Block
from nightpress.lazy import pattern

LAST = 1_000
"""A place after all others."""


class Home(Struct, frozen=True):
    """The file of a component whose text a document quotes: the headings above that text there, the
    link to the file, and where the chapter of it ends; is_linked: the chapter begins with that."""

    base: tuple[str, ...]
    link: str
    end: tuple[int, ...]
    is_linked: bool


class Family(Struct, frozen=True):
    """Sections side by side: a link to the file, and the headings above them there."""

    link: str
    above: tuple[str, ...]


class Part(Struct):
    """Some blocks under a path of headings, from level 2 down. order: its place; rank: its value,
    the least goes in first; together: what it stands or falls with, if anything; lean, instead: its
    blocks without long listings, and what stands for all of that, where there is no room; news: so
    much of a block, 0 to 1, must not have been said before, or it is left out; source: what its
    chapter begins with, that tells where it is from; ends: the first of those that stand together
    may do without the last; home: the component's file that it is a section of; family: it is one
    of several sections there; is_aside: there is no room for it beside other components, it is only
    named. Parts of one chapter follow each other."""

    path: tuple[str, ...]
    order: tuple[int, ...]
    rank: int
    blocks: Sequence[Block] = field(default_factory=list)
    together: tuple[object, ...] = ()
    lean: Sequence[Block] = ()
    instead: Sequence[Block] = ()
    news: float = 0.0
    source: Block | None = None
    ends: bool = False
    home: Home | None = None
    family: Family | None = None
    is_aside: bool = False

    @property
    def is_standing(self) -> bool:
        """Is it of the document that is replaced?"""
        return self.rank < 0

    @property
    def is_of_call(self) -> bool:
        """Does it tell what its component takes or gives? Two may say that in the same words."""
        return (
            self.home is not None
            and bool(self.path)
            and _OF_CALL.fullmatch(self.path[-1]) is not None
        )


_OF_CALL = pattern(
    r"(?:(?:required|optional|input|command|tool|basic) )?"
    r"(?:parameters?|arguments?|usage|options?|flags?|syntax|inputs?|outputs?|returns?)",
    re.I,
)
