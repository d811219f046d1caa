"""The few words of our own: titles, descriptions in the third person, lists of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nightpress.backends.offline.clean import is_quotable, shown
from nightpress.lazy import pattern
from nightpress.model import Anatomy

_PERSON = pattern(r"\b(I|we|our|us|my|you|yours|yourself)\b", re.I)
_VERBS = frozenset(
    "accelerate adapt add aggregate analyze analyse apply assess audit automate build bootstrap"
    " calculate capture check clean collect combine compare configure connect convert coordinate"
    " create debug decide define deliver deploy design detect diagnose discover edit enable enforce"
    " enhance enrich ensure evaluate execute explain explore export extract fetch find fix forecast"
    " format gather generate guide handle identify implement import improve initialize inspect"
    " install integrate investigate keep launch lint manage measure migrate monitor navigate"
    " normalize optimize optimise orchestrate organize parse perform plan predict prepare prevent"
    " prioritize produce profile protect provide provision publish recommend reduce refactor remove"
    " render replace resolve review rewrite run sanitize scaffold scan schedule send simplify"
    " simulate solve split standardize streamline suggest summarize synchronize test track train"
    " transform translate troubleshoot turn understand unify update upload validate verify"
    " visualize wrap write archive benchmark compile compress draft encrypt estimate harden merge"
    " prototype rebase recover register rename repair restore rotate sync tune upgrade".split()
)
_NO_TOPIC = frozenset(
    "agent-skills agents ai claude claude-code claude-plugin collection package plugin plugins"
    " skill skills".split()
)
_ADVERBS = frozenset("automatically quickly safely intelligently efficiently easily".split())


_ABBREVIATED = pattern(r"(?:\b(?i:e\.g|i\.e|etc|vs|cf|approx|incl|no|fig|dr|mr|mrs|st)|\b[A-Z])\.$")
_END = pattern(r"(?<=[.!?])(?:[\"')\]*_]*)\s+(?=[\"'(\[`*_]*[A-Z0-9\"'`\[])")


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, each with what follows it up to the next; none ends inside a
    name or number ("Next.js", "v1.2") or after an abbreviation."""
    found: list[str] = []
    at = 0
    for end in _END.finditer(text):
        if not _ABBREVIATED.search(text[at : end.start()]):
            found.append(text[at : end.end()])
            at = end.end()
    return [*found, text[at:]] if at < len(text) else found


def cut(text: str, most: int) -> str:
    """At most `most` characters, cut between words."""
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0]


def code(text: str) -> str:
    """Text that may stand between backticks."""
    return shown(text.replace("`", ""))


def sentence(text: str) -> str:
    """One line without angle brackets that ends as a sentence does; "" stays ""."""
    text = shown(re.sub(r"[<>]", "", text))
    if not is_quotable(text):
        return ""
    return text if not text or text.endswith((".", "!", "?")) else f"{text.rstrip(' :;,')}."


def is_vacuous(text: str, name: str) -> bool:
    """Does a description say no more than the name ("Database plugin for database-archival")?"""
    named = {word[:5] for word in re.split(r"[\W_]+", name.lower()) if word}
    said = {word for word in re.split(r"[\W_]+", text.lower()) if word} - _NO_WORDS
    return all(word[:5] in named for word in said)


_NO_WORDS = frozenset("a an the for of and to with your claude code plugin plugins tool".split())


def topics(anatomy: Anatomy, said: str) -> list[str]:
    """Keywords that say more than the plugin's name and what was said already; at most six."""
    words = [re.sub(r"[`<>*|\[\]]", "", word) for word in anatomy.keywords]
    known = set(re.split(r"[\W_]+", f"{anatomy.name} {said}".lower()))
    own = [w for w in words if w and len(w) < 60 and w.lower() not in _NO_TOPIC]
    return [w for w in own if not set(re.split(r"[\W_]+", w.lower())) <= known][:6]


def duties(text: str) -> str:
    """A description without the role that it casts somebody in: "An elite berth specialist
    mastering tides and moorings" gives "Tides and moorings"."""
    said = [s.strip() for s in sentences(text)]
    while len(said) > 1 and _CAST.fullmatch(said[0]):
        said.pop(0)
    text = " ".join(said)
    found = _ROLE.match(text)
    rest = text[found.end() :] if found else text
    return rest[:1].upper() + rest[1:] if len(rest) > 20 else text


_WHO = (
    r"(?:an? |the )?(?:[\w/+.#-]+ ){0,7}?(?:specialist|expert|engineer|architect|master|analyst"
    r"|developer|consultant|professional|strategist|reviewer|guru)"
)
_CAST = pattern(rf"{_WHO}\.?", re.I)
_ROLE = pattern(
    rf"{_WHO} (?:(?:who |that )?(?:is )?(?:focused on|focusing on|speciali[sz]ing in"
    r"|speciali[sz]es in|mastering|masters|for|in|with expertise in|skilled in)) ",
    re.I,
)


def request(text: str) -> str:
    """What a user asks for, from a description that begins with what is done: "Archive old rows of
    a table, with care." gives "archive old rows of a table"; "" where it begins otherwise."""
    first = re.split(
        r"[.;:(]| - | \u2014 |, (?:with|using|including|and)\b", shown(text), maxsplit=1
    )[0]
    words = first.replace("`", "").split()
    if len(words) < 2 or words[0].lower().rstrip(",") not in _VERBS:
        return ""
    words = words[:14]
    while words[-1].lower() in _OPEN:
        words.pop()
    return " ".join([words[0].lower(), *words[1:]]).rstrip(" ,")


_OPEN = frozenset("a an the of for and or with to in on from by using into as at its their".split())


def listed(words: Sequence[str], last: str = "or") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def plain(name: str) -> str:
    """A name without what Markdown or YAML would read in it."""
    return shown(re.sub(r"[^\w .()/+-]+", " ", name))[:120].strip() or "Plugin"


def title(name: str, headings: Iterable[str]) -> str:
    """A plugin's title: as one of its own headings spells it, else its name with capitals."""
    words = re.sub(r"[-_]+", " ", plain(name)).split()
    joined = " ".join(words)
    for heading in headings:
        spelled = re.sub(r"[-_]+", " ", plain(heading))
        if spelled.lower().startswith(joined.lower()) and spelled[: len(joined)] != joined.lower():
            return spelled[: len(joined)]
    return " ".join(w if any(c.isupper() for c in w) else w.capitalize() for w in words)


def third_person(text: str) -> str:
    """The sentences in the third person; `your` becomes `the`, "Generate X" "Generates X"."""
    text = re.sub(r"\byour\b", "the", text, flags=re.I)
    kept = [s.strip() for s in sentences(text) if not _PERSON.search(s)]
    return " ".join(_indicative(s) for s in kept)


def _indicative(word: str) -> str:
    """An imperative at the beginning of a sentence as what the plugin does, where that is sure:
    "Create and manage x" becomes "Creates and manages x"."""
    words = word.split(" ")
    at = 0
    while at < len(words):
        bare = words[at].rstrip(",").lower()
        if bare in _VERBS:
            words[at] = words[at].replace(words[at].rstrip(","), _conjugated(words[at].rstrip(",")))
            joined = words[at].endswith(",")
            at += 1
            if not joined and not (at < len(words) and words[at] in ("and", "or", "&")):
                break
        elif bare in _ADVERBS or words[at] in ("and", "or", "&"):
            at += 1
        else:
            break
    return " ".join(words)


def _conjugated(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"
