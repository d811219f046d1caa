"""Text that talks to the model, or to somebody ("When invoked, you should:", "Your Task"), said of
what the plugin does. Pure; code is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from nightpress.backends.offline.blocks import Block, Section, is_ordered, is_step, items_of
from nightpress.backends.offline.verbs import bare_verb, conjugated, imperative, is_deed
from nightpress.backends.offline.wording import sentences
from nightpress.lazy import pattern


def neutral(text: str) -> str:
    """The sentences of a text, none of which tells anybody that now is the time: "When invoked, you
    should read the table." gives "Read the table."; "" where it only announced that. What somebody
    says in quotes stays as it is."""
    kept, is_quoted = list[str](), False
    for sentence in sentences(text):
        kept.append(sentence if is_quoted else _neutral(sentence))
        is_quoted ^= sentence.count('"') % 2 == 1
    return "".join(kept).strip()


def _neutral(sentence: str) -> str:
    marks = sentence[: len(sentence) - len(sentence.lstrip("*_ "))]
    plain = said = sentence[len(marks) :]
    said = _USE_THIS.sub(r"\1 it\2", _BEFORE.sub(r"\1efore you start", said))
    said = _HAS.sub("it has", _ACTIVATE.sub("Use it", said))
    if (found := _IT_DOES.match(said)) and _REASONS.search(said):
        said = f"It {said[found.end() :]}"  # why it is so made is no order
    elif found and (order := imperative(said[found.end() :])):
        said = order
    if found := _INVOKED.match(said):
        said = said[found.end() :]
    if found := _TOLD_TO.match(said):
        said = said[found.end() :]
    said = _YOU_DO.sub(_ordered_when, said)
    if (found := _I_WILL.match(said)) and is_deed(said[found.end() :].partition(" ")[0]):
        said = said[found.end() :]
    if found := _HELPS.match(said):
        said = _THEIR.sub("the user's", said[found.end() :])
        said = re.sub(r"^understand\b", "explain", said)  # who is helped understands
    elif (found := _HELP.match(said)) and is_deed(found[1]):
        said = said[found.start(1) :]
    if said.rstrip("*_ ").endswith(":"):
        said = led(said)
    if said == plain:
        return sentence
    if not re.search(r"\w", said):
        return ""
    return f"{marks}{said[:1].upper()}{said[1:]}"


def _ordered_when(found: re.Match[str]) -> str:
    """ "When ships are late, you will warn" without whom it is said to."""
    before, verb = found.groups()
    if verb is None:
        return f"{before}"
    last = verb.split()[-1]
    return f"{before}, {verb}" if is_deed(last) and last not in _SEEN else found[0]


_YOU_DO = pattern(
    r"^((?:when|if|for|after|before|during|while|once)\b[^.:,]*(?:, [^.:,]*)*?), you"
    r"(?: (?:will|should|must|are to))?(?:(?= ?:)| ((?:never |always )?[a-z]+)\b)",
    re.I,
)
_SEEN = frozenset("see receive get find have notice need want can may could do know".split())
_I_WILL = pattern(r"I(?:['\u2019]ll| will) (?=[a-z])")


def led(lead: str) -> str:
    """What announces a list, said of the agent: "You excel at:" gives "Excels at:", "Your duties
    include:" "Duties include:"; a list whose lead is left out hangs in the air."""
    if found := _YOUR_LEAD.match(lead):
        what = found[1] if found[2] is None else f"{found[1]} {found[2]}"
        return f"{what[:1].upper()}{what[1:]}{found[3]}"
    return ordered(lead) or said_of_it(lead) or lead


def ordered(sentence: str) -> str:
    """ "You must never push." as an order: "Never push."; "" where it is none."""
    if used := _TO_BE_USED.match(sentence):
        return f"Use it {used[1]}{sentence[used.end() :]}"
    found = _ORDERED_TO.match(sentence)
    if not found or (
        found[2].lower() == "be" and found[1] is None and not _PASSIVE.match(found[3])
    ):
        return ""
    order = (
        found[3].lstrip()
        if found[2].lower() == "be" and found[1] is None
        else f"{found[2]}{found[3]}"
    )
    order = f"{found[1] or ''}{order}"
    return f"{order[:1].upper()}{order[1:]}"


def said_of_it(lead: str) -> str:
    """ "You can answer questions like:" as said of the agent; "" where it is not said of "you"."""
    found = _SAID_OF.match(lead)
    if not found:
        return ""
    adverb, verb, rest = found[1] or "", found[2].lower(), found[3]
    if verb in _MODALS or (_MAY.match(lead) and not is_deed(verb)):
        return ""  # "You can:"
    if verb in ("never", "always"):  # "You never:"
        return f"{verb.capitalize()}{rest}"
    if verb == "are" and (cast := _CAST.match(rest)):
        first, _, rest = rest[cast.end() :].partition(" ")
        order = imperative(f"{first} {rest}") if cast[1] else f"{bare_verb(first)} {rest}"
        said = order or f"{first} {rest}"
    elif verb == "are":
        said = re.sub(r"^ (?:an? |the )?", "", rest)
    elif is_deed(verb) and adverb == "":
        said = f"{verb}{rest}"  # "You can answer questions like:"
    else:
        said = f"{'has' if verb == 'have' else conjugated(verb)}{rest}"
    said = f"{adverb}{said}"
    return f"{said[:1].upper()}{said[1:]}"


_MAY = pattern(r"you (?:can|could|may)\b", re.I)
_MODALS = ("can", "could", "may", "might", "would")
_CAST = pattern(
    r" (?:an? |the )?(?:[\w/+.#-]+ ){0,7}?(?:specialist|expert|engineer|architect|analyst|developer"
    r"|consultant|strategist|reviewer|assistant|manager|agent)"
    r" (?:(who|that) (?=[a-z]+s\b)|for (?=[a-z]+ing\b))",
    re.I,
)
_BEFORE = pattern(
    r"^(b)efore (?:you )?(?:run(?:ning)?|us(?:e|ing)|execut(?:e|ing)|invok(?:e|ing)|activating)"
    r" (?:this|the) (?:slash )?(?:command|agent|skill|plugin|tool|workflow)\b",
    re.I,
)
_USE_THIS = pattern(
    r"^((?:do not|don['\u2019]t|never) use) this (?:command|agent|skill|plugin|tool)"
    r"( (?:for|when|if|to))\b",
    re.I,
)
_ACTIVATE = pattern(
    r"^(?:(?:activate|use|invoke|trigger|call) this (?:agent|command|skill|plugin|tool)|activate)"
    r"(?= (?:when|if|for|to)\b)",
    re.I,
)
_HAS = pattern(r"(?<=:\*\* )You now have\b|(?<=\*\*: )You now have\b")
_IT_DOES = pattern(
    r"(?:this (?:[\w-]+ )?|the |(?=command [a-z]+s ))(?:command|agent|workflow|generator)(?: will)?"
    r" (?:automatically )?(?=[a-z]+\b)",
    re.I,
)
_YOUR_LEAD = pattern(
    r"your ([\w -]+?)(?: (include|includes|cover|covers)| (?:is|are)(?: to)?)?((?:\**:\**)\s*)$",
    re.I,
)
_ORDERED_TO = pattern(
    r"you (?:should|will|must|need to|are to|shall|have to)(?: also| then)?"
    r" ((?:always|never|not|only) )?([a-z]+)\b(?! be\b)(.*)",
    re.I | re.S,
)
_TO_BE_USED = pattern(
    r"you (?:should|will|must|are to|shall|can|may|are) (?:be )?"
    r"(?:invoked|activated|used|called|triggered|launched) (when(?:ever)?|if|for|to)\b",
    re.I,
)
_PASSIVE = pattern(r" \w+(?:ed|en|t)\b")
_SAID_OF = pattern(
    r"you (?:can |could |may |are able to )?((?:also|always|never|only|primarily|proactively) )?"
    r"([a-z]+)\b(.*)",
    re.I | re.S,
)
_INVOKED = pattern(
    r"when(?:ever)? (?:invoked|called|run) (?=(?:with|without|on|for)\b[^,.]*, )|"
    r"when(?:ever)? (?:(?:this|the) (?:command|agent|skill|plugin|tool) is |you(?:'re| are) )?"
    r"(?:invoked|called|run|activated|triggered|executed)(?: by (?:a|the) user)?,\s*",
    re.I,
)
_TOLD_TO = pattern(
    r"you (?:should|will|must|need to|are to|shall)(?: then)?(?=:|$| (?!see|receive|get"
    r"|find|have|notice|be\b|not\b)[a-z])[: ]*",
    re.I,
)
_HELPS = pattern(
    r"(?:i(?:'ll| will) )?help (?:(?:the )?users?|you) (?:to )?"
    r"(?!(?:with|achieve|get|improve|increase|maximi[sz]e|save|succeed)\b)(?=[a-z])",
    re.I,
)


_HELP = pattern(r"help (?:to )?([a-z]+)", re.I)
_THEIR = pattern(r"\btheir\b")


def paired(found: list[Section]) -> list[Section]:
    """The sections, of which what to do and what not to do, side by side, are one: neither is left
    out without the other."""
    pairs: list[Section] = []
    for one in found:
        before = pairs[-1] if pairs else None
        beside = before is not None and before.path[:-1] == one.path[:-1] != ()
        if before is None or not beside or not _DONT.fullmatch(one.heading):
            pairs.append(one)
        elif _DO.fullmatch(before.heading):
            pairs[-1] = replace(
                before,
                path=before.path[:-1],
                heading=before.path[-2],
                blocks=[
                    Block("text", "Do:"),
                    *before.blocks,
                    *_denied(one.blocks),
                ],
            )
        else:
            pairs.append(one)
    return pairs


def _denied(blocks: Sequence[Block]) -> list[Block]:
    """What is not to be done: the items say "not", or what announces them does, and not both."""
    items = [one for b in blocks if b.kind == "list" for one in items_of(b.text)]
    if items and all(map(_NOT.match, items)):
        return [Block("text", "Pitfalls:"), *blocks]
    lists = (
        replace(b, text=_NOT.sub(_undenied, b.text)) if b.kind == "list" else b for b in blocks
    )
    return [Block("text", "Do not:"), *lists]


def _undenied(item: re.Match[str]) -> str:
    return f"{item[1]}{item[2].upper()}"


_NOT = pattern(
    r"(?m)^(\s*(?:[-*+]|\d+[.)]) \**)(?:Don['\u2019]?t|Do not|DON['\u2019]?T|Never) (\w)"
)
_DO = pattern(r"\W*do'?s?\W*", re.I)
_DONT = pattern(r"\W*(?:don['\u2019]?t'?s?|do not)\W*", re.I)


def of_it(section: Section, *, for_people: bool = False) -> Section:
    """The section, said to nobody; for_people: who it speaks to is the user, and not the agent."""
    blocks: list[Block] = []
    told = False  # does the text above tell what the command does ("It then:")?
    for block in section.blocks:
        text = _TO_USER.sub(_of_user, block.text) if for_people else block.text
        text = neutral(text) if block.kind == "text" else text
        if told and block.kind == "list":
            text = "\n".join(map(_ordered_item, items_of(text)))
        told = block.kind == "text" and _IT_DOES.match(block.text) is not None
        told = told and not _REASONS.search(block.text)
        if block.kind == "text" and is_step(section.heading):
            ordered_so = _STEP_DOES.sub(_step_ordered, text)
            told = told or (ordered_so != text and block.announces)
            text = ordered_so
        if block.kind == "list":
            text = _LABELLED.sub(_labelled, _ITEM_FOR.sub(r"\1", text))
        text = _ANSWERS.sub("Answer", text)
        text = text if for_people else _SAYS.sub("Answer", text)
        if text:
            blocks.append(block if text == block.text else replace(block, text=text))
    path = [_titled(name) for name in section.path]
    if path and _STEPS.fullmatch(section.heading) and any(map(is_ordered, blocks)):
        path[-1] = "Steps"
    elif path and _NOW.fullmatch(section.heading) and any(_COMES_IN.search(b.text) for b in blocks):
        path[-1] = "When to use"
    asked = _lines(blocks) if path and path[-1] == "Usage" else []
    if asked and all(map(_ASKS.fullmatch, asked)):
        path[-1] = "Example requests"
    heading = path[-1] if path else _titled(section.heading)
    return replace(section, heading=heading, path=tuple(path), blocks=blocks)


def _of_user(found: re.Match[str]) -> str:
    return f"{found[1]}The user {'need not' if found[2].lower() == 'never' else 'always'}"


_TO_USER = pattern(r"\A(\W*)you (never|always)\b", re.I)


def _lines(blocks: Sequence[Block]) -> list[str]:
    said = [block for block in blocks if not block.announces]
    lists = all(block.kind in ("list", "code") for block in said)
    lines = [line for block in said for line in block.text.split("\n") if line.strip("`~ ")]
    return [line for line in lines if line.strip("`~") != "text"] if lists else [""]


_ASKS = pattern(r"\s*(?:[-*+] )?[\"\u201c][^\"\u201d]+[\"\u201d]")


def _labelled(found: re.Match[str]) -> str:
    """What an item says after its label that "you" do, as an order."""
    label, verb = found.groups()
    return f"{label}{verb.capitalize()}" if is_deed(verb) and verb not in _SEEN else found[0]


_ITEM_FOR = pattern(  # "3. For each leak, you will:"
    r"(?m)^([ \t]*(?:[-*+]|\d+[.)])[ \t]+(?:for|when|if)\b[^.:,\n]*),"
    r" you (?:will|should|must)(?=:)",
    re.I,
)
_LABELLED = pattern(
    r"(?m)^([ \t]*(?:[-*+]|\d+[.)])[ \t]+\*\*[^*\n]+(?::\*\*|\*\*:)[ \t]+)you"
    r"(?: (?:will|should|must))?(?: \w+ly)? ([a-z]+)\b",
    re.I,
)


def _step_ordered(found: re.Match[str]) -> str:
    """What a step says that somebody does ("Creates routes"), as an order."""
    before, verb, following = found.groups()
    order = imperative(f"{verb[:1].upper()}{verb[1:]} it", surely=True).removesuffix(" it")
    if not order or not imperative(f"{verb} {following} it", surely=True):  # "Hooks enforce rules"
        return found[0]
    return f"{before}{order.lower()}" if before else order


_STEP_DOES = pattern(
    r"\A((?:Based on|From|Using|With) [^,.\n]{3,40}, )?([A-Za-z][a-z]+s)(?= ([a-z]+))"
)


def _ordered_item(item: str) -> str:
    """An item that tells what is done ("- Maps all services"), as an order."""
    found = _BULLET.match(item)
    marker = found.group() if found else ""
    return f"{marker}{imperative(item[len(marker) :], surely=True) or item[len(marker) :]}"


def _titled(heading: str) -> str:
    """The heading, not said to anybody: "Your duties" are "Duties"."""
    if _NOW.fullmatch(heading):
        return "Task"
    if _DOES.fullmatch(heading):
        return "What to do"
    plain = _YOURS.sub("", heading)
    return plain[:1].upper() + plain[1:] if plain != heading else heading


_WHEN_INVOKED = r"when (?:invoked|called|run|activated|triggered|executed)"
_NOW = pattern(_WHEN_INVOKED, re.I)
_STEPS = pattern(rf"{_WHEN_INVOKED}|usage pattern", re.I)
_REASONS = pattern(r"\b(?:because|since|why)\W*$", re.I)
_COMES_IN = pattern(
    r"\A\W*(?:it |use it )?(?:activates?|(?:is )?(?:activated|invoked|triggered|used|called)|when)"
    r" (?:when|if|for)\b[^.\n]*:\W*\Z|\AUse it when\b[^.\n]*:\W*\Z",
    re.I,
)
_DOES = pattern(r"what (?:you|i|we)(?:'ll)? (?:do|will do|should do)", re.I)
_ANSWERS = pattern(r"(?<![^*])You(?=:\**\Z)")
_SAYS = pattern(r"\AYou(?=: [\"\u201c])")
_YOURS = pattern(r"^your\s+", re.I)

SUMS_UP = pattern(
    r"(?:what it does|overview|purpose|summary|description|mission|introduction|about|task)", re.I
)
"""Headings of what says in short what the rest says."""


def impersonal(section: Section) -> Section:
    """An agent's section without what tells the agent who it is and what it shall be: sentences
    and items about "you". What it does, and its rules ("Never do it yourself"), stay, as orders:
    "You must ask first." gives "Ask first."."""
    blocks: list[Block] = []
    for block in section.blocks:
        text = block.text
        if block.kind == "text":
            text = "".join(filter(None, map(_unaddressed, sentences(text)))).strip()
        elif block.kind == "list" and _YOU.search(text):
            steps = _ORDERED.match(text) is not None  # none of them goes
            items = (_item_unaddressed(item) or (item if steps else "") for item in items_of(text))
            text = "\n".join(filter(None, items))
        if text:
            blocks.append(replace(block, text=text))
        elif blocks and blocks[-1].announces:
            blocks.pop()
    return replace(section, blocks=blocks)


def _unaddressed(sentence: str) -> str:
    """The sentence, said to nobody; "" for one that says who the agent is."""
    marks = sentence[: len(sentence) - len(sentence.lstrip("*_ "))]
    if not _YOU.search(sentence):
        return sentence
    plain = sentence[len(marks) :]
    if found := _YOUR_TASK.match(plain):
        plain = plain[found.end() :]
        return f"{marks}{plain[:1].upper()}{plain[1:]}"
    said = _YOUR_RULE.sub("The ", plain) if _YOUR_RULE.match(plain) else ordered(plain)
    return f"{marks}{said}" if said else ""


_YOUR_TASK = pattern(
    r"your (?:[a-z]+ ){0,2}(?:mission|goal|task|job|role|purpose|objective|responsibility) is to"
    r" (?=[a-z])",
    re.I,
)
_YOUR_RULE = pattern(
    r"your (?=(?:[\w-]+ ){1,4}(?:must|should|shall|needs? to|will|has to|have to)\b)", re.I
)


def _item_unaddressed(item: str) -> str:
    found = _BULLET.match(item)
    marker = found.group() if found else ""
    said = _unaddressed(item[len(marker) :])
    return f"{marker}{said}" if said else ""


_YOU = pattern(r"^[\W\d_]*(?:you|your|you're|you'll|as an?)\b", re.I | re.M)
_BULLET = pattern(r"\s*(?:[-*+]|\d+[.)])\s+")
_ORDERED = pattern(r"\s*\d+[.)]\s")
