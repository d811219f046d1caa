"""The few words of our own: titles, descriptions in the third person, lists of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from nightpress.backends.offline import verbs
from nightpress.backends.offline.articles import article
from nightpress.backends.offline.clean import is_quotable, shown
from nightpress.backends.offline.filled import told
from nightpress.lazy import pattern

_PERSON = pattern(r"\b(I|we|our|us|my|you|yours|yourself)\b", re.I)


_ABBREVIATED = pattern(r"(?:\b(?i:e\.g|i\.e|etc|vs|cf|approx|incl|no|fig|dr|mr|mrs|st)|\b[A-Z])\.$")
_LONGEST = 12
"""Characters in which an abbreviation stands, with what is before it."""
_END = pattern(r"(?<=[.!?])(?:[\"')\]*_]*)\s+(?=[\"'(\[`*_]*[A-Z0-9\"'`\[])")


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, each with what follows it up to the next; none ends inside a
    name or number ("Next.js", "v1.2") or after an abbreviation."""
    found: list[str] = []
    at = 0
    for end in _END.finditer(text):
        if not _ABBREVIATED.search(text[max(at, end.start() - _LONGEST) : end.start()]):
            found.append(text[at : end.end()])
            at = end.end()
    return [*found, text[at:]] if at < len(text) else found


def cut(text: str, most: int) -> str:
    """At most `most` characters, cut between words."""
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0]


def clause(text: str, most: int) -> str:
    """At most `most` characters, cut where a clause ends, in no bracket, and no verb from its
    object; "" where none does."""
    if len(text) <= most:
        return text
    found = (m.start() for m in _CLAUSE_ENDS.finditer(text[:most]) if m.start() >= most // 3)
    ends = [end for end in found if not (_lacks_object(text, end) or _is_open(text[:end]))]
    return text[: ends[-1]].rstrip(" ,;:-") if ends else ""


_CLAUSE_ENDS = pattern(
    r"(?<!e\.g\.)(?<!i\.e\.), (?!and |or )|; |: | \(| - | \u2013 | \u2014 "
    r"| (?:with|using|by|through|that|which|so that|while|including|before|after|when|where|from"
    r"|across) "
)


def _is_open(text: str) -> bool:
    return text.count("(") > text.count(")")


def _lacks_object(text: str, end: int) -> bool:
    """Is it a verb of several that the text ends with there ("documents, tracks and enforces")?"""
    verb = _VERB.search(text[:end])
    does = verb is not None and (verb[1] or verbs.is_third(verb[2]))
    return bool(does) and _MORE_VERBS.match(text, end) is not None


_VERB = pattern(r"\b((?:that|which) )?(\w+s)$")
_MORE_VERBS = pattern(r"(?:, \w+)*(?:,? (?:and|or) \w+s\b|, \w+s$)")


def code(text: str) -> str:
    """Text that may stand between backticks."""
    return shown(text.replace("`", ""))


def sentence(text: str) -> str:
    """One line without angle brackets that ends as a sentence does; "" stays ""."""
    text = shown(told(re.sub(r"[<>]", "", text), "commands/"))
    if not is_quotable(text):
        return ""
    return text if not text or text.endswith((".", "!", "?")) else f"{text.rstrip(' :;,')}."


def is_vacuous(text: str, name: str) -> bool:
    """Does a description say no more than the name ("Database plugin for database-archival")?"""
    if re.fullmatch(
        rf"(?:[\w-]+ )?(?:plugin|tool|skill|agent)s? for {re.escape(name)}\.?", text, re.I
    ):
        return True
    named = {word[:5] for word in re.split(r"[\W_]+", name.lower()) if word}
    said = {word for word in re.split(r"[\W_]+", text.lower()) if word} - _NO_WORDS
    return all(word[:5] in named for word in said)


_NO_WORDS = frozenset(
    "a an the for of and to with your claude code plugin plugins tool tools command commands agent"
    " agents skill skills slash collection set provides contains includes".split()
)


@lru_cache(maxsize=8_192)
def stems(text: str) -> frozenset[str]:
    """What a text's words begin with, without those that any text has."""
    words = re.findall(r"[^\W_]{2,}", text.lower())
    return frozenset(
        word[:5] if len(word) > 5 else _PLURAL.sub("", word) for word in words if word not in _ANY
    )


_PLURAL = pattern(r"(?<=[a-z]{3})s$")


_ANY = frozenset(
    "a an the of for and or with to in on from by using use into as at its their this that these"
    " your you is are it be all any plugin plugins tool tools claude code command agent skill"
    " comprehensive automated automation advanced complete based improved maximum efficient".split()
)


def content(text: str) -> frozenset[str]:
    """The stems of what a text is about: without what is done ("Create"), and praise."""
    words = (w for w in modest(text).split() if w.lower().strip(",.") not in _DOING)
    return frozenset(stem[:4] for stem in stems(" ".join(words)))  # "seed" and "seeding" are one


_DOING = frozenset(
    "create creates generate generates implement implements provide provides build builds set up"
    " sets manage manages analyze analyzes help helps support supports perform performs execute"
    " executes run runs ensure ensures enable enables including best practices proper efficient"
    " effective automatically proactively users user".split()
)


def duties(text: str) -> str:
    """A description without the role that it casts somebody in: "An elite berth specialist
    mastering tides and moorings" gives "Tides and moorings"."""
    said = [s.strip() for s in sentences(text)]
    while len(said) > 1 and _CAST.fullmatch(said[0]):
        said.pop(0)
    text = " ".join(said)
    if found := _REVIEWER.match(text):
        return f"Reviews {found[1]} for {text[found.end() :]}"
    words = text.split(maxsplit=2)
    does = len(words) > 2 and verbs.is_verb(words[0].lower()) and words[1] in verbs.DETERMINERS
    found = None if does else _ROLE.match(text)  # "Launch an agent in the background"
    rest = text[found.end() :] if found else text
    return rest[:1].upper() + rest[1:] if len(rest) > 20 else text


_WHO = (
    r"(?:an? |the )?(?:[\w/+.#-]+ ){0,7}?(?:specialist|expert|engineer|architect|master|analyst"
    r"|developer|consultant|professional|strategist|reviewer|guru|teammate|(?:sub)?agent|assistant"
    r"|orchestrator|coordinator|auditor|advisor|planner)"
)
_REVIEWER = pattern(
    r"(?:(?:an? |the )?(?:(?:senior|expert|elite|specialist) )*)"
    r"((?:[\w/+.&#-]+ ){1,4}?(?:code|changes|diffs|configurations?|schemas?|queries))"
    r" reviewer (?:for|focused on|focusing on|speciali[sz]ing in|with expertise in) ",
    re.I,
)
_CAST = pattern(rf"{_WHO}\.?", re.I)
_ROLE = pattern(
    rf"{_WHO} (?:(?:who |that )?(?:is )?(?:focused on|focusing on|speciali[sz]ing in"
    r"|speciali[sz]es in|mastering|masters|in|with expertise in|skilled in)) "
    r"|(?:an? )?(?:(?:speciali[sz]ed|expert|dedicated|ai|autonomous) )+"
    r"(?:agent|assistant|subagent|command|skill) (?:for|that|to) ",
    re.I,
)


def is_cast(text: str) -> bool:
    """Does a text only say who somebody is ("Security code review specialist.")?"""
    return _CAST.fullmatch(text) is not None


def modest(text: str) -> str:
    """The text without the adjectives that anything is given ("a comprehensive report"), and
    without what is nothing else ("with advanced features and documentation")."""
    found = _GRAND.sub(_article, _GRAND_ALONE.sub("", text))
    return found[:1].upper() + found[1:] if text[:1].isupper() else found


def _article(found: re.Match[str]) -> str:
    """The article of what a grand word stood before, as its first letter asks for."""
    before = (found[1] or "").strip()
    return f"{before[0]}{article(found.string[found.end() :])[1:]} " if before else ""


_GRAND_WORDS = (  # "rate limiting with algorithms" would say nothing
    "(?:comprehensive|production-(?:ready|grade)|AI-powered|high-performance|(?:enterprise"
    "|professional|institutional)-(?:grade|quality)|expert(?! (?:in|at|on|of|for)\\b)"
    "|(?<!with )(?:intelligent|professional|advanced|robust|sophisticated))"
)
_GRAND = pattern(
    rf"(?<!\w, )\b((?:[Aa]n? )?){_GRAND_WORDS}(?:,)? (?=[a-z])"
    r"(?!(?:(?:\w+ )?quality|features|functionality|capabilities)\b)"
    r"|(?<=\bthat )(?:strategically|intelligently|seamlessly|effortlessly) (?=[a-z]+s\b)",
    re.I,
)
_ANYTHING = (
    r"(?:features?(?: sets?)?|functionality|capabilities|documentation|support|solutions?"
    r"|(?:\w+ )?quality)"
)
_ALONE = _GRAND_WORDS.replace("(?<!with )", "")
_GRAND_ALONE = pattern(
    rf",? (?:with|for|in) {_ALONE} {_ANYTHING}(?: and {_ANYTHING})?(?=[.,;]|\s*$)", re.I
)


def occasion(text: str) -> str:
    """A description that begins with an order to use it, as the occasion alone: "Use this agent
    when you need to moor a ship." gives "Moor a ship."; "Use when it rains." gives "When it rains."
    """
    found = _ORDER.match(text)
    if not found:
        return text
    rest = text[found.end() :]
    when = "" if found[1].lower() in ("to", "for") or found[2] else f"{found[1]} "
    rest = f"{when}{rest}" if rest else text
    return rest[:1].upper() + rest[1:]


_ORDER = pattern(
    r"(?:must be used|use|invoke|trigger|activate)(?: (?:this|the|it)(?: (?:[\w-]+ ){0,3}?"
    r"(?:agent|skill|command|tool|plugin))?)?(?: (?:proactively|immediately|only))?"
    r" (when(?:ever)?|to|for)(?: (you (?:need|want) to|the user (?:needs|wants|asks) to))? ",
    re.I,
)


def of_user(text: str) -> str:
    """A text in which `your` is the user's: "your prompts" are "the prompts", "your own prompts"
    "the user's own prompts"."""
    return re.sub(r"\byour\b", "the", re.sub(r"\byour own\b", "the user's own", text))


def untitled_case(text: str) -> str:
    """A title as a sentence: "Setting Up a Berth" is "Setting up a berth"; names with several
    capitals stay, and so does what is no title."""
    words = text.split()
    if len(words) < 3 or not all(w[:1].isupper() or len(w) < 4 or not w.isalpha() for w in words):
        return text
    rest = (w if re.search(r".[A-Z]|[^A-Za-z,]", w) else w.lower() for w in words[1:])
    return " ".join([words[0], *rest])


def is_personal(text: str) -> bool:
    """Does it speak to somebody, or of who wrote it?"""
    return _PERSON.search(text) is not None


def is_foreign(text: str) -> bool:
    """Does it hold letters of a script whose sentences do not go on an English one?"""
    return _FOREIGN.search(text) is not None


_FOREIGN = pattern(r"[\u0370-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def listed(words: Sequence[str]) -> str:
    """The words as alternatives; with a comma before the last where one holds alternatives."""
    if len(words) == 1:
        return words[0]
    comma = "," if any(re.search(r" (?:and|or) |, ", word) for word in words) else ""
    return f"{', '.join(words[:-1])}{comma} or {words[-1]}"


def together(words: Sequence[str]) -> str:
    """The words as one says them of all: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def plain(name: str) -> str:
    """A name without what Markdown or YAML would read in it."""
    return shown(re.sub(r"[^\w .()/+-]+", " ", name))[:120].strip() or "Plugin"


def title(name: str, headings: Iterable[str], seen: str = "") -> str:
    """A plugin's title: as one of its own headings spells it, else its name with capitals; names
    with several capitals (CSV, NoSQL) as the text `seen` has them."""
    words = re.sub(r"[-_]+", " ", plain(name)).split()
    joined = " ".join(words)
    for heading in headings:
        spelled = re.sub(r"[-_]+", " ", plain(heading))
        if spelled.lower().startswith(joined.lower()) and spelled[: len(joined)] != joined.lower():
            words = spelled[: len(joined)].split()
            break
    else:
        words = [w if any(c.isupper() for c in w) else w.capitalize() for w in words]
    # who writes "pack" shouts "PACK"; `ai-pack` is no word
    quiet = set(re.findall(r"(?<![\w/.-])[A-Za-z]?[a-z]+(?![\w/-])", seen))
    several = [name.removesuffix("s") for name in _SEVERAL.findall(seen)]
    shouted = (n for n in several if not (n.isupper() and verbs.is_verb(n.lower())))  # "GET /x"
    names = {n.lower(): n for n in shouted if not quiet & {n.lower(), n.capitalize()}}
    initials = {w for w in words if _INITIALS.fullmatch(w) and w.lower() not in quiet}
    found = " ".join(names.get(w.lower(), w.upper() if w in initials else w) for w in words)
    for one, other in pairwise(found.split()) if len(words) > 2 else ():
        written = re.findall(rf"(?<![\w/@.`-])(?i:{one})[- ](?i:{other})(?![\w/`-])", seen)
        hyphened = [text for text in written if "-" in text]
        if 2 * len(hyphened) > len(written) and any(map(_BEGINS_NAME.match, hyphened)):
            found = found.replace(f"{one} {other}", f"{one}-{other}")  # "On-Chain Analytics"
    for pair in dict.fromkeys(_PAIR.findall(seen)):  # CI/CD is one thing
        found = re.sub(rf"\b{pair.replace('/', ' ')}\b", pair, found)
    return found


_BEGINS_NAME = pattern(r"[A-Z][a-z]*-")
_INITIALS = pattern(r"[b-df-hj-np-tv-z]{2,4}", re.I)  # no word is without a vowel
_PAIR = pattern(r"\b[A-Z]{2,4}/[A-Z]{2,4}\b")
_SEVERAL = pattern(r"\b(?:[A-Z]{2,4}s?|[A-Z]\d[A-Z]|[A-Z]?[a-z]+[A-Z]\w*|[A-Z]{2,}[a-z]\w*)\b")
