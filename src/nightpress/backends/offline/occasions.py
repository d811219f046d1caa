"""What users ask for: the occasions of a description, from what the plugin says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from nightpress.backends.offline import trim, verbs, wording
from nightpress.backends.offline.articles import with_article
from nightpress.backends.offline.blocks import sections
from nightpress.backends.offline.clean import Place, shown
from nightpress.backends.offline.trim import Owned
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component
from nightpress.plugin import collect, kind_of

FEW = 2
"""Commands and agents of a plugin that is what they are; of more, one speaks for itself alone."""
_NOWHERE = Place("", "", "", frozenset())
_NO_TOPIC = frozenset(
    "agent-skills agents ai ai-agency analysis api automation backend best-practices claude"
    " claude-code claude-plugin cli collection community data database development devops"
    " infrastructure integration management mcp monitoring open-source optimization package"
    " performance plugin plugins productivity professional security skill skill-enhancer skills"
    " testing tools utilities utility validation workflow workflows".split()
)


def occasion(anatomy: Anatomy, own: Owned, what: str) -> str:
    """What follows "Use when": what the user asks for, by what the commands and agents say of when
    to use them, or of themselves, and by what the README says of when they come in; the commands
    that the user runs. Only where there is none of it a term of the plugin's domain, by the
    keywords and the points that the texts set off: a tag would claim every question about it."""
    named = [*anatomy.of("command"), *anatomy.of("agent")]
    stated = [item for component in named for item in _occasions(component)]
    stated += _told_by_readme(anatomy)
    said = [*stated, *(wording.occasion(trim.prose(shown(c.description), own)) for c in named)]
    known, wishes = set(wording.stems(what)), list[str]()
    most = WISHES if len(named) <= FEW else WISHES_OF_MANY
    for wish in filter(None, map(request, said)):
        new = wording.stems(wish)
        if 2 * len(new - known) >= len(new) and len(wishes) < most:
            wishes.append(wish)
            known |= new
    stated = stated if len(named) <= FEW else []  # one would speak for all
    things = [thing for one in stated if (thing := discussed(one.removeprefix("to ")))]
    words = _fresh(things, known)[: max(0, 5 - len(wishes))]
    commands = [f"/{shown(c.name)}" for c in anatomy.of("command")[:4]]
    if not wishes and not words:
        texts = [*said, anatomy.description, *map(_opening, named)]
        wishes = [w for w in map(request, map(wording.occasion, texts)) if w][:1]
    if not (wishes or words or commands):
        words = [one for one in _terms(anatomy, known) if re.search(r"[ -]", one)][:3]
    parts = [f"asks to {wording.listed(wishes)}"] if wishes else []
    if words:
        parts.append(f"asks about {wording.listed(words)}")
    if commands:
        parts.append(f"runs {wording.listed(commands)}")
    if not parts and (
        agents := list(dict.fromkeys(shown(one.name) for one in anatomy.of("agent")))
    ):
        return f"a task calls for {wording.listed(agents[:4])}"
    if not parts:
        return ""
    last = f", or {parts[-1]}" if parts[1:] else ""
    return f"the user {', '.join(parts[:-1] or parts)}{last}"


def _terms(anatomy: Anatomy, known: set[str]) -> list[str]:
    """Keywords, tools and points of the plugin's own, that nothing else has said."""
    tools = [fact.name.replace("_", " ") for fact in collect(anatomy).of("tool", "structural")]
    texts = "\n".join(f.text for f in anatomy.files if kind_of(f.path) in _TELL)
    return topics([*anatomy.keywords, *tools[:4], *_points(anatomy)], known, anatomy.name, texts)


def _fresh(things: Iterable[str], known: set[str]) -> list[str]:
    """The things of which more than half is not known yet."""
    seen, found = set(known), list[str]()
    for thing in things:
        new = wording.stems(thing)
        if 2 * len(new - seen) > len(new):
            found.append(thing)
            seen |= new
    return found


def discussed(item: str) -> str:
    """What a user asks about, from an item of a list of occasions: a thing of two words or more
    ("Bridge fee comparisons"), or what it says that the user mentions or requests ("User requests
    model generation"); "" for a sentence, and for what is done."""
    text = re.split(r"[;:(,]|\.(?:\s|$)| - | \u2013 | \u2014 ", shown(item), maxsplit=1)[0]
    text = re.sub(r"[*`\"]", "", text).strip(" .,")
    if found := _BROUGHT_UP.match(text):
        text = text[found.end() :]
    words = wording.modest(text).split()
    said = {word.lower() for word in words}
    if not 1 < len(words) <= MOST_DISCUSSED or said & _PREDICATES or request(text):
        return ""
    if not found and (len(words) > _FEW_WORDS and not _JOINED.search(text)):
        return ""  # it may be a sentence: "High traffic causes strain"
    if _NO_THING.match(text) or (not found and verbs.orders(text)):
        return ""
    return " ".join(words) if found else _lowered(" ".join(words))


def _lowered(text: str) -> str:
    """An item as it stands within a sentence: "Fee comparisons" has no capital there."""
    first, _, rest = text.partition(" ")
    lowers = _CAPITALIZED.fullmatch(first) and not _NAME.match(text)
    return f"{first.lower()} {rest}" if lowers else text


MOST_DISCUSSED, _FEW_WORDS = 8, 3
"""Words of a thing that is asked about: more are a sentence; so few hardly are."""
_BROUGHT_UP = pattern(
    r"(?:the )?(?:users? )?(?:(?:asks?|asking|inquires?)(?: questions)? (?:about|for)"
    r"|mentions?|mentioning|discuss(?:es|ing)?|requests?|requesting|needs? help with) (?:an? )?",
    re.I,
)
_JOINED = pattern(
    r"^(?:[\w/-]+ ){1,3}?(?:from|of|for|with|between|across|[a-z]+ing)\b|^[a-z]{4,}ing\b", re.I
)
_NAME = pattern(r"(?![A-Z][a-z]+ing )(?:[A-Z][a-z]+ [A-Z][a-z]|[A-Z][a-z]+[A-Z])")
_PREDICATES = frozenset(
    "is are was were be been has have had need needs require requires want wants must should can"
    " could will would may might do does fail fails occur occurs change changes arise arises"
    " request requests ask asks mention mentions says use uses shows become becomes feel feels"
    " seem seems not exists exist exceed exceeds you your their they we our it".split()
)
_NO_THING = pattern(
    r"(?:their|your|you|they|when|if|what|which|whether|how|why|before|after|during|once|any|every"
    r"|prefers?|users?|team|just|only|all|other|more|it|this|that|simple|specific|relevant|ready"
    r"|willing|wanting|needing|looking|\w+ly)\b|.*\w(?:ed|\bas)$",
    re.I,
)


def _told_by_readme(anatomy: Anatomy) -> list[str]:
    """The items of what the README says of when the plugin comes in: "The agent activates when you
    discuss:" and a list."""
    return [
        _ASKED.sub("", item)
        if _DISCUSSED.search(before.text) is None
        else f"mentions {_lowered(item)}"
        for file in anatomy.files
        if kind_of(file.path) == "readme" and "/" not in file.path
        for section in sections(file.text, _NOWHERE)
        for before, block in pairwise(section.blocks)
        if block.kind == "list" and _COMES_IN.search(before.text) and not _NOT.search(before.text)
        for item in _POINT.findall(block.text)
    ]


_COMES_IN = pattern(
    r"\b(?:activat\w*|invoked?|use (?:it|this(?: \w+)?)|triggers?)\b[^.\n]{0,30}\bwhen(?:ever)?\b"
    r"[^.\n]{0,40}:\W*$",
    re.I,
)
_DISCUSSED = pattern(r"\b(?:discuss\w*|mention\w*|ask(?:s|ing)? about|talk\w* about):\W*$", re.I)
_ASKED = pattern(r"^asks? (?:claude|the agent|it)? ?to ", re.I)


def _opening(component: Component) -> str:
    """The first paragraph of a command or agent."""
    found = _PARAGRAPH.search(component.body)
    return shown(found[1]) if found else ""


_PARAGRAPH = pattern(r"(?m)^([A-Z][^\n:]+\.)\s*$")


WISHES, WISHES_OF_MANY = 6, 4
"""Occasions that a description names, at most; of a plugin with many commands and agents, the
occasions of some would speak for all of them."""


def _occasions(component: Component) -> Iterator[str]:
    """The items of what a command or an agent says of when to use it; one that a lead makes a verb
    of ("when you need to:") says so: "to scale reads"."""
    for section in sections(component.body, _NOWHERE):
        if _WHEN.search(section.heading) and not _NOT.search(section.heading):
            for at, block in enumerate(section.blocks):
                before = section.blocks[at - 1].text if at else ""
                if block.kind != "list" or _NOT.search(before):
                    continue
                other = _OTHER.search(before)
                if other is None or other[1].lower() in component.name.lower():
                    wish = "to " if _WISH.search(before) else ""
                    yield from (f"{wish}{item}" for item in _POINT.findall(block.text))


_WISH = pattern(r"\b(?:needs?|wants?|asks?|like|trying) to:\W*$", re.I)
_OTHER = pattern(  # "Use Make when:" is said of something else
    r"\b(?:use|choose|pick|prefer) (?!(?:this|it|the|when|if|for)\b)([\w./-]+) (?:when|if|for)\b",
    re.I,
)
_WHEN = pattern(r"\b(?:when (?!(?:invoked|called|run)\b)|use cases?\b|triggers?\b)", re.I)
_NOT = pattern(r"\b(?:not|never|don'?t|avoid|limits?|limitations?|disclaimer|notes?)\b", re.I)
_POINT = pattern(r"(?m)^[-*+] (?:\[ \] )?(\S.*)$")
_SET_OFF = pattern(r"(?m)^\s*(?:[-*+]|\d+[.)])\s+\*\*([^*\n]{3,40}?):?\*\*")


def _points(anatomy: Anatomy) -> list[str]:
    """What the plugin's texts set off at the beginning of an item of what it does or covers, if but
    once: what comes again and again ("Purpose:") is a form. Two words, or a name: a single word
    says too little."""
    found = [
        shown(point)
        for file in anatomy.files
        if kind_of(file.path) in _TELL
        for section in sections(file.text, _NOWHERE)
        if _COVERS.search(section.heading) and not any(map(_NOT.search, section.path))
        for block in section.blocks
        for point in _SET_OFF.findall(block.text)
    ]
    return [
        re.sub(r" [Ss]upport$", "", point)
        for point in dict.fromkeys(found)
        if found.count(point) == 1 and _TELLING.search(point) and not _QUALITY.search(point)
        if not (verbs.is_order(point) or verbs.orders(point))
    ]


_QUALITY = pattern(r"[ -](?:based|level|friendly|ready|built|driven)$", re.I)
_TELL = ("readme", "command", "agent")
_COVERS = pattern(
    r"\b(?:features?|capabilit|areas?|what|types?|components?|strateg|patterns?|techniques?"
    r"|methods?|focus|categor|support(?:s|ed)|analy|resources|process|task|detect|checks\b)",
    re.I,
)
_TELLING = pattern(r"\w[ -]\w|[a-z][A-Z]|[A-Z]{2}")


def topics(words: Iterable[str], known: set[str], name: str, said: str = "") -> list[str]:
    """Keywords and points that say something of their own, beyond the name and the stems that are
    known; as one says them in a sentence. said: the plugin's texts, which know how they are
    spelled."""
    seen, found = known | wording.stems(name.replace("-", " ")), list[str]()
    for word in words:
        text = re.sub(r"[`<>*|\[\]]", "", word).strip()
        plain = " ".join(
            part.lower() if _CAPITALIZED.fullmatch(part) else part
            for part in wording.modest(text).split()
        )
        new = wording.stems(plain)
        fits = _TOPIC.fullmatch(plain) and plain.lower() not in _NO_TOPIC
        if fits and len(plain) < 40 and 2 * len(new - seen) > len(new) > 0:
            found.append(spelled(plain, said))
            seen |= new
    return found


def spelled(words: str, said: str) -> str:
    """A keyword as the texts spell it within a sentence: "slo" is an SLO, "multi-step" keeps its
    hyphen where it has one there, "grafana" is a name; without hyphens where they have none."""
    if not words.islower():
        return words
    if words in _KNOWN:
        return _KNOWN[words]
    either = re.sub(r"(?:\\?[- ])+", "[-/ ]", re.escape(words))
    forms: list[str] = re.findall(rf"(?<![\w-]){either}(?=s?(?![\w-]))", said, re.I)
    capitals = [form for form in forms if _ACRONYM.search(form)]
    if 2 * len(capitals) > len(forms) and (len(words) < 6 or not capitals[0].isupper()):
        return max(capitals, key=capitals.count)
    name = words.capitalize()
    if words not in forms and len(re.findall(rf"(?:\b[a-z]+,? |, |[(/]){name}\b", said)) > 1:
        return name
    return words if any("-" in form for form in forms) else words.replace("-", " ")


_CAPITALIZED = pattern(r"[A-Z][a-z]+(?:-[A-Z]?[a-z]+)*")
_TOPIC = pattern(r"(?!v?\d+[.%+])[\w.+#/-]+(?: [\w.+#/&-]+){0,2}")
_KNOWN = {"ci-cd": "CI/CD", "sre": "SRE", "api": "API"}
_ACRONYM = pattern(r"[A-Z]{2}|[a-z][A-Z]")


def request(text: str) -> str:
    """What a user asks for, from a text that begins with what is done: "Archive old rows of a
    table, with care." gives "archive old rows of a table"; "" where it begins otherwise. A list is
    kept whole, or goes with the preposition before it."""
    if "->" in text or "\u2192" in text:
        return ""  # "plan touches X -> extract Y": a rule
    first = re.split(
        r"[;:(]|\.(?:\s|$)| - | \u2013 | \u2014 ", wording.modest(shown(text)), maxsplit=1
    )[0]
    first = re.sub(r"\byour\b", "the", first.replace("**", "").replace("`", ""))
    first = _PREFERS.sub("", first)
    words = first.split()
    if sure := words[:1] == ["to"] and len(words) > 2 and _CAPITALIZED.fullmatch(words[1]):
        words = words[1:]
    if words and words[0].isupper():
        return ""  # "EXPLAIN plan review"
    if words[1:] and words[1] not in ("and", "or"):  # "Debugging or error analysis"
        words[0] = verbs.bare_verb(words[0])
    verb = words[0].lower().rstrip(",") if words else ""
    if len(words) < 2 or not (sure or verbs.is_verb(verb)) or wording.is_personal(first):
        return ""
    if not sure and verbs.names_thing(words):
        return ""  # "Load testing of pumps"
    if {"is", "are", "has", "have", "was"} & set(words[1:4]):
        return ""  # "Build times are slow"
    if verbs.may_be_noun(verb) and (
        words[1].endswith("ing") or words[1] in ("request", "requests", "to", "of")
    ):
        return ""  # "Query tuning sessions", "Pull request created", "Guide to spawning"
    if "," in first and (len(words) > MOST_WISHED or " and " not in first.rpartition(",")[2]):
        before = re.split(_BEFORE_LIST, first.partition(",")[0])
        words = before[0].split() if len(before[0].split()) > 2 else first.partition(",")[0].split()
        if len(words) < 3:
            return ""
    if len(words) > MOST_WISHED + 2:
        words = _clause(words)
    while words[-1].lower().strip(",") in _OPEN:
        words.pop()
    return with_article(" ".join([words[0].lower(), *words[1:]]).rstrip(" ,"))


def _clause(words: list[str]) -> list[str]:
    """What is asked for, without how and what for."""
    ends = (n for n, word in enumerate(words) if n > 2 and word.lower().strip(",") in _GOES_ON)
    return words[: next(ends, MOST_WISHED + 2)][: MOST_WISHED + 2]


MOST_WISHED = 12
"""Words of a wish that holds a list."""
_GOES_ON = frozenset("that which who using by via with including so while when".split())
_BEFORE_LIST = r" (?:with|using|including|across|via|showing|by|like|such as)\b"


_PREFERS = pattern(
    r"^(?:the )?(?:user )?(?:asks?|needs?|wants?|ask claude)(?: claude)? to (?=[a-z])", re.I
)
_OPEN = frozenset("a an the of for and or with to in on from by using into as at its their".split())
