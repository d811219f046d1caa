"""What will surely be refused, whoever writes it: told by init, validate and plan, and asked of
nobody.

Of a generator: templates that no plugin can fill in, secrets in them, checks that cannot be loaded.
Of a document: what keeps it from being put at its target, and what is wrong with the part of it
that no writer has a say in. Reads; writes nothing.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from nightpress import checks
from nightpress.backends import finish
from nightpress.checks import Gate
from nightpress.errors import UsageError
from nightpress.model import (
    Anatomy,
    Enhancement,
    Finding,
    Generator,
    Manifest,
    Material,
)
from nightpress.plugin import frontmatter, skill_name
from nightpress.project import own_checks, paths, prompt
from nightpress.project.defaults import FILE, house
from nightpress.project.problems import Problem

_NOBODY = "no draft can fix that, so none is requested"
STANDS_IN = {"description": "Stands in for an analysis that nobody has asked for yet."}
FIELDS = ("frontmatter-", "name-")
"""How the checks of fields are called that are the author's or the project's. A description is the
writer's, who can be asked for another."""


class Place(Struct, frozen=True):
    """Where a document is to stand. root: the project; values: its defaults; standing: the text at
    the target; ours: we published it, and it goes back to no person's; extends: all of it stays;
    afresh: nothing of it is used; by_model: a template is filled in for it."""

    root: Path
    values: Mapping[str, Any]
    manifest: Manifest
    enhancement: Enhancement
    generator: Generator
    standing: str = ""
    ours: bool = False
    extends: bool = False
    afresh: bool = False
    by_model: bool = True

    @property
    def plugin(self) -> Path:
        return self.root / self.manifest.path

    @property
    def prefix(self) -> str:
        return "" if self.manifest.path == "." else f"{self.manifest.path}/"

    def material(self, anatomy: Anatomy) -> Material:
        return Material(
            anatomy=anatomy,
            analysis=STANDS_IN,
            standing="" if self.afresh else self.standing,
            generator=self.generator,
            target=self.enhancement.target,
            window=self.enhancement.size,
            current=self.standing,
            ours=self.ours,
            house=house(self.values),
            afresh=self.afresh,
            extends=self.extends,
            profile=self.enhancement.profile,
        )


# --- a generator ---


def of_generator(root: Path, generator: Generator, *, by_model: bool = True) -> Iterator[Problem]:
    """Why no document of a generator of the project's own can be asked for; root: the project. The
    tests have seen to ours. by_model: somebody fills in its templates."""
    if not _is_own(root, generator):
        return
    shown = f"generators/{generator.type}"
    try:
        own_checks.gates(generator, generator.checks, root)
    except UsageError as error:
        file, _, what = error.message.partition(": ")
        yield Problem(file, 0, 0, "", what, error.hint or "nightpress check FILE tries it")
    if not by_model:
        return
    for name, text in (("system.md", generator.system), ("prompt.md.j2", generator.prompt)):
        if fault := prompt.wrong(text):
            yield Problem(f"{shown}/{name}", fault[0], 1, "", fault[1], prompt.HINT)
    found = next(iter(checks.secrets.find(generator.system)), None)
    if found is not None:
        line = generator.system.count("\n", 0, found[0]) + 1
        message = f"looks like a secret ({found[2]}): nothing that holds one is sent"
        hint = "take it out of the file, and revoke it"
        yield Problem(f"{shown}/system.md", line, 1, "", message, hint)


def _is_own(root: Path, generator: Generator) -> bool:
    return Path(generator.folder).parent == root / "generators"


# --- a document ---


def of_document(place: Place, named: Anatomy, whole: Callable[[], Anatomy]) -> Iterator[Problem]:
    """Why no draft of it would be published. named: the plugin as its plugin.json names it; whole:
    all of it, where that is asked for."""
    if place.by_model and _is_own(place.root, place.generator):
        try:
            prompt.rendered(place.generator, place.material(whole()), lambda text: (text, 0))
        except prompt.Unfit as error:
            yield Problem(error.file, error.line, 1, "", error.what, error.hint)
    if place.generator.frontmatter == "none" and not place.extends:
        return
    text, findings = _stood_in(place, named)
    for finding in findings:
        yield _told(place, finding, text)


def _stood_in(place: Place, named: Anatomy) -> tuple[str, list[Finding]]:
    """A draft of which nothing is the writer's, and the errors that it has."""
    body = "# Title\n\nText.\n"
    if place.extends:
        body = frontmatter.split(place.standing.replace("\r\n", "\n")).body
    context = checks.Context(
        settings=own_checks.merged(place.generator, place.enhancement),
        target=place.enhancement.target,
        frontmatter=place.generator.frontmatter,
        standing=place.standing or None,
        persons="" if place.ours else place.standing,
        allow_live_syntax=bool(place.enhancement.settings.get("allow_live_syntax", False)),
        profile=place.enhancement.profile,
        format=str(place.generator.settings.get("format", "markdown")),
    )
    draft = finish.finished(place.material(_public(named)), body)
    return checks.errors(draft, context, lambda gate: _is_kept(gate, place))


def _public(named: Anatomy) -> Anatomy:
    """Without what holds a secret: no writer sees that of a plugin, and what they say is without
    it."""

    def said(text: str) -> str:
        return "" if checks.redact(text)[1] else text

    keywords = tuple(word for word in named.keywords if said(word))
    version, author = said(named.version), said(named.author)
    return replace(named, author=author, version=version, keywords=keywords)


def _is_kept(gate: Gate, place: Place) -> bool:
    """Does it find what no writer changes?"""
    is_safety = gate.family == "safety" and place.extends
    return gate.name.startswith((*FIELDS, "secret")) or is_safety


def _told(place: Place, finding: Finding, text: str) -> Problem:
    """With the place where it is to be mended: the folder's name, the file that stands there, or
    the fields that the project adds."""
    message = f"{finding.check}: {finding.message}: {_NOBODY}"
    if finding.check.startswith("name-"):
        where = f"enhancements.{place.enhancement.name}.target"
        return Problem(place.manifest.file, 0, 0, where, message, _renamed(place), "error")
    rows, lines = text.splitlines(), place.standing.splitlines()
    row = rows[finding.line - 1] if 0 < finding.line <= len(rows) else ""
    hint = finding.hint or "correct the line"
    if row.strip() and row in lines:
        where = f"{place.prefix}{place.enhancement.target}"
        return Problem(where, lines.index(row) + 1, finding.column, "", message, hint)
    key = row.partition(":")[0].strip()
    return Problem(FILE, 0, 0, f"frontmatter.{key}" if key else "frontmatter", message, hint)


def _renamed(place: Place) -> str:
    """The command that gives the skill's folder a name that a skill may have."""
    folder = posixpath.dirname(place.enhancement.target)
    above, _, name = folder.rpartition("/")
    fit = posixpath.join(above, skill_name(name))
    declared = f"`target: {fit}/SKILL.md` in {place.manifest.file}"
    if not (place.plugin / folder).is_dir():
        return declared
    old, new = (shlex.quote(f"{place.prefix}{path}") for path in (folder, fit))
    return f"git mv {old} {new}, then {declared}"


def at_target(place: Place) -> Problem | None:
    """What keeps any document from being put at the target."""
    found = paths.obstacle(place.plugin, place.enhancement.target)
    if found is None:
        return None
    message = f"no document can be put there: it {found.what}"
    return Problem(found.where(place.prefix), 0, 0, "", message, found.hint(place.prefix))
