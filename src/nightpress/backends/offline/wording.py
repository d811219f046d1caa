"""The few words of our own: titles, descriptions in the third person, lists of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from nightpress.backends.offline.clean import is_quotable, shown
from nightpress.backends.offline.filled import told
from nightpress.lazy import pattern

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
    " prototype rebase recover register rename repair restore rotate sync tune upgrade get set"
    " present"
    " backtest trace delete describe escalate deduplicate throttle scrape find alert"
    " introspect flag mint stake bridge route choose clarify propose minimize maximize select"
    " make remediate conduct retrieve scaffold examine maintain meet establish demonstrate"
    " deprecate distribute".split()
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


def clause(text: str, most: int) -> str:
    """At most `most` characters, cut where a clause ends; "" where none does."""
    if len(text) <= most:
        return text
    ends = [m.start() for m in _CLAUSE_ENDS.finditer(text[:most]) if m.start() >= most // 3]
    return text[: ends[-1]].rstrip(" ,;:-") if ends else ""


_CLAUSE_ENDS = pattern(
    r", (?!and |or )|; |: | \(| - | \u2013 | \u2014 | (?:with|using|by|through|that|which|so that"
    r"|while|including|before|after|when|where|from|across) "
)


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


_NO_WORDS = frozenset("a an the for of and to with your claude code plugin plugins tool".split())


@lru_cache(maxsize=8_192)
def stems(text: str) -> frozenset[str]:
    """What a text's words begin with, without those that any text has."""
    words = re.findall(r"[^\W_]{2,}", text.lower())
    return frozenset(_PLURAL.sub("", word)[:5] for word in words if word not in _ANY)


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
    words = text.split(maxsplit=2)
    does = len(words) > 2 and is_verb(words[0].lower()) and words[1] in _DETERMINERS
    found = None if does else _ROLE.match(text)  # "Launch an agent in the background"
    rest = text[found.end() :] if found else text
    return rest[:1].upper() + rest[1:] if len(rest) > 20 else text


_WHO = (
    r"(?:an? |the )?(?:[\w/+.#-]+ ){0,7}?(?:specialist|expert|engineer|architect|master|analyst"
    r"|developer|consultant|professional|strategist|reviewer|guru|(?:sub)?agent|assistant)"
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
    article = (found[1] or "").strip()
    fits = "an" if found.string[found.end()].lower() in "aeiou" else "a"
    return f"{article[0]}{fits[1:]} " if article else ""


_GRAND_WORDS = (
    "(?:comprehensive|intelligent|professional|production-(?:ready|grade)|AI-powered"
    "|high-performance|advanced|robust|sophisticated|(?:enterprise|professional"
    "|institutional)-(?:grade|quality)|expert)"
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
_GRAND_ALONE = pattern(
    rf",? (?:with|for|in) {_GRAND_WORDS} {_ANYTHING}(?: and {_ANYTHING})?(?=[.,;]|\s*$)", re.I
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


def is_order(text: str) -> bool:
    """Does it begin with a verb ("Use EXPLAIN"), or with a word of praise?"""
    first = re.sub(r"\W.*", "", text.lower())
    forms = {first, first.removesuffix("s"), first.removesuffix("es"), f"{first[:-3]}y"}
    return bool(forms & (_VERBS | _PRAISE))


def is_deed(word: str) -> bool:
    """Is the first word of an item a verb, if one that is a noun as often?"""
    low = word.lower()
    return bool({low, low.removesuffix("s"), low.removesuffix("es")} & (_VERBS | _ORDERS))


def orders(point: str) -> bool:
    """Is a point of three words or more an order ("Limit result sets")? Of two it names a thing
    ("query optimization")."""
    words = point.split()
    return len(words) > 2 and words[0].lower() in _VERBS | _ORDERS


_PRAISE = frozenset(
    "go you we it ask mention use always never easy easiest quick fast great best powerful smart"
    " simple avoid don do not no high low full rich two three one first start keep key"
    " real good better optimal".split()
)


def bare_verb(word: str) -> str:
    """The verb of "Building", where it is one of those known: "build"; other words as they are."""
    stem = word.lower().removesuffix("ing")
    if stem == word.lower():
        return word
    doubled = stem[:-1] if stem[-2:-1] == stem[-1:] else stem
    forms = (stem, f"{stem}e", doubled)
    return next((form for form in forms if form in _VERBS | _ORDERS), word)


def is_verb(word: str) -> bool:
    """Is a word, in lower case, what a command may do?"""
    return word in _VERBS | _ORDERS


def may_be_noun(word: str) -> bool:
    return word in _NOUNS | _ORDERS


def is_personal(text: str) -> bool:
    """Does it speak to somebody, or of who wrote it?"""
    return _PERSON.search(text) is not None


_ORDERS = frozenset(
    "block book cancel change check close comment commit copy count cut download drop"
    " dump file fill flag follow freeze give group hide hook index invite"
    " join kill label limit list load"
    " lock log look mail map mark mask moor move name note open order pack page pair patch pick pin"
    " ping place play plot poll post price print probe process prune pull push put query quote rank"
    " read record release reply report reset restart resume retry return route sample save score"
    " search select set share ship show shut sign sketch skip sort stage start stop store submit"
    " swap switch tag take tell time toggle touch trim undo view vote wait warn watch".split()
)
"""Verbs that are nouns as often: at the beginning of what a command does they are verbs."""


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
    quiet = set(re.findall(r"(?<![\w/-])[A-Za-z]?[a-z]+(?![\w/-])", seen))
    several = [name.removesuffix("s") for name in _SEVERAL.findall(seen)]
    names = {n.lower(): n for n in several if not quiet & {n.lower(), n.capitalize()}}
    found = " ".join(names.get(w.lower(), w) for w in words)
    for pair in dict.fromkeys(_PAIR.findall(seen)):  # CI/CD is one thing
        found = re.sub(rf"\b{pair.replace('/', ' ')}\b", pair, found)
    return found


_PAIR = pattern(r"\b[A-Z]{2,4}/[A-Z]{2,4}\b")
_SEVERAL = pattern(r"\b(?:[A-Z]{2,4}s?|[A-Z]\d[A-Z]|[A-Z]?[a-z]+[A-Z]\w*|[A-Z]{2,}[a-z]\w*)\b")


def third_person(text: str) -> str:
    """The sentences in the third person; `your` becomes `the`, "Generate X" "Generates X"."""
    text = re.sub(r"\byour\b", "the", text)
    text = re.sub(r"\bYour\b", "The", text)
    kept = [_indicative(s.strip()) for s in sentences(text) if not _PERSON.search(s)]
    return " ".join(s for at, s in enumerate(kept) if not at or is_order(s))


def done(step: str) -> str:
    """What a step does, in its first words: "Show columns with type, and rows." gives "Shows
    columns with type"; "" where they do not begin with a verb, or say how."""
    first = re.split(_CLAUSE, modest(shown(step)).replace("**", ""), maxsplit=1)[0]
    words = first.split()
    if len(words) < 3 or words[0].lower() not in _VERBS | _ORDERS or _SAYS_HOW.search(first):
        return ""
    if all(word[:1].isupper() or len(word) < 4 for word in words):
        return ""  # a title: "Build System Integration"
    if words[1] == "and" and is_verb(words[2]):  # "Analyze and report differences"
        words[2] = conjugated(words[2])
    return _indicative(" ".join([conjugated(words[0]), *words[1:]]))


_CLAUSE = r"[;:(]|,(?!\d)|(?<!vs)\.(?:\s|$)| - | \u2013 | \u2014 "
_SAYS_HOW = pattern(r"[`*<>/$]|\b(?:you|your|never|don't|only|if)\b", re.I)


def _indicative(sentence: str) -> str:
    """An imperative at the beginning of a sentence as what the plugin does, where that is sure:
    "Create and manage x" becomes "Creates and manages x"."""
    words = sentence.split(" ")
    if words[0].lower() in ("get", "receive") and words[1:]:
        return " ".join(["Provides", *words[1:]])
    does = is_verb(words[0].lower()) and words[1:2] != [] and words[1] in _DETERMINERS
    at = _leading(words)
    if does and not _is_third(words[0]):
        words[0] = conjugated(words[0])  # "Read a file"
    if does or _is_third(words[0]):
        at = max(at, 1)
        _series(words, at)
    return " ".join(words)


def _leading(words: list[str]) -> int:
    """Conjugate the verbs that a sentence begins with; how many words they are."""
    at = 0
    while at < len(words):
        bare, before = words[at].rstrip(",").lower(), words[at - 1] if at else "and"
        if bare in _VERBS or (before in ("and", "or", "&") and _VERBAL.fullmatch(bare)):
            words[at] = words[at].replace(words[at].rstrip(","), conjugated(words[at].rstrip(",")))
            joined = words[at].endswith(",")
            at += 1
            if not joined and not (at < len(words) and words[at] in ("and", "or", "&")):
                break
        elif bare in _ADVERBS or words[at] in ("and", "or", "&"):
            at += 1
        else:
            break
    return at


def _series(words: list[str], at: int) -> None:
    """Conjugate the verbs of a series: "Finds rows, detects leaks and recommend changes". A word
    that may be a noun is a verb where another one of the series is, for sure."""
    begins = []
    for n in range(at, len(words) - 1):
        if _SUBORDINATE & set(words[at:n]) or words[n - 1].endswith(":"):
            break
        if words[n - 1].lower() in ("and", "or", "&") or words[n - 1].endswith(","):
            begins.append(n + (words[n].lower() in _ADVERBS and n < len(words) - 2))
    sure = [n for n in begins if is_verb(words[n].lower()) and words[n + 1] in _DETERMINERS]
    # a list that is closed before ("for leaks and open ports, and blocks") is another one
    closed = [n for n in begins if n not in sure and words[n - 1].lower() in ("and", "or", "&")]
    after = max((n for n in closed if sure and n < sure[-1]), default=at)
    series = [n for n in begins if n in sure or (sure and n > after)]
    begins = [n for n in begins if n in series or not _is_noun_list(words, at, n)]
    for n in begins:
        plans = words[n : n + 2] == ["plan", "for"]
        if plans or n in sure or words[n].lower() in _VERBS - _NOUNS:
            words[n] = conjugated(words[n])
    if any(_is_third(words[n]) for n in begins):
        series = begins
    if series:
        for n in series:
            if words[n].lower() in _VERBS | _ORDERS:
                words[n] = conjugated(words[n])


def _is_noun_list(words: Sequence[str], at: int, n: int) -> bool:
    """Is the word one of several that a preposition has ("for create, read and delete calls")?"""
    before = " ".join(words[at:n]).removesuffix(" and").removesuffix(" or").rstrip(",")
    single = " " not in before.rpartition(", ")[2]
    return bool(_PREPOSITIONS & set(words[at:n])) and (single or words[n].lower() in _NOUNS)


def _is_third(word: str) -> bool:
    """Is it a verb in the third person?"""
    low = word.lower().rstrip(",")
    forms = {low.removesuffix("s"), low.removesuffix("es"), f"{low[:-3]}y"}
    return low.endswith("s") and bool(forms & _VERBS)


_DETERMINERS = frozenset("a an the its their all any each every this".split())
_SUBORDINATE = frozenset("to that which who how can will help helps let lets where while".split())
_VERBAL = pattern(r"[a-z]+(?:ize|yze|ify)")
_PREPOSITIONS = frozenset("with for of by using including from into across".split())
_NOUNS = frozenset(
    "archive audit benchmark bootstrap build check design draft estimate export filter fix forecast"
    " format guide import launch lint measure monitor plan process profile prototype release render"
    " repair report restore review run scan schedule score solve split support test track train"
    " update upgrade wrap".split()
)
"""Verbs that may as well be nouns."""


def conjugated(verb: str) -> str:
    """A verb in the third person."""
    if verb.endswith(("s", "sh", "ch", "x")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"
