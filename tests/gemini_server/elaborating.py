"""Prose around the plugin's own topics: how a model fills a page when its source is short.

Each sentence is a frame with a topic or a statement of the plugin in it; a frame is used again only
when all were used.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

FRAMES = tuple(
    line.strip()
    for line in """
    Before {t} comes up in a review, `{f}` is the place to look first.
    A short request about {t} is answered in one pass; a broad one is split by component.
    Where {t} and the notes of a team disagree, the repository as it stands today decides.
    Name the files that {t} may touch, and the answer will stay inside of them.
    The wording in `{f}` is kept on purpose, since people search for exactly that.
    Someone new to the project can learn {t} from one worked case instead of a long tour.
    Ask why {t} was suggested, and {n} points back at the line that made the difference.
    Nothing about {t} is guessed: a fact that is missing is listed as an open question.
    Results for {t} come as a list, so that each entry can be accepted or declined by itself.
    If time is short, begin with {t} and leave the finer points for a second round.
    {n} reads `{f}` as reference, never as an order to run something.
    Small teams tend to meet {t} on a Friday; a checklist made earlier saves that evening.
    The output for {t} fits into a pull request comment without further editing.
    Keep one owner for {t}, or two people will answer the same question differently.
    A good prompt for {t} says what is already known and what has been ruled out.
    Running it twice on unchanged input gives the same advice on {t}, which makes diffs useful.
    Large repositories are handled folder by folder; {t} is reported for each of them.
    When {t} looks finished, compare it with what `{f}` promises before closing the ticket.
    Numbers that belong to {t} are quoted together with their unit and their origin.
    An older habit around {t} may still be visible in scripts; mark it, then plan its removal.
    Security questions raised by {t} are told apart from matters of taste.
    The assistant states its confidence on {t} in plain words rather than as a score.
    People who disagree with a remark on {t} can ask for the opposite case to be argued.
    Every suggestion concerning {t} names a way to undo it.
    Logs that mention {t} help most when they are pasted with their timestamps.
    A missing permission shows up early, because {t} is checked before anything is written.
    With several environments, say which one is meant; {t} often differs between them.
    Tests around {t} deserve names that a stranger understands half a year later.
    Documentation for {t} lives beside the code, where the next change will find it.
    If {t} fails only sometimes, collect three occurrences before drawing a conclusion.
    Translate {t} into the vocabulary of the business when the reader is no engineer.
    Costs caused by {t} are estimated first, and measured once the change has been merged.
    A rollback of {t} should take minutes; anything slower wants a rehearsal.
    Dependencies pulled in by {t} are listed with version and licence.
    Two competing designs for {t} are easier to judge side by side in one table.
    What {t} leaves out is as important as what it covers, so the gaps are written down.
    The first example for {t} is deliberately boring; edge cases follow after it.
    Naming matters here: call {t} by one name in code, tickets and conversation.
    An empty result for {t} is an answer too, and it is reported as such.
    Interrupting the work on {t} loses nothing, for each step ends with a saved state.
    Metrics on {t} make sense only against a baseline taken before the first change.
    Beginners ask about {t} by symptom, experts by cause; both forms are understood.
    Schedules for {t} follow the release calendar, not the other way round.
    Configuration for {t} stays under version control together with the reason for each value.
    A conversation about {t} goes better with one concrete sample than with ten adjectives.
    Should {t} grow beyond one page, move the details into a reference and link it.
    Legacy systems limit {t}; state those limits at the top, not in a footnote.
    Automation of {t} starts once the manual procedure has worked three times in a row.
    Reviewers see for {t} what was checked, by which rule, and what the rule cannot see.
    Data used for {t} is anonymised as soon as it leaves the machine it was made on.
    Quick wins on {t} are marked, so that an hour between two meetings is enough for one.
    Let {t} be the last topic of a planning session, when scope and people are settled.
    Errors during {t} carry a hint; without one, treat the message itself as a defect.
    Feedback on {t} from support is gathered weekly and sorted by how often it occurs.
    A diagram of {t} helps whenever more than three parts talk to each other.
    Ownership of {t} changes hands with a short written note, never in passing.
    Priorities around {t} are explained with their consequence instead of a colour.
    Clients notice {t} by its latency first, so that figure leads the summary.
    Retire {t} with the same care that introduced it: announce, measure, remove.
    Between two releases {t} may drift; a monthly comparison catches it early.
    """.strip().splitlines()
)
KEPT = 26
"""Frames that one document draws from: an author has some turns of phrase, not all of them."""
TOLD = (
    "On this point the plugin is explicit: {p}",
    "Its own text puts it so: {p}",
    "One fact carries the rest here: {p}",
    "Remember what was said at the outset: {p}",
)


def paragraphs(
    plugin: str,
    topics: Sequence[str],
    points: Sequence[str],
    files: Sequence[str],
    rng: random.Random,
) -> Iterator[tuple[str, str]]:
    """(heading, paragraph) without end; each point is told once."""
    own = rng.sample(FRAMES, KEPT)
    frames: list[str] = []
    told = iter(points)
    for number in range(10_000):
        topic = topics[number % len(topics)]
        if len(frames) < 4:
            frames = rng.sample(own, len(own))
        said = [frames.pop() for _ in range(rng.choice((2, 3, 3, 4)))]
        if number % 3 == 1 and (point := next(told, "")):
            said.insert(1, TOLD[number % len(TOLD)].replace("{p}", point.rstrip(".:;") + "."))
        file = files[number % len(files)] if files else "README.md"
        slots = {"{t}": topic.lower(), "{n}": plugin, "{f}": file}
        text = " ".join(said)
        for slot, value in slots.items():
            text = text.replace(slot, value)
        yield topic, text[:1].upper() + text[1:]
