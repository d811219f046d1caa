"""What could stand in a document: the plugin's own sections, each with its place and its value."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from nightpress.backends.offline import (
    beside,
    briefs,
    choice,
    components,
    installing,
    kin,
    leads,
    limits,
    merging,
    overlap,
    packs,
    plans,
    pointers,
    router,
    servers,
    shares,
    stubs,
    summaries,
    trim,
    wording,
    worth,
)
from nightpress.backends.offline.blocks import Block, is_ordered, is_told, lean
from nightpress.backends.offline.clean import Place, heading
from nightpress.backends.offline.components import place_of
from nightpress.backends.offline.fit import reserved
from nightpress.backends.offline.outline import Plan, matter_of
from nightpress.backends.offline.part import Family, Home, Part
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.whereabouts import TOLD
from nightpress.lazy import pattern
from nightpress.model import Material, SourceFile
from nightpress.plugin import frontmatter, kind_of

_NO_SECTION = pattern(
    r"(?:\b|^)(licen[cs](?:e|ing)"
    r"(?! (?:issue|check|compat|compl|scan|review|audit|risk|type|conflict))"
    r"|contribut|authors?\b|credits?|acknowledg|changelog|badge"
    r"|table of contents|contents$|version history"
    r"|^(?:(?:product|project|development|feature|future|public|our|the) )?roadmap\b"
    r"|future (enhancement|improvement|plan)"
    r"|coming soon|^updates$|^project status$|^what'?s new\b"
    r"|made (with|by)|directory structure|file structure|project structure|testimonial|roi\b"
    r"|business (case|value)|pricing|revenue|(cost|time) savings|community|feedback|learn more"
    r"|success stories|value proposition|why (choose|use|you|this|it matters)|star history"
    r"|^why [\w.-]+\??$|^(?:local )?development$|\bfrom source$"
    r"|^case stud(?:y|ies)\b|^real[- ]world (?:results|value|use cases|examples?)$|^real results$"
    r"|^ready to\b.*\?$|^performance benchmarks$|^how often is it updated\b|\bcommercial projects\b"
    r"|^do i need to be\b|^what if i have (?:issues|problems|questions)\b"
    r"|^(?:the )?(?:old|traditional) (?:approach|development|method|process|way|workflow)$"
    r"|\bpaid\b|^more (?:free )?guides"
    r"|getting help|^(?:(?:getting|community|commercial) )?support(?: (?:&|and) \w+)?$"
    r"|(?:&|and) support$|conclusion$|links$|resources$|next steps$|related plugins?$"
    r"|learning objectives|pro tier|sponsor|get notified|expected release"
    r"|^(?:feature )?comparison\b|^before (?:and|&|/|vs\.?) after|^(?:technology|tech) stack$"
    r"|^get started(?: now| today)|^(?:testing|running (?:the )?tests)$"
    r"|^documentation(?: structure)?$|^installation issues?$|^(?:issue: )?plugins? not appear"
    r"|^the (problem|solution|magic|result|vision|transformation)\b)",
    re.I,
)
_NO_COMPONENTS = pattern(
    r"^(?:licen[cs]e|contributing|acknowledg\w*|change ?log|version history|authors?|credits?"
    r"|(?:future )?roadmap|future (?:enhancements?|improvements?|plans?|work)|support"
    r"|testimonials?|pricing|(?:cost|time) savings?|(?:business )?value|return on investment)$",
    re.I,
)
_NO_CHAPTER = pattern(r"performance metrics$", re.I)
_FIRST = 100
MOST_SECTIONS = 400
_NO_STANDING = pattern(r"\b(licen[cs]e|contribut|acknowledg|change ?log|version history)", re.I)
ROLE = pattern(
    r"(?:your |expert )?(?:role|persona|identity|purpose)( statement| definition)?$", re.I
)
_LISTING = pattern(  # sections that only list what the plugin has
    r"(?:(?:available|slash|plugin|included|all|what's) )*(?:commands?|agents?|skills?|files"
    r"|components|contents|included|structure)(?: (?:included|reference|overview|structure))?$",
    re.I,
)


def parts_of(material: Material, *, even: bool = False) -> list[Part]:
    """All that a plugin has to say, in no order; even: of each command the core, or a link."""
    topic, own = Topic(material), trim.owned(material.anatomy)
    plan = Plan(material.generator, wording.plain(material.anatomy.name))
    parts = _placed(plan, "about", [Part((), (-1,), 0, _intro(material, plan, topic, own))])
    standing = list(_of_standing(material, own))
    more = packs.without_lists(_of_readme(material, plan, topic, own), material)
    needed = installing.needed(more) if even else 0
    more += () if material.references else _of_documents(material, plan, topic, own)
    described = list(_of_components(material, plan, topic, own, even=even, needed=needed))
    if even and not standing:
        described, more = merging.merged(described, kin.but_kin(more, described))
        more = summaries.without_summaries(more, described, material.anatomy)
        more = beside.but_said(more, described)
    parts += [*standing, *described, *beside.under([*standing, *described], more)]
    if plan.takes("choice"):
        table = choice.choice(material, topic, own)
        told = table and not material.references
        notes = choice.notes(material, topic, described, table) if told else []
        parts += _placed(plan, "choice", router.parts(material, topic))
        parts += _placed(plan, "choice", [Part(plan.choice, (0,), 0, [*table, *notes])])
    parts += _placed(plan, "files", [Part(("Files",), (70,), 9, components.files(material, topic))])
    place = plan.order("when") if plan.takes("when") else plan.order("about")
    parts = plans.without_plans(parts, plans.not_yet(material.anatomy), place)
    parts = parts if plan.takes("install") else installing.not_installing(parts)
    return servers.first([*map(leads.first_way, parts)])


def _of_readme(material: Material, plan: Plan, topic: Topic, own: Owned) -> Iterator[Part]:
    for number, file in _files(material, "readme"):
        if "/" not in file.path and topic.concerns([file.text]):
            parts = _classed(material, plan, file, number, own)
            yield from (one for one in parts if topic.concerns_section(one.path, one.blocks))


def _of_documents(material: Material, plan: Plan, topic: Topic, own: Owned) -> Iterator[Part]:
    for number, file in _files(material, "doc", "readme"):
        is_told = "/" not in file.path and kind_of(file.path) == "readme"
        if not (
            (is_told and topic.concerns([file.text])) or components.is_own_file(material, file.path)
        ):
            yield from _placed(plan, "other", _of_document(material, file, number, topic, own))


def _files(material: Material, *kinds: str) -> Iterator[tuple[int, SourceFile]]:
    for number, file in enumerate(material.anatomy.files):
        made = file.path in (material.target, *material.references.values())
        if kind_of(file.path) in kinds and not (made or components.is_aside(file.path)):
            yield number, file


def _placed(plan: Plan, matter: str, parts: Iterable[Part]) -> list[Part]:
    """Parts of one matter, at the place that the outline has for it; none where it has none."""
    found = []
    for part in parts:
        order = plan.order(matter, part.path[0] if part.path else "")
        if order is not None:
            path = plan.path(matter, part.path)[:5]
            found.append(replace(part, path=path, order=(*order, *part.order)))
    return found


def for_each(material: Material) -> Sequence[str]:
    """The kinds of components that its generator makes a document each for; none of other ones."""
    generator = material.generator
    kinds: Sequence[str] = generator.settings.get("for_each", ()) if generator is not None else ()
    return kinds


def _intro(material: Material, plan: Plan, topic: Topic, own: Owned) -> list[Block]:
    # a skill's description says it already, and is read before
    skill = components.is_skill(material) or bool(for_each(material))
    said = trim.prose(material.anatomy.description, own) if topic.whole and not skill else ""
    sentence = "" if wording.is_vacuous(said, material.anatomy.name) else wording.sentence(said)
    blocks = [Block("text", sentence)] if sentence else []
    folder = posixpath.dirname(material.target)
    for link in material.links:
        name = posixpath.splitext(posixpath.basename(link))[0]
        relative = posixpath.relpath(link, folder or ".")
        said = f"For the details of each command and agent, read [{name}]({relative})."
        blocks.append(Block("text", said))
    return [*blocks, *(components.contents(material) if plan.takes("contents") else [])]


def _of_components(
    material: Material, plan: Plan, topic: Topic, own: Owned, *, even: bool, needed: int
) -> Iterator[Part]:
    """needed: bytes of what has to be there beside them."""
    table = choice.choice(material, topic, own) if plan.takes("choice") else []
    if topic.whole and not table:
        # of a pack with many commands not each will have its section: but each is named
        names = Part(("Commands",), (-2,), 0, components.names(material))
        yield from _placed(plan, "commands", [names])
    told = bool(table) and not material.references
    described = list(components.all_of(material, topic, own, told=bool(table)))
    alone = topic.whole and len(described) == 1
    common, bounds = limits.in_common({one[1]: one[4] for one in described if told})
    if common:
        described = [(*one[:4], bounds[one[1]], *one[5:]) for one in described]
        yield from _placed(plan, "choice", [Part(plan.choice, (0, 1), 0, [Block("text", common)])])
    their_heads: list[list[Part]] = []
    theirs: list[list[Part]] = []
    for number, one in enumerate(described):
        if (order := plan.order(one[0])) is not None:
            heads, parts = _of_component(material, plan, one, (*order, number), alone=alone)
            their_heads.append(heads)
            theirs.append(parts)
    shared, theirs = overlap.lifted(overlap.without_filler(merging.but_agents_own(theirs)))
    yield from shared
    if even and told:
        known = "\n".join(block.text for block in table)
        beside = [*shared, *(head for heads in their_heads for head in heads if head.blocks)]
        taken = len(known.encode()) + NOTES + needed + sum(map(pointers.size, beside))
        taken += len(common) + reserved(material)
        theirs = shares.share(theirs, material.window.max - taken, known)
    for heads, parts in zip(their_heads, theirs, strict=True):
        if parts and all(part.is_aside for part in parts):
            # an agent reads its own, and of many the table has the links
            is_led = len(theirs) <= pointers.FEW and not shares.is_agent(parts)
            stead = list(pointers.of_steps(parts)) if is_led else []
            heads = [*(replace(part, is_aside=not stead) for part in heads), *stead]
        yield from (*heads, *parts)
    for matter, title, rows in components.tools(material, topic):
        yield from _placed(plan, matter, [Part((title,), (), 5, rows)])


NOTES = 300
"""Bytes of the title, and of what stands below the table of a plugin's components."""


def _of_component(
    material: Material,
    plan: Plan,
    described: components.Described,
    order: tuple[int, ...],
    *,
    alone: bool,
) -> tuple[list[Part], list[Part]]:
    """(how a component is called and what it is for, the sections of its own text)."""
    matter, name, lead, about, bound, groups, source = described
    referred = bool(material.references) and matter != "skills"
    base = ("When to use", f"`{name}`") if referred else plan.base(matter, name, alone=alone)
    led = alone and bool(about or (groups and not groups[0].sections[0].path))
    # the lead goes in before everything else: every component is named
    if referred:  # a reference says all the rest
        lead, about, bound = [], [], limits.Limits()
    heads: list[Part] = []
    if not base:
        about, groups = leads.led_by(about, groups, material.anatomy.name)
        groups = leads.modest(groups)
        about, lead = leads.woven(material, about, leads.followed(lead, groups))
        at = 1 if len(lead) > 2 else len(lead)  # the arguments as a section of their own
        first = Part((), (2,), 1, about, news=beside.SUMMARY)
        # after what the text begins with
        runs = Part((), (3, order[-1], 1, 0), 1, [*lead[:at], *bound.said])
        heads += _placed(plan, "about", [first, runs])
        heads.append(Part(("Arguments",), (*order, 0), 1, lead[at:]))
    elif not referred:
        first_of_all = 30 if matter == "skills" else 1
        heads.append(Part(base, (*order, 0), first_of_all, [*about, *bound.said, *lead]))
    heads.append(Part((*base, "Limits"), (*order, 0, 1), 1, bound.listed))
    linked = any("](" in block.text for block in lead)
    home = Home(tuple(base), source.link(), (*order, MOST_SECTIONS), linked)
    parts: list[Part] = []
    known = " ".join([material.anatomy.description, *(block.text for block in about)])
    subject = material.anatomy.name
    found = parts_in(groups[:MOST_SECTIONS], source, _NO_COMPONENTS, subject)
    for at, part in enumerate(worth.procedure_first(found)):
        part.home = home
        listed = alone and any(block.kind != "text" for block in part.blocks)
        inner = tuple(h for h in part.path if h.lower() != name.lower())
        inner = tuple(h for h in inner if not ROLE.match(h) or (listed and h == "Purpose"))
        if part.path and (
            (ROLE.match(part.path[-1]) and all(b.kind == "text" for b in part.blocks))
            or (led and leads.sums_up(part.path, part.blocks, known))
            or (worth.sends_on(part) and len(material.anatomy.components) > 1)
            or worth.calls_with(part, name, bound.unread)
        ):
            continue
        about_when = bool(inner) and matter_of(inner[0])[0] == "when"
        if about_when != referred and (referred or plan.place("when") is None):
            continue  # when to use it stands in the one, all the rest in the other
        rank = {"commands": 6, "agents": 7, "skills": 40}[matter]
        part.rank = rank + worth.of(part, at // 4 if alone else 2 * at)
        if worth.is_synopsis(part, name):
            part.rank = 2
        part.order = (*order, at + 1)
        sums_up = not inner and all(block.kind == "text" for block in part.blocks)
        part.path, part.news = (*base, *inner)[:5], beside.SUMMARY if sums_up else 0.0
        parts += _own(plan, part, inner, alone=alone)
    return heads, parts


def _own(plan: Plan, part: Part, inner: tuple[str, ...], *, alone: bool) -> Iterator[Part]:
    """A section of a component's text at its place; alone: the plugin has no other component."""
    matter = matter_of(inner[0])[0] if inner else "about"
    first = plan.lifts(matter) and len(part.path) == len(inner) == 1 and not part.together
    if alone and part.path == inner == () and any(map(is_ordered, part.blocks)):
        yield replace(part, path=("Workflow",))  # it came right below the title
    elif alone and (first or (inner and plan.title(matter)) or part.path == inner == ()):
        part.path, part.order = inner, (3, *part.order[-2:])
        yield from _placed(plan, matter, [part])
    else:
        yield part


def no_section(name: str) -> bool:
    """Is it the heading of what no document takes over (licence, plans, contents)?"""
    return _NO_SECTION.search(name) is not None


def _of_standing(material: Material, own: Owned) -> Iterator[Part]:
    """The text to be replaced. It was found wanting, in size most often; what it says, and in
    which order, is the maintainer's choice, so it goes in first and stands first."""
    text = frontmatter.split(material.standing).body
    place = place_of(material, material.target)
    found = [section for group in trim.quoted(text, place, own) for section in group.sections]
    for number, section in enumerate(found[:400]):
        if any(_NO_STANDING.search(name) for name in section.path):
            continue
        # what a document is for is worth more than its examples, where there is no room for all;
        # a link is to be kept
        linked = any("](" in block.text for block in section.blocks)
        rank = matter_of(section.path[0])[1] if section.path and not linked else 0
        yield Part(section.path[:5], (0, 1, number), rank - _FIRST, section.blocks)


def _classed(
    material: Material, plan: Plan, file: SourceFile, number: int, own: Owned
) -> Iterator[Part]:
    """A README's sections at the places that their headings ask for; number: the file's among
    others."""
    counts: dict[str, int] = {}
    for at, part in enumerate(quoted(material, file, own)):
        heading = part.path[0] if part.path else ""
        matter, rank = matter_of(heading) if heading else ("about", 3)
        if heading.lower() == "files" and plan.takes("files"):
            continue  # we have our own
        if len(part.path) > 1 and _CASES.match(heading):  # told one by one, they are examples
            matter, part.path = "usage", ("Examples of use", *part.path[1:])
        if not part.together:
            counts[matter] = counts.get(matter, 0) + 1
        part.rank, part.news = rank + counts.get(matter, 0) // 3, beside.BESIDE
        summary = matter in ("about", "features", "audience") and len(part.path) < 2
        if _LISTING.match(heading) or summary:
            part.rank, part.news = 25, beside.SUMMARY
        if matter == "about" and len(part.path) < 2 and not part.together:
            part.path = () if _PREAMBLE.match(heading) else part.path
        if not part.path:
            part.blocks = list(map(leads.plainly, part.blocks))
        part.order = (8 if part.path else 1, number, at)
        yield from _placed(plan, matter, [part])


_CASES = pattern(r"(?:common |example )?use cases$", re.I)
_PREAMBLE = pattern(r"(?:overview|introduction|about|description|summary|)$", re.I)


def quoted(material: Material, file: SourceFile, own: Owned) -> Iterator[Part]:
    """A file's sections as parts that have no place yet."""
    place = place_of(material, file.path)
    groups = trim.quoted(frontmatter.split(file.text).body, place, own)
    yield from parts_in(groups[:400], place, subject=own.name)


def parts_in(
    groups: Sequence[trim.Group],
    place: Place,
    without: re.Pattern[str] = _NO_SECTION,
    subject: str = "",
) -> list[Part]:
    """The groups' sections as parts that have no place yet; a workflow with a step that does not
    belong into a document (how the plugin is installed, say: `without`) has none. subject: the
    plugin's name: what "roi-calculator" says of an ROI belongs."""
    parts: list[Part] = []
    own = wording.stems(subject.replace("-", " "))
    for number, group in enumerate(groups):
        above = posixpath.commonprefix([one.path for one in group.sections])
        found = filter(None, map(without.search, above))
        # below another heading it is of that
        boasts = without is _NO_SECTION and above and _NO_CHAPTER.match(above[0])
        if boasts or any(not wording.stems(one[0]) <= own for one in found):
            parts += plans.planned(group)
            continue
        if group.steps and all(map(is_told, (b for one in group.sections for b in one.blocks))):
            parts.append(Part(tuple(above), (), 0, briefs.steps(group, place)))
            continue
        together = (place.path, number) if group.steps else ()
        instead = briefs.steps(group, place) if group.steps else []
        for section in group.sections:
            shorter = lean(section.blocks, place) if together else ()
            part = Part(section.path, (), 0, section.blocks, together, shorter, instead)
            if len(part.path) > 1 and place.path and not together:
                part.family = Family(place.link(), part.path[:-1])
            if part.path and not together and place.path and worth.ONE_OF.match(part.path[-1]):
                told = [one for one in lean(section.blocks, place) if TOLD.fullmatch(one.text)]
                part.instead = told or [Block("text", f"See {place.link()}.")]  # a number is missed
            alone = together or len(part.path) < 2 or stubs.FORM.search(part.path[-1])
            if not alone and (listing := TOLD.fullmatch(worth.said(part))):
                _list(parts, part, listing, place)
            else:
                parts.append(part)
    return parts


def _list(parts: list[Part], part: Part, listing: re.Match[str], place: Place) -> None:
    """Put a section that is nothing but a link to its listing into a list of such, right under the
    heading above it: below a section beside it, it would be a part of that."""
    where = Block("text", f"In {place.link()}:")
    row = f"- {_NUMBER.sub('', part.path[-1])} ({', '.join(filter(None, listing.groups()))})"
    above, at = part.path[:-1], len(parts)
    while at and len(parts[at - 1].path) > len(above) and parts[at - 1].path[: len(above)] == above:
        at -= 1
    before = parts[at - 1] if at else None
    if before is None or before.path != above or before.together:
        parts.insert(at, Part(above, (), 0, [where, Block("list", row)]))
    elif where in before.blocks:
        *others, rows = before.blocks
        before.blocks = [*others, Block("list", f"{rows.text}\n{row}")]
    else:
        before.blocks = [*before.blocks, where, Block("list", row)]


_NUMBER = pattern(r"^\d+[.)] (?=\S)")


def _of_document(
    material: Material, file: SourceFile, number: int, topic: Topic, own: Owned
) -> Iterator[Part]:
    """A document of the plugin, whole if it is about the topic, else the sections that are."""
    if topic.is_own(file.path) or topic.names(file.path):
        yield from as_chapter(material, file, number, own)
    elif topic.concerns([file.text]):
        for part in as_chapter(material, file, number, own):
            if topic.concerns_section(part.path, part.blocks):
                yield part


_INSTALLS = pattern(r"(?:how to )?install(?:ation|ing)?\b", re.I)
_SLOT = pattern(r"\[[A-Z][a-z]+ [^\]]{10,}\](?![(\[:])")


def as_chapter(material: Material, file: SourceFile, number: int, own: Owned) -> Iterator[Part]:
    """A document of the plugin as a chapter of its own, under its title."""
    found = re.search(r"(?m)^# +(\S.*)$", frontmatter.split(file.text).body)
    title = trim.named(heading(found.group(1)), own) if found else ""
    name = title or posixpath.splitext(posixpath.basename(file.path))[0]
    if _NO_SECTION.search(name) or _INSTALLS.match(name) or components.is_of_another(file, own):
        return
    found_in = list(quoted(material, file, own))
    for at, part in enumerate(found_in):
        if any(_SLOT.match(block.text) for block in part.blocks):
            continue
        if worth.is_slight(part, alone=len(found_in) == 1):
            continue
        path = (wording.plain(name), *part.path)[:5]
        yield replace(part, path=path, order=(number, at), rank=30 + at // 2)
