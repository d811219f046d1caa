"""A description that begins with a noun, told as what is done: "Automated mooring of ships" gives
"Automates mooring of ships"."""

from __future__ import annotations

import re

from nightpress.backends.offline import verbs, wording
from nightpress.backends.offline.articles import an
from nightpress.backends.offline.person import begins, ordered, third_person
from nightpress.backends.offline.verbs import bare_verb, conjugated, is_third, is_verb
from nightpress.lazy import pattern


def untitled(text: str, name: str) -> str:
    """A description without the plugin's own name before it ("Tide Tables - tables of a day")."""
    before, mark, after = text.replace(" -- ", " - ", 1).partition(" - ")
    same = mark and not wording.stems(before) - wording.stems(re.sub(r"[-_]", " ", name))
    return after[:1].upper() + after[1:] if same and len(after) > 20 else text


def begun(text: str, seen: str = "") -> str:
    """The sentences of a text, the first of which begins with a verb in the third person; "" stays
    "". seen: texts that know which words are names."""
    is_order = bool(text.strip()) and verbs.is_sure(text.split())
    text = third_person(text).strip()
    if not text or is_order or begins(text) or not re.match(r"[\x20-\x7e]", text):
        return text
    sentence, *rest = wording.sentences(text)
    told = _imperative(sentence) or done_by(sentence, seen) or _named(sentence.strip(), seen)
    return " ".join([told, *rest])


def _imperative(text: str) -> str:
    """An order whose verb may as well be a noun ("Cache tides"), where what follows is what it is
    done to; "" where both are the name of a thing ("Cache layer", "Release notes")."""
    words = text.split()
    if not verbs.is_verb(words[0].lower()) or verbs.names_thing(words) or words[1:2] == []:
        return ""
    thing = verbs.thing(words[1:])
    if not thing or _COMPOUND.match(text) or _NO_OBJECT.search(thing[-1].lower()):
        return ""
    return ordered(text)


def done_by(text: str, seen: str = "") -> str:
    """What somebody or something does, by a text that begins with its name: "A pilot that moors
    ships" gives "Moors ships"; "" where it does not say."""
    found = _THAT.match(text) or _DOING.match(text)
    if found:
        verb = found[1] if begins(found[1]) else conjugated(bare_verb(found[1]))
        if begins(verb) and not _HAS.fullmatch(verb):
            return third_person(_capital(f"{verb}{text[found.end() :]}"))
    if found := _ROLE_FOR.match(text):
        return _role(lowered(found[1] or "", seen), text[found.end() :])
    if (told := verbs.each(text, conjugated)) != text:
        return _capital(told)
    if (bare := bidden(text)) != text:
        return ordered(bare)
    if found := _AUTOMATED.match(text):
        return f"Automates {text[found.end() :]}"
    return ""


def bidden(text: str) -> str:
    """What is told as being done, as an order: "Mooring ships, and tarring hulls" gives "Moor
    ships, and tar hulls"; as it is where that is not sure."""
    bare = verbs.each(text)
    if bare == text:
        one = _of_gerund(text)
        sure = one and ("," in one.split()[0] or _MANY_OR_ONE.match(one.partition(" ")[2]))
        bare = one if sure else text
    return text if bare == text else _capital(bare)


def is_role(text: str) -> bool:
    """Does a text begin with what somebody is ("Debugging specialist for errors")?"""
    return _IS_ROLE.match(text) is not None


def _of_gerund(text: str) -> str:
    """ "Creating and mending nets" as what is ordered: "create and mend nets"; "" for others."""
    words = text.split()
    if verbs.names_activity(words):
        return ""
    for n, word in enumerate(words):
        bare = bare_verb(word.rstrip(","))
        if bare == word.rstrip(","):
            is_list = n and words[n - 1].endswith(",")  # "Profiling, memory leaks": of things
            return " ".join(words) if n and not is_list else ""
        words[n] = bare + word[len(word.rstrip(",")) :]
        if word.endswith(","):
            if words[n + 1 : n + 2] in (["and"], ["or"]) and words[n + 2 :]:
                words[n + 2] = bare_verb(words[n + 2])
                return " ".join(words)
            continue
        if words[n + 1 : n + 2] not in (["and"], ["or"]) or not words[n + 3 :]:
            return " ".join(words) if words[n + 1 :] else ""
        rest = _of_gerund(" ".join(words[n + 2 :]))
        return " ".join([*words[: n + 2], rest]) if rest else ""
    return ""


def _role(who: str, what: str) -> str:
    """ "Ship mooring specialist for gales and ice": "Ship mooring: gales and ice"."""
    who = _GRAND.sub("", who)
    if ordered := _of_gerund(what):
        return third_person(_capital(ordered))
    if (bare := bare_verb(who.strip())) != who.strip() and is_verb(bare):
        return third_person(_capital(f"{bare} {what}"))
    new = wording.stems(who) - wording.stems(what)
    return _capital(f"{who.strip()}: {what}" if len(new) > 1 else what)


def _named(text: str, seen: str) -> str:
    """What begins with a noun after all: "Tide tables of a year" gives "Provides tide tables of a
    year"; "Tide calculation and mooring" stays."""
    text = _GRAND.sub("", re.sub(r"^(?:in|for|of|on) ", "", text, flags=re.I))
    phrase = re.split(_ENDS, text, maxsplit=1)[0].rstrip(" ,.")
    head = re.sub(r"\W+$", "", phrase.split()[-1].lower()) if phrase else ""
    within = lowered(text, seen)
    several = re.match(r",|\s*and |\s*&", text[len(phrase) :]) is not None
    if _THINGS.fullmatch(head) and _MANY.search(head):
        return f"Provides {within}"
    if (found := _PERSON.search(text)) and " " in text[: found.start()]:
        return f"Covers {lowered(text[: found.start()] + text[found.end() :], seen)}"
    if wording.is_cast(text) or (_THINGS.fullmatch(head) and not several):
        return f"Provides {an(within)}"
    return _capital(text)


_PERSON = pattern(r" (?:specialist|expert)s?(?=\.?$| (?:using|with) )", re.I)


def lowered(text: str, seen: str) -> str:
    """A text as it stands within a sentence: its first word keeps a capital where the plugin's
    texts give it one within theirs."""
    first = re.split(r"[\s,.:;/]", text, maxsplit=1)[0]
    if not re.fullmatch(r"[A-Z][a-z]+(?:-[A-Z]?[a-z]+)*", first):
        return text
    title = re.match(rf"{first} [A-Z][a-z]+( [A-Z][a-z]+)?", text)
    if (
        title
        and not first.endswith(("ed", "General"))
        and (title[1] or re.search(rf"[a-z,(] {title[0]}", seen))
    ):
        return text  # "Core Web Vitals", "Git Flow"
    head = first.partition("-")[0]
    low = len(re.findall(rf"[a-z,] {head.lower()}(?![\w-])", seen))
    name = len(re.findall(rf"[a-z,(] {head}(?![\w-])(?! [A-Z])", seen))
    is_name = name > low or _LANGUAGE.fullmatch(first) is not None
    is_plain = is_third(first) or _THINGS.fullmatch(first.lower()) is not None
    return text if is_name and not is_plain else first.lower() + text[len(first) :]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_WHO = (
    r"(?:specialist|expert|engineer|architect|analyst|developer|consultant|professional|reviewer"
    r"|strategist|researcher|planner|maintainer|(?:sub)?agent|assistant|coordinator|advisor|auditor"
    r"|analyzer|orchestrator)"
)
_THAT = pattern(
    r"(?:[\w/+.&#()'-]+ ){1,9}?(?:(?:that|which|who) (?:\w+ly )?|- |\u2014 )(\w+)(?=,? )"
)
_HAS = pattern(r"(?:is|has|was|does|uses|includes|covers|provides) ?")
_ROLE_FOR = pattern(
    rf"(?:an? |the )?((?:[\w/+.&#()-]+ ){{0,6}}?)(?i:{_WHO})s? (?:for|in|of|focused on"
    r"|speciali[sz]ing in|with expertise in) "
)
_LANGUAGE = pattern(
    r"Python|Java|Kotlin|Swift|Go|Rust|Ruby|Elixir|Scala|Haskell|Julia|Perl|Bash|Docker|Kubernetes"
    r"|Linux|Windows|Android|Google|Amazon|Microsoft|Apple"
)
_AUTOMATED = pattern(
    r"Automated (?=(?:[\w/-]+ ){0,3}?(?:testing|monitoring|analysis|detection|validation|generation"
    r"|[a-z]+ing)\b)",
)
_GRAND = pattern(
    r"^(?:(?:complete|full|simple|native|portable|modern|basic|advanced|base|comprehensive|specialized|expert"
    r"|elite|master|abstract) )+",
    re.I,
)
_ENDS = (
    r"[,:;(]|\.(?:\s|$)| (?:for|with|of|to|in|on|by|from|across|that|which|using|including|covering"
    r"|via|over|when|inside|demonstrating|identifying|coordinating|as|per|through|-|\u2013|\u2014|\+|&|and)\b"
    r"|(?<= )[-\u2013\u2014](?= )"
)
_TOOLS = (
    r"(?:agent|aggregator|analyzer|app|assistant|auditor|base|bot|bridge|builder|calculator|catalog"
    r"|center|checker|collection|command|connector|dashboard|engine|expert|explorer|formatter"
    r"|framework|gate|generator|guide|hook|hud|integration|kit|layer|ledger|librar(?:y|ie)|linter"
    r"|loop|manager|mode|monitor|operator|optimizer|pack|pattern|pipeline|platform|plugin|primitive"
    r"|protocol|reader|scanner|script|server|skill|specialist|subagent|suite|system|template|tool"
    r"|toolkit|tracker|utilit(?:y|ie)|validator|workflow|writer|workspace|example|demo|check|set"
    r"|notification|calculation)"
)
_THINGS = pattern(rf"{_TOOLS}s?")
_MANY = pattern(r"[^su]s$")
_NO_OBJECT = pattern(rf"^(?:{_TOOLS}|tests|[a-z]+(?:ity|ness|ance|ship|ability))$")
_COMPOUND = pattern(
    r"(?:release (?:notes|trains)|pull requests|load tests|unit tests|test (?:suites|cases|plans)"
    r"|log files|query plans|build (?:scripts|times)|search results|design systems?|time series)\b",
    re.I,
)
_DOING = pattern(rf"(?:[\w/+.&#()-]+ ){{0,6}}?(?:{_WHO}|{_TOOLS})s? (\w+ing)(?= )", re.I)
_IS_ROLE = pattern(
    rf"(?:[\w/+.&#()-]+ ){{0,6}}?{_WHO}s?(?: (?:for|in|of|focused|with|who|that)\b|[.,]|$)", re.I
)
_MANY_OR_ONE = pattern(
    r"(?:a|an|the|its|their|all|any|each|every|and|or)\b"
    r"|(?:[\w/-]+ ){0,3}?[\w/-]*[^su\W]s\b(?![\w-])",
    re.I,
)
