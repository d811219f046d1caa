"""Verbs: which words are, and how they are conjugated."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence


def is_order(text: str) -> bool:
    """Does it begin with a verb ("Use EXPLAIN"), or with a word of praise?"""
    first = re.sub(r"\W.*", "", text.lower())
    forms = {first, first.removesuffix("s"), first.removesuffix("es"), f"{first[:-3]}y"}
    return bool(forms & (VERBS | _PRAISE))


def is_deed(word: str) -> bool:
    """Is the first word of an item a verb, if one that is a noun as often?"""
    low = word.lower()
    return bool({low, low.removesuffix("s"), low.removesuffix("es")} & (VERBS | ORDERS))


def orders(point: str) -> bool:
    """Is a point of three words or more an order ("Limit result sets")? Of two it names a thing
    ("query optimization")."""
    words = point.split()
    return len(words) > 2 and words[0].lower() in VERBS | ORDERS


def bare_verb(word: str) -> str:
    """The verb of "Building", where it is one of those known: "build"; other words as they are."""
    stem = word.lower().removesuffix("ing")
    if stem == word.lower():
        return word
    doubled = stem[:-1] if stem[-2:-1] == stem[-1:] else stem
    forms = (stem, f"{stem}e", doubled)
    return next((form for form in forms if is_verb(form)), word)


def each(text: str, form: Callable[[str], str] = str) -> str:
    """What is told as being done, each time, as orders: "Mooring ships, tarring hulls, and keeping
    a log" gives "moor ships, tar hulls, and keep a log"; as it is where not each of several begins
    so. form: of each verb, in its place."""
    parts = _SERIES.split(text)
    if not parts[1:] or " " not in parts[-1].strip():
        return text
    for at in range(0, len(parts), 2):
        first, gap, rest = parts[at].partition(" ")
        if (bare := bare_verb(first)) == first:
            return text
        parts[at] = f"{form(bare)}{gap}{rest}"
    return "".join(parts)


_SERIES = re.compile(
    r"(, and (?=[a-z]+ing )| and (?=[a-z]+ing (?!(?:to|of|for|in|on|with|from|by)\b))|, (?!and ))"
)


def names_activity(words: Sequence[str]) -> bool:
    """Does a text begin with a noun of what is done ("Routing rules", "Training of models")?"""
    first = words[0].lower() if words[1:] else ""
    return first in _ACTIVITIES and words[1] not in (*DETERMINERS, "and", "or")


_ACTIVITIES = frozenset(
    "engineering hosting learning marketing messaging networking routing".split()
)


def imperative(text: str, *, surely: bool = False) -> str:
    """What is told in the third person as an order: "Examines the schema and maps each table"
    gives "Examine the schema and map each table"; "" where it does not begin with what is done;
    surely: it is one of several things that are done."""
    known = _ALL if surely else VERBS | ORDERS
    words = text.split(" ")
    first = words[0].strip("*_,:").lower()
    bare = first if first in known else _bare(first, known)
    if not bare or (bare in _STATES and not surely):
        return ""
    second = words[1].lower() if len(words) > 2 else ""
    if bare != first and second in VERBS - NOUNS - ORDERS:
        return ""  # "Hooks enforce rules": who does it, and what
    words[0] = words[0].replace(words[0].strip("*_,:"), bare.capitalize())
    if bare == first:
        return " ".join(words)
    series = {}  # place -> the verb that goes on with the first one
    for n in range(1, len(words)):
        word = words[n].strip("*_,:").lower()
        joined = words[n - 1].lower() in ("and", "then", "or") or words[n - 1].endswith(",")
        if joined and (other := _bare(word, _ALL)):  # "Tracks and runs" are two of one
            after = words[n + 1] if n + 1 < len(words) else ":" * words[n].endswith(":")
            sure = n == 2 or after in DETERMINERS or after in _OPENS_CLAUSE
            if sure or other in known:
                series[n] = (word, other, sure)
    certain = any(sure or other not in NOUNS | ORDERS for _, other, sure in series.values())
    for n, (word, other, _) in series.items() if certain else ():
        words[n] = words[n].replace(word, other)
    return " ".join(words)


_OPENS_CLAUSE = frozenset("the : if whether that how what which why".split())


def _bare(verb: str, verbs: frozenset[str]) -> str:
    """The verb of its third person, where that is known: "maps" gives "map"; else ""."""
    forms = (verb.removesuffix("s"), verb.removesuffix("es"), f"{verb[:-3]}y")
    known = (form for form in forms if form in verbs and form != verb)
    return next(known, "") if verb.endswith("s") else ""


_STATES = frozenset(
    "provide ensure enable deliver integrate protect help keep maintain meet handle manage cover"
    " demonstrate reduce improve minimize maximize enforce".split()
)
"""What something is good for, rather than what is done."""


def is_verb(word: str) -> bool:
    """Is a word, in lower case, what a command may do?"""
    return word in _ALL or _VERBAL.fullmatch(word) is not None


def is_compound(word: str) -> bool:
    """Is it a verb with a word before it that says how ("auto-format", "bulk-import")?"""
    before, mark, verb = word.lower().partition("-")
    return mark != "" and before in _HOW_DONE and is_verb(verb)


_HOW_DONE = frozenset("auto batch bulk cross fact load mass pre re smoke spell stress".split())


def is_adverb(word: str) -> bool:
    """Is it how something is done ("Systematically")?"""
    return word.endswith("ly") and word.lower() not in _NO_ADVERB and not is_verb(word.lower())


_NO_ADVERB = frozenset(
    "anomaly assembly comply daily early family friendly imply likely monthly multiply only rely"
    " weekly".split()
)


def is_third(word: str) -> bool:
    """Is it a verb in the third person?"""
    low = re.sub(r"^[a-z]+-", "", word.lower().rstrip(","))
    forms = (low.removesuffix("s"), low.removesuffix("es"), f"{low[:-3]}y")
    return low.endswith("s") and low not in _NEVER and any(map(is_verb, forms))


def is_sure(words: Sequence[str]) -> bool:
    """Does a text begin with a verb that has an object, though the word may be a noun ("Read a
    file", "View truth scores", "Reclaim disk space")?"""
    low = words[0].lower() if words[1:] else ""
    if not is_verb(low):
        return bool(_LIKE_A_VERB.fullmatch(low)) and words[1] in DETERMINERS
    if words[1] in DETERMINERS or low in FURTHER or _VERBAL.fullmatch(low):
        return True
    if joins(words):
        return True
    object_ = thing(words[1:])
    if is_verb(words[1].lower()) or words[1].endswith("ing"):
        return False  # "Load test APIs", "Query tuning sessions"
    return low in ORDERS | EITHER and len(object_) > 1 and _MANY.search(object_[-1]) is not None


def joins(words: Sequence[str]) -> bool:
    """Does a text begin with a verb, its preposition, and another verb ("Search for and analyze
    wrecks")?"""
    follows = words[2:3] == ["and"] and words[1] in _ENDS and words[4:] != []
    return follows and is_verb(words[0].lower()) and is_verb(words[3].lower())


def names_thing(words: Sequence[str]) -> bool:
    """Does a text begin with a noun phrase, though its first word may be a verb ("Test generation
    with x", "Load and performance testing")?"""
    low = words[0].lower().rstrip(",") if words[1:] else ""
    if low not in BOTH:
        return False
    if words[1] in ("and", "or", "&") or words[0].endswith(","):
        rest = [one for one in words[1:] if one not in ("and", "or", "&")]
        first = rest[0].lower().rstrip(",") if rest else ""
        return names_thing(rest if is_verb(first) else [low, *rest])
    named = thing(words[1:])
    if len(named) == 1 and _ACTOR.fullmatch(named[0].lower()):
        return True  # "Test agent that runs for hours"
    return 0 < len(named) < 3 and _ACTIVITY.fullmatch(named[-1].lower()) is not None


def is_activity(text: str) -> bool:
    """Does a text end with what is done, or with several things: what one may need help with?"""
    last = re.sub(r"\W+$", "", text.lower().rpartition(" ")[2])
    return _ACTIVITY.fullmatch(last) is not None or _MASS.search(last) is not None


_MASS = re.compile(
    r"[^su]s$|(?:tion|ing|ment|sis|ance|ence|ity|cy|gy|ics|sign|ture|ware|work|dev)$"
)


def thing(words: Sequence[str]) -> list[str]:
    """The words up to where a preposition, a mark, or another verb ends what is spoken of."""
    found: list[str] = []
    for word in words:
        if word.lower() in _ENDS:
            break
        found.append(word.rstrip(",.:;"))
        if word[-1:] in ",.:;":
            break
    return found


DETERMINERS = frozenset("a an the its their all any each every this".split())
_ENDS = DETERMINERS | frozenset(
    "and or & with for of by using in on from into across to at via that which as between through"
    " without against \u2014 \u2013 -".split()
)
_MANY = re.compile(r"[^su]s$")
_ACTIVITY = re.compile(
    r"(?!(?:applica|collec|configura|documenta|func|informa|sec)tion)[a-z]+(?:ing|tion|sion|ment|ysis)"
    r"|retry|review|coverage|balance|strategy|maintenance"
)
_ACTOR = re.compile(
    r"agent|assistant|specialist|expert|engineer|manager|orchestrator|coordinator|analyst|helper"
)
_LIKE_A_VERB = re.compile(
    r"(?!(?:from|with|for|not|over|and|but|both|into|than|like|via|per|plus|across|through|within"
    r"|without|between|under|after|before|during|while|when|where|since|because|only|just|all|half"
    r"|what|how|why|upon|about|against|whether|unless|until|once|nor|yet|that|which)\b)[a-z]{3,}"
)
_VERBAL = re.compile(r"[a-z]{2,}(?:ize|yze|ify)")
_NEVER = frozenset("does ous analysis access process this its is has was".split())


def may_be_noun(word: str) -> bool:
    return word in BOTH


def conjugated(verb: str) -> str:
    """A verb in the third person; a mark that follows it stays behind it."""
    bare = verb.rstrip(",.:;")
    if bare != verb:
        return conjugated(bare) + verb[len(bare) :]
    if verb.endswith(("s", "sh", "ch", "x")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"


VERBS = frozenset(
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
    " deprecate distribute help".split()
)
ORDERS = frozenset(
    "answer block book cancel change check close comment commit copy count cut download drop"
    " dump file fill flag follow freeze give group hide hook index invite"
    " join kill label limit list load"
    " lock log look mail map mark mask moor move name note open order pack page pair patch pick pin"
    " ping place play plot poll post price print probe process prune pull push put query quote rank"
    " read record release reply report reset restart resume retry return route sample save score"
    " search select set share ship show shut sign sketch skip sort stage start stop store submit"
    " swap switch tag take tell time toggle touch trim undo view vote wait warn watch".split()
)
"""Verbs that are nouns as often: at the beginning of what a command does they are verbs."""
NOUNS = frozenset(
    "archive audit benchmark bootstrap build check design draft estimate export filter fix forecast"
    " format guide import launch lint measure monitor plan process profile prototype release render"
    " repair report restore review run scan schedule score solve split support test track train"
    " update upgrade wrap".split()
)
"""Verbs that may as well be nouns."""
FURTHER = frozenset(
    "accept achieve acquire activate adopt advise align allocate allow annotate anticipate approve"
    " arrange articulate assemble assign assist attach brainstorm break bring calibrate catalog"
    " categorize cite codify collaborate compute condense consolidate construct consume"
    " containerize continue contribute correlate curate customize deactivate decode decompile"
    " decompose decouple decrypt deepen delegate demystify derive determine develop differentiate"
    " disable dispatch dissect eliminate embed emit empower emulate engineer enumerate evolve"
    " expand expose facilitate finalize flesh fuse grow inform inject innovate inspire instruct"
    " intercept interpret intervene invoke isolate iterate justify learn leverage listen localize"
    " locate"
    " maximise minimise mitigate modernise modify mutate negotiate notify observe obtain onboard"
    " operate outline overcome oversee paraphrase persist personalize pinpoint populate preserve"
    " promote prove pursue quantify reclaim reconcile reconstruct recreate redact redesign redirect"
    " refine regenerate reinstall reject remember remind reproduce require reshape resize respond"
    " restate reuse reveal"
    " reverse revert rework roll serve spawn specify stitch strengthen supervise synthesise"
    " synthesize tackle tailor teach transcribe triage uncover unlock utilize vet weigh".split()
)
"""Verbs of descriptions, beyond those that begin an item of a list for certain."""

EITHER = frozenset(
    "address author balance boost cache challenge chart clone craft diagram display digest document"
    " exercise focus fork foster grade graph harvest highlight instrument interview light link mend"
    " mentor mock model moderate paint position power practice preview purge request rescue"
    " research round scale script secure segment sense separate snapshot spot stream stress"
    " structure study supply surface survey trigger voice walk zoom".split()
)
"""Such ones that are nouns or adjectives as often."""

_PRAISE = frozenset(
    "go you we it ask mention use always never easy easiest quick fast great best powerful smart"
    " simple avoid don do not no high low full rich two three one first start keep key"
    " real good better optimal".split()
)

BOTH = NOUNS | ORDERS | EITHER
_ALL = VERBS | ORDERS | FURTHER | EITHER
