"""What a document said, and the one in its place no longer says.

Three rounds, each about what the one before left over on both sides: blocks (headings, list items,
table rows, code, whole paragraphs), then sentences, then the links, files, numbers and tags that
they mention. Each thing must be found as often as it was said. Blocks must also keep their order,
for the third step before the second is another procedure.

Of plain prose only the sentences with a directive are held to their words; the others may be put
differently, but what they mention must be mentioned.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from nightpress.checks import cited, units
from nightpress.checks.fields import lost_fields
from nightpress.checks.units import Unit
from nightpress.plugin import frontmatter

__all__ = ["Loss", "Loss_kind", "losses"]

Loss_kind = Literal[
    "frontmatter", "heading", "code", "row", "item", "comment", "break", "directive", "sentence",
    "link", "file", "number", "tag", "order",
]  # fmt: skip

QUOTE = 200
"""Characters of a quotation, at most."""

SAID: Mapping[Loss_kind, str] = {
    "frontmatter": "frontmatter is gone or changed",
    "heading": "heading is gone",
    "code": "code block is gone or changed",
    "row": "table row is gone or changed",
    "item": "list item is gone or changed",
    "comment": "comment is gone or changed",
    "break": "dividing line is gone",
    "sentence": "sentence is gone or changed",
    "directive": "rule is gone or changed",
    "link": "link is gone",
    "file": "file is no longer mentioned",
    "number": "number is gone or changed",
    "tag": "tag is gone",
    "order": "is in another order",
}


class Loss(Struct, frozen=True):
    """One thing that is lost; line: where it stood, from 1; quote: what it said; key: the dotted
    path of a frontmatter value, "" for all else."""

    kind: Loss_kind
    line: int
    quote: str
    key: str = ""

    @property
    def message(self) -> str:
        """What is lost, in one line of plain English."""
        shown = " ".join(self.quote.split())
        return f"line {self.line}: {SAID[self.kind]}: {shown}"


MANY = 16
"""Twins of one unit, on each side, of which all pairs are tried."""

_Key = tuple[units.Unit_kind, str]

NOTHING: Mapping[str, str] = MappingProxyType({})


def losses(
    old: str, new: str, linked: Mapping[str, str] = NOTHING, *, literally: bool = False
) -> tuple[Loss, ...]:
    """Everything in `old` that neither `new` nor a file that `new` links to still says, in the
    order of the lines. linked: path to text; literally: hold plain sentences, too, to their
    words, and count dividing lines, so that no loss means that all of it still stands."""
    found = _losses(old, new, linked, literally)
    return tuple(sorted(found, key=lambda loss: loss.line))


def _losses(old: str, new: str, linked: Mapping[str, str], literally: bool) -> Iterator[Loss]:
    old, new = _lf(old), _lf(new)
    for field in lost_fields(frontmatter.split(old).raw, frontmatter.split(new).raw):
        yield Loss("frontmatter", field.line, field.text[:QUOTE], field.path)
    said_before = units.blocks(old)
    said_now = [units.blocks(text) for text in (new, *map(_lf, linked.values()))]
    blocks = _settle(said_before, said_now)
    prose: list[Unit] = []
    for unit in blocks.missing:
        if unit.kind in ("paragraph", "definition"):
            prose.append(unit)
        elif unit.kind == "break" and not literally:
            continue  # of a text that is put differently, its divisions are
        elif unit.open and any(_goes_on(unit, other) for other in blocks.spare):
            continue  # it ended where the document did
        elif unit.kind == "code":
            yield from _code(unit, blocks)
        else:
            yield _loss(unit)
    yield from _moved(said_before, blocks.moved)
    if not prose:
        return
    said = _settle(_sentences(prose), [list(_sentences(blocks.spare))])
    held = ("directive", "sentence") if literally else ("directive",)
    yield from (_loss(unit) for unit in said.missing if unit.kind in held)
    plain = [unit for unit in said.missing if unit.kind not in held]
    code = [unit for unit in blocks.spare if unit.kind == "code"]
    named = _settle(_mentions(plain), [list(_mentions([*said.spare, *code]))])
    yield from map(_loss, named.missing)


def _moved(old: Sequence[Unit], moved: Sequence[Unit]) -> Iterator[Loss]:
    """What is in another order; not said of what is under a heading that does."""
    out = {id(unit) for unit in moved}
    heading: Unit | None = None
    for unit in old:
        heading = unit if unit.kind == "heading" else heading
        if id(unit) not in out or unit.kind in ("paragraph", "break", "definition"):
            continue
        if unit is heading or heading is None or id(heading) not in out:
            yield _loss(unit, "order")


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _loss(unit: Unit, kind: Loss_kind | None = None) -> Loss:
    return Loss(kind or unit.kind, unit.line, unit.text[:QUOTE])  # type: ignore[arg-type]


def _sentences(blocks: Iterable[Unit]) -> Sequence[Unit]:
    found: list[Unit] = []
    for block in blocks:
        if block.kind == "definition":
            found.append(block)
        elif block.kind not in ("code", "break"):
            found += units.sentences(block)
    return found


def _mentions(said: Iterable[Unit]) -> Sequence[Unit]:
    return [unit for sentence in said for unit in cited.mentions(sentence)]


class _Rest(Struct):
    """Of the old sequence: what stands nowhere, and what stands out of its order; of the new ones:
    what has no match."""

    missing: list[Unit]
    moved: list[Unit]
    spare: list[Unit]


def _settle(old: Sequence[Unit], new: Sequence[Sequence[Unit]]) -> _Rest:
    """What is left when `old` has been sought, in order, in each of the new sequences in turn."""
    rest = list(old)
    spare: list[Unit] = []
    for one in new:
        pairs = _in_order([(u.kind, u.key) for u in rest], [(u.kind, u.key) for u in one])
        ours, theirs = {mine for mine, _ in pairs}, {its for _, its in pairs}
        rest = [unit for at, unit in enumerate(rest) if at not in ours]
        spare += [unit for at, unit in enumerate(one) if at not in theirs]
    elsewhere = Counter((u.kind, u.key) for u in spare)
    missing, moved = _part(rest, elsewhere)
    left, _ = _part(spare, Counter((u.kind, u.key) for u in moved))
    return _Rest(missing, moved, left)


def _part(sequence: list[Unit], count: Counter[_Key]) -> tuple[list[Unit], list[Unit]]:
    """The units that are not counted, and those that are, each as often as it is."""
    out: list[Unit] = []
    counted: list[Unit] = []
    for unit in sequence:
        key = (unit.kind, unit.key)
        (counted if count[key] > 0 else out).append(unit)
        count[key] -= 1
    return out, counted


def _in_order(ours: Sequence[_Key], theirs: Sequence[_Key]) -> list[tuple[int, int]]:
    """Index pairs of a longest common subsequence (Hunt and Szymanski, CACM 20, 1977). Of what
    stands there very often only the nearest in rank are compared, so that the time stays linear;
    if all of `ours` is there in order, that is found in any case."""
    pairs: list[tuple[int, int]] = []
    for at, key in enumerate(theirs):
        if len(pairs) < len(ours) and ours[len(pairs)] == key:
            pairs.append((len(pairs), at))
    if len(pairs) == len(ours):
        return pairs
    places: dict[_Key, list[int]] = {}
    for at, key in enumerate(theirs):
        places.setdefault(key, []).append(at)
    total = Counter(key for key in ours if key in places)
    rank: Counter[_Key] = Counter()
    tails: list[int] = []
    chains: list[tuple[int, int, object]] = []
    for mine, key in enumerate(ours):
        if key not in places:
            continue
        for its in _near(places[key], rank[key], total[key]):
            at = bisect_left(tails, its)
            link = (mine, its, chains[at - 1] if at else None)
            tails[at : at + 1] = [its]
            chains[at : at + 1] = [link]
        rank[key] += 1
    pairs = []
    chain: object = chains[-1] if chains else None
    while isinstance(chain, tuple):
        pairs.append((chain[0], chain[1]))
        chain = chain[2]
    return pairs[::-1]


def _near(places: list[int], rank: int, total: int) -> list[int]:
    """The places, from the last to the first; if they are many, those that have nearly this rank,
    counted from the front or from the back."""
    if len(places) * total <= MANY * MANY:
        return places[::-1]
    back = len(places) - total + rank
    near = {at + by for at in (rank, back) for by in (-2, -1, 0, 1, 2)}
    return [places[at] for at in sorted(near, reverse=True) if 0 <= at < len(places)]


def _goes_on(unit: Unit, other: Unit) -> bool:
    return other.kind == unit.kind and other.key.startswith(unit.key)


def _code(unit: Unit, blocks: _Rest) -> Iterator[Loss]:
    """Of a block that is not there as it was: the first line that is in no other one either."""
    others = [one for one in blocks.spare if one.kind == "code"]
    there = Counter(line for one in others for line in one.text.split("\n"))
    lines = unit.text.rstrip("\n").split("\n")
    for number, line in enumerate(lines, unit.line):
        if not there[line]:
            yield Loss("code", number, line[:QUOTE])
            return
        there[line] -= 1
    yield _loss(unit)
