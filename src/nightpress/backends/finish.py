"""From a reply to the finished document: the model writes the body, the author the frontmatter.

Pure. A fence around a whole reply is taken off (models do that now and then), whatever stands
before the title (planning, a greeting, a frontmatter of the model's own), tags around the document,
and a closing remark behind such a fence or tag, or that counts the document's words; anything else
that is wrong is left for the checks to find.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from nightpress.backends import revision
from nightpress.lazy import pattern
from nightpress.model import DATA, Anatomy, Material
from nightpress.plugin import frontmatter

DESCRIPTION_MAX = 1024
"""Characters of a skill's description (Agent Skills specification)."""

_JSON_FENCE = pattern(r"(?s)\A\s*`{3,}(?:json)?[ \t]*\n(.*?)\n[ \t]*`{3,}\s*\Z")
_OPENING = pattern(r"\A\s*(`{3,}|~{3,})[ \t]*(markdown|md|mdx|text|txt)?[ \t]*\n")
_FENCE = pattern(r"[ \t]{0,3}(`{3,}|~{3,})[ \t]*(.*)")
_TITLE = pattern(r" {0,3}# *[^\s#]")
_THOUGHTS = pattern(
    r"(?is)\A\s*<(think|thinking|thought|thoughts|reasoning|scratchpad)>.*?</\1>\s*"
)
_TAG = pattern(
    r"<(document|doc|skill(?:[-_.]md)?|output|markdown|md|file|content|artifact|result"
    r"|(?:final[-_]?)?(?:answer|response|reply|draft))(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_HEADING = pattern(r" {0,3}#{1,6}(?:\s|$)")
_COUNT = pattern(
    r"(?:\w+ ){0,3}(?:word|byte|character|char|token)s?[- ]count\b(?=.*\d).{0,120}"
    r"|(?:total|estimated|approximate|final) (?:words|bytes|characters|tokens)\b(?=.*\d).{0,80}"
    r"|(?:the )?end of (?:the )?(?:document|file|draft|skill(?:\.md)?(?: (?:document|file))?)\.?",
    re.IGNORECASE,
)
_ASIDE = pattern(
    r"[*_]{0,3}[(\[]*[*_]{0,3}(?:\w+:? ){0,2}(?:[~≈] ?)?\d[\d,. ]*(?:k|kB)? ?"
    r"(?:words|bytes|characters|tokens)\b.{0,80}",
    re.IGNORECASE,
)
_COUNTS = 3
"""Such lines that are taken off, at most."""
_RULE = pattern(r"\s{0,3}([-*_])(?:\s*\1){2,}\s*")
_OURS = ("name", "description")
_OWN_FIELD = pattern(r"(?m)^(?:name|description|title|allowed-tools|license|metadata)\s*:")


_CIRCLE, _ROUNDS = 100, 4
"""Characters of a text's end that come again, and how often, where it runs in a circle."""


def circles(text: str) -> bool:
    """Does the text end in a circle? A larger budget makes such a reply longer, not complete."""
    end = text[-60 * _CIRCLE :]
    return len(text) > 10 * _CIRCLE and end.count(end[-_CIRCLE:]) >= _ROUNDS


def unwrap(text: str) -> str:
    """The reply without a fence around the whole of it."""
    opening = _OPENING.match(text)
    lines = text.rstrip().split("\n")
    if opening is None or lines[-1].strip() != opening.group(1):
        return text
    inner = text[opening.end() :].rstrip()[: -len(lines[-1])]
    # two blocks of code that happen to begin and end the reply are no wrapper
    bare = opening.group(2) is None
    return inner if _balanced(inner.split("\n"), closable=bare) else text


def _balanced(lines: list[str], *, closable: bool) -> bool:
    """Is every fence among the lines closed? If not, the last line closes one of them. closable:
    the opening has no language, so a first fence without one closes it."""
    opened = ""
    for line in lines:
        match = _FENCE.match(line)
        if match is None:
            continue
        marks, info = match.groups()
        if closable and not info.strip():
            return False
        closable = False
        if not opened:
            opened = marks
        elif marks.startswith(opened) and not info.strip():
            opened = ""
    return not opened


def _from_title(text: str, before: str) -> str:
    """The text from its title on. What a model says before it is about the document, and not in it;
    a line that stands in the file before (a banner, say) stays. before: that file."""
    lines = text.split("\n")
    at = _title(lines)
    if at is None:
        at = _wrapped(lines)
        if at is None:
            return text
        last = max(n for n, line in enumerate(lines) if line.strip() or n == at)
        marks = lines[at].strip().rstrip("abcdefghijklmnopqrstuvwxyz \t")
        last = max((n for n, line in enumerate(lines) if line.strip() == marks), default=last)
        whole = "\n".join(lines[at : last + 1])
        return unwrap(whole)
    known = {line.strip() for line in before.split("\n") if line.strip()}
    kept = [line for line in lines[:at] if line.strip() in known]
    return "\n".join([*kept, *([""] if kept else []), *lines[at:]])


def _title(lines: Sequence[str]) -> int | None:
    """The first line of the title that is in no fence."""
    for number in _prose(lines):
        if _TITLE.match(lines[number]) or _is_underlined(lines, number):
            return number
    return None


def _prose(lines: Sequence[str]) -> Iterator[int]:
    """The numbers of the lines that are in no fence."""
    fence = ""
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if match is not None:
            marks, info = match.groups()
            if not fence:
                fence = marks
            elif marks.startswith(fence) and not info.strip():
                fence = ""
        elif not fence:
            yield number


def _bare(text: str) -> str:
    """The reply without fences and tags around the whole of it."""
    return unwrap(_untagged(unwrap(text)))


def _untagged(text: str) -> str:
    """The reply without a pair of tags around all of the document, and what is said outside."""
    lines = text.split("\n")
    prose = [*_prose(lines)]
    headings = [n for n in prose if _HEADING.match(lines[n]) or _is_underlined(lines, n)]
    for opened in prose[: prose.index(headings[0]) if headings else None]:
        tag = _TAG.fullmatch(lines[opened].strip())
        if tag is None:
            continue
        first = next((n for n in range(opened + 1, len(lines)) if lines[n].strip()), opened)
        if first not in headings and not _begins(lines[first].strip()):
            continue
        end = f"</{tag[1]}>".lower()
        closed = [n for n in prose if lines[n].strip().lower() == end]
        if len(closed) != 1 or closed[0] < max(headings, default=opened):
            break
        return _bare("\n".join(lines[opened + 1 : closed[0]]))
    return text


def _begins(line: str) -> bool:
    """May a document begin so: by a heading, a frontmatter, a fence around it, another tag?"""
    found = _HEADING.match(line) or _OPENING.match(f"{line}\n") or _TAG.fullmatch(line)
    return line == "---" or found is not None


def _without_count(text: str, material: Material) -> str:
    """The text without a last line that counts its words, or says that it ends. One that the file
    before or a file of the plugin has stays."""
    lines = text.rstrip().split("\n")
    for _ in range(_COUNTS):
        if not _is_count(lines[-1]) or len(lines) - 1 not in _prose(lines):
            break
        last = lines[-1].strip()
        files = (file.text for file in material.anatomy.files)
        if any(last in file for file in (material.current, material.standing, *files)):
            break
        lines = "\n".join(lines[:-1]).rstrip().split("\n")
        if _RULE.fullmatch(lines[-1]) and not any(lines[-2:-1]):
            lines = "\n".join(lines[:-1]).rstrip().split("\n")
    return "\n".join(lines) + "\n"


def _is_count(line: str) -> bool:
    if line.startswith(("    ", "\t")) or _ITEM.match(line):
        return False
    bare = line.strip().strip("*_()[]<>-! ")
    marked = line.strip()[:1] in "*_([" and line.strip()[-1:] in "*_)]"
    return bool(_COUNT.fullmatch(bare) or (marked and _ASIDE.fullmatch(bare)))


def _is_underlined(lines: Sequence[str], number: int) -> bool:
    below = lines[number + 1].strip() if number + 1 < len(lines) else ""
    above = lines[number - 1].strip() if number else ""
    return (
        bool(lines[number].strip())
        and not above
        and below.startswith("==")
        and not below.strip("=")
    )


def _wrapped(lines: Sequence[str]) -> int | None:
    """The fence that holds a whole document: its first line is a title."""
    for number, line in enumerate(lines):
        if _OPENING.match(f"{line}\n"):
            inside = next((one for one in lines[number + 1 :] if one.strip()), "")
            if _TITLE.match(inside):
                return number
    return None


TOO_LITTLE = "TOO LITTLE"
"""How a reply begins that is no document: the plugin's files do not hold enough for one."""
_ITEM = pattern(r"\s*(?:[-*+]|\d{1,3}[.)])\s+(\S.*)")
_MISSING = 12
"""Things that a plugin lacks, of which a reply is believed."""


def too_little(reply: str) -> tuple[str, ...] | None:
    """What the plugin lacks, where the reply says so in place of a document; else None."""
    text = unwrap(_read(reply))
    first, *lines = text.strip().split("\n")
    if not first.strip("#*` ").startswith(TOO_LITTLE) or any(_TITLE.match(line) for line in lines):
        return None
    found = (item[1].strip() for line in lines if (item := _ITEM.match(line)) is not None)
    return tuple(" ".join(one.split())[:200] for one in found)[:_MISSING] or None


def revised(
    material: Material, draft: str, reply: str, only: Collection[str] | None = None
) -> str | None:
    """The finished document `draft` with the sections that the reply changes; None where the reply
    has none of its sections. only: headings of those that may become others."""
    text = _without_count(_body(_bare(_read(reply))), material)
    body = revision.revised(_body(draft), text, only)
    return None if body is None else finished(material, body)


def _read(reply: str) -> str:
    """The reply in our line ends, without what its writer thought before it."""
    return _THOUGHTS.sub("", reply.replace("\r\n", "\n").removeprefix("\ufeff"))


def finished(material: Material, reply: str) -> str:
    """The document: the frontmatter (if the generator has one), the reply's body, a final LF."""
    text = _read(reply)
    if material.generator is not None and material.generator.settings.get("format") in DATA:
        return _JSON_FENCE.sub(r"\1", text).strip() + "\n"
    text = _from_title(_body(_bare(text)), material.current or material.standing)
    body = _without_count(_body(text), material)
    generator = material.generator
    if generator is None or generator.frontmatter == "none":
        return body
    return f"---\n{_frontmatter(material)}---\n\n{body}"


def _frontmatter(material: Material) -> str:
    """The block between the `---` lines. One that stands there is its author's: every key, known to
    us or not, its order and its comments stay; the name gives way to the folder's, and a
    description that the checks have something against to another. In one that is extended these
    stay, too, and nothing is added but a name or a description where there is none. One that cannot
    be read stays as it is, and is left to the checks, unless a template made it."""
    raw = frontmatter.split((material.current or material.standing).replace("\r\n", "\n")).raw
    ours = frontmatter.render(skill_fields(material)).removeprefix("---\n")[: -len("---\n")]
    if raw is None or not raw.strip():
        return ours
    try:
        own = frontmatter.parse(raw)
        wanted = skill_fields(material)
        changed = {key: value for key, value in wanted.items() if _differs(own, key, value)}
        if material.extends:
            changed = {k: v for k, v in changed.items() if k in _OURS and not own.get(k)}
        elif not material.ours:  # what a person's file has of them stays
            theirs = fields_of(material.standing) or own
            changed = {k: v for k, v in changed.items() if k in _OURS or k not in theirs}
        return frontmatter.amend(raw, changed)
    except frontmatter.FrontmatterError:
        return ours if material.afresh else raw


def _differs(own: Mapping[str, object], key: str, value: object) -> bool:
    """Is that not yet what the block says? Spaces and line ends of a text do not matter."""
    before = own.get(key)
    if isinstance(before, str) and isinstance(value, str):
        return _line(before) != _line(value)
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        return any(before.get(name) != text for name, text in value.items())
    return before != value


def _body(text: str) -> str:
    """The reply without a frontmatter of the model's own; a text between two rules is none."""
    parts = frontmatter.split(text.lstrip("\n"))
    own = parts.raw is not None and _OWN_FIELD.search(parts.raw) is not None
    return (parts.body if own else text).strip("\n").rstrip() + "\n"


def skill_fields(material: Material) -> dict[str, object]:
    """The fields of a SKILL.md that are ours to propose: name is the folder's; description from the
    file that stands there or the analysis; author and version are the plugin's. A model has no say
    in the rest."""
    anatomy = material.anatomy
    name = PurePosixPath(material.target).parent.name
    standing = fields_of(material.current or material.standing)
    fields: dict[str, object] = {"name": name, "description": described(material, standing, name)}
    for key, value in house(material.house, anatomy).items():
        own = standing.get(key)
        inner = isinstance(value, Mapping) and isinstance(own, Mapping)
        fields[key] = {**own, **value} if inner else value  # type: ignore[dict-item]
    return fields


def house(template: Mapping[str, object], anatomy: Anatomy) -> dict[str, object]:
    """The project's own fields, filled from plugin.json; one that it has nothing for is left out,
    and a mapping with it where nothing is left in that. `{keywords}` alone is a list at the top
    level, and words with commas anywhere else."""
    said = {
        "author": anatomy.author, "version": anatomy.version, "license": anatomy.license,
        "keywords": ", ".join(anatomy.keywords),
    }  # fmt: skip
    fields: dict[str, object] = {}
    for key, given in template.items():
        if given == "{keywords}" and anatomy.keywords:
            fields[key] = list(anatomy.keywords)
        elif isinstance(given, Mapping):
            inner = {name: text for name, one in given.items() if (text := _filled(one, said))}
            fields |= {key: inner} if inner else {}
        elif isinstance(given, list):
            texts = [text for one in given if (text := _filled(one, said))]
            fields |= {key: texts} if texts else {}
        elif text := _filled(given, said):
            fields[key] = text
    return fields


_SLOT = pattern(r"\{(\w+)\}")


def _filled(given: object, said: Mapping[str, str]) -> str:
    """The text with its slots filled; "" where plugin.json has nothing for one of them."""
    text = str(given)
    if any(not said.get(slot, "") for slot in _SLOT.findall(text)):
        return ""
    return _line(_SLOT.sub(lambda slot: said[slot[1]], text))


def fields_of(text: str) -> Mapping[str, object]:
    """The standing file's own frontmatter; {} where there is none that can be read."""
    raw = frontmatter.split(text.replace("\r\n", "\n")).raw
    try:
        return frontmatter.parse(raw) if raw is not None else {}
    except frontmatter.FrontmatterError:
        return {}


def described(material: Material, standing: Mapping[str, object], name: str) -> str:
    """The description: the maintainer's own where the checks have nothing against it (it is what
    triggers the skill, and of a plugin with several skills each needs its own), else the
    analysis's."""
    own = None if material.afresh else standing.get("description")
    if isinstance(own, str) and _is_good(own := _line(own), name):
        return own
    if isinstance(own, str) and material.siblings:  # the analysis speaks of the whole plugin
        own = f"{own.rstrip(' .')}. Use when {_when(standing, name)}."
        if _is_good(own, name):
            return own
    return description(material.analysis or {}, material.anatomy.description or name)


def _when(standing: Mapping[str, object], name: str) -> str:
    """When to use a skill, by the tags that its maintainer gave it, else by its name."""
    tags = next((t for key in ("tags", "keywords") if isinstance(t := standing.get(key), list)), [])
    words = [_line(tag) for tag in tags if isinstance(tag, str) and _line(tag)][:6]
    words = words or [name.replace("-", " ")]
    listed = f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else words[0]
    return f"the task involves {listed}"


def _is_good(text: str, name: str) -> bool:
    from nightpress.checks import document, gate, metadata

    if len(text) > DESCRIPTION_MAX or not text.isprintable():
        return False
    parsed = document.parse(frontmatter.render({"name": name, "description": text}) + "\nText.\n")
    context = gate.Context(frontmatter="skill")
    return not any(
        spot
        for check in (
            metadata.description_when,
            metadata.description_voice,
            metadata.description_brackets,
        )
        for spot in check(parsed, context, {"min": 40})
    )


def description(analysis: Mapping[str, object], otherwise: str) -> str:
    """One line of at most 1,024 characters, without angle brackets: what, and when."""
    summary = analysis.get("description")
    text = summary if isinstance(summary, str) and summary.strip() else otherwise
    text = re.sub(r"[<>]", "", _line(text))
    if len(text) <= DESCRIPTION_MAX:
        return text
    cut = text[:DESCRIPTION_MAX]
    end = max(cut.rfind(". "), cut.rfind("; "))
    return cut[: end + 1] if end > DESCRIPTION_MAX // 2 else cut.rsplit(" ", 1)[0]


def _line(text: str) -> str:
    return " ".join(text.split())
