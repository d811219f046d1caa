"""What of its plugin a document is made from, and so depends on: all of it, or what one skill has.

A plugin's only skill, its README and its reference are documents of the plugin. Of several skills
each that has something of its own (files in its folder, or what a person wrote at its target) is
made from that, from what it names and what names it, and from the plugin's facts
(`plugin/topic`); prose about the plugin is none of its sources, so a line of it makes no skill
stale. A skill whose folder is empty, or a new one that goes by the plugin's name beside others,
has no other source than the plugin's prose, and depends on all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatch

from nightpress import fingerprint
from nightpress.model import Anatomy, Enhancement, Fingerprint
from nightpress.plan import content, history
from nightpress.plan.staleness import Inputs
from nightpress.plan.standing import Publication
from nightpress.plan.state import PluginState, TargetState
from nightpress.plugin import Topic, frontmatter, hollow, kind_of, skill_name, sources
from nightpress.plugin import topic as topics
from nightpress.project import Project

OWN = "own:"
"""How the telling of a document begins that is made from what its skill has."""


def of(
    project: Project,
    plugin: PluginState,
    enhancement: Enhancement,
    inputs: Inputs,
    anatomy: Anatomy,
) -> Anatomy:
    """What the document is made from; anatomy: of all of its content."""
    topic = topic_of(project, plugin, enhancement, inputs, anatomy)
    if topic is None:
        return anatomy
    return seen_by(project, plugin, enhancement, topic, anatomy)


def seen_by(
    project: Project,
    plugin: PluginState,
    enhancement: Enhancement,
    topic: Topic,
    anatomy: Anatomy,
) -> Anatomy:
    """What a skill's document is made from: of the other skills only those to which it leads are
    among its content, and whole."""
    declared = project.generator(enhancement.generator).settings.get("inputs", ())
    there = content.others(enhancement.target, plugin.files)

    def counts(path: str) -> bool:
        return content.is_foreign(path, there) or any(fnmatch(path, one) for one in declared)

    others = beside(plugin, enhancement, plugin.files)
    names = sorted({folder.rpartition("/")[2] for folder in others})
    return topics.view(anatomy, topic, names, counts)


def is_own(state: TargetState) -> bool:
    """Is a document that is to be made, made from what its skill has?"""
    return _is_own(state.inputs.fingerprint)


def was_own(known: Publication | None) -> bool:
    """Was a document made from what its skill has, as far as anybody knows?"""
    return known is not None and _is_own(known.fingerprint)


def _is_own(made_from: Fingerprint) -> bool:
    return made_from.telling.startswith(OWN)


def stays_so(inputs: Inputs) -> bool:
    """Is a document made from as much of its plugin as it was?"""
    return was_own(inputs.publication) == _is_own(inputs.fingerprint)


def beside(plugin: PluginState, enhancement: Enhancement, files: Collection[str]) -> frozenset[str]:
    """The folders of the plugin's other skills; files: the plugin's."""
    targets = (path.rpartition("/")[0] for path in plugin.siblings(enhancement))
    return content.others(enhancement.target, files) | {*targets}


def topic_of(
    project: Project,
    plugin: PluginState,
    enhancement: Enhancement,
    inputs: Inputs,
    anatomy: Anatomy,
) -> Topic | None:
    """The skill, where it has a document of its own; None: the document depends on all of it."""
    if not _among_others(project, plugin, enhancement):
        return None
    folder = enhancement.target.rpartition("/")[0]
    own = [f for f in anatomy.files if f.path.startswith(f"{folder}/")]
    persons = frontmatter.split(
        history.input_text(project, plugin, enhancement, inputs)
    ).body.strip()
    # a clone does not have what stood there before us, but knows that there was something
    if not persons and not was_own(inputs.publication):
        if folder.rpartition("/")[2] == skill_name(anatomy.name):
            return None
        if not any(_says(file.path, file.text) for file in own):
            return None
    named = (inputs.publication.linked if inputs.publication is not None else None) or ()
    text = "\n".join([persons, *(file.text for file in own)])
    return Topic(enhancement.target, text, named=named)


def key(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> tuple[str, ...]:
    """What the scope depends on beside the content."""
    if not _among_others(project, plugin, enhancement):
        return ()
    persons = history.input_text(project, plugin, enhancement, inputs)
    named = (inputs.publication.linked if inputs.publication is not None else None) or ()
    return (OWN, enhancement.target, persons, str(was_own(inputs.publication)), *named)


def linked(
    plugin: PluginState, state: TargetState, counted: Collection[str], persons: str
) -> tuple[str, ...]:
    """What the lock file says of what a skill's document was made from: folders of other skills,
    and the files outside its own to which a person's text led (a clone does not have that text).
    counted: its content; persons: that text."""
    folders = content.linked(content.others(state.enhancement.target, plugin.files), counted)
    return (*folders, *_led_to(plugin, state, persons))


def _led_to(plugin: PluginState, state: TargetState, persons: str) -> tuple[str, ...]:
    if not is_own(state) or not persons:
        return ()
    topic = Topic(state.enhancement.target, persons)
    read = sources.read(plugin.root, state.counted, plugin.secret_names)
    anatomy = sources.anatomy_of(plugin.root, read, plugin.told)
    paths = {file.path for file in anatomy.files if topic.names(file.path)}
    paths |= {c.path for c in anatomy.components if topic.uses(c)}
    return tuple(sorted(path for path in paths if not topic.is_own(path)))


def shared(plugin: PluginState, files: Iterable[str]) -> list[str]:
    """Of the files those that no skill has for itself."""
    targets = (s.enhancement.target for s in plugin.states.values())
    skills = content.skills([*plugin.files, *targets])
    return [path for path in files if not content.is_foreign(path, skills)]


def _among_others(project: Project, plugin: PluginState, enhancement: Enhancement) -> bool:
    """Is it the document of one of several skills?"""
    target = enhancement.target
    if project.generator(enhancement.generator).frontmatter != "skill" or enhancement.references:
        return False
    if not target.endswith("/SKILL.md"):
        return False
    return bool(plugin.siblings(enhancement) or content.others(target, plugin.files))


def _says(path: str, text: str) -> bool:
    """Does a file hold something to make a document from, and not but placeholders?"""
    if kind_of(path) not in topics.PROSE:
        return bool(text.strip())
    return next(hollow.telling(frontmatter.split(text).body), None) is not None


def digest(anatomy: Anatomy, told: Mapping[str, str]) -> str:
    """The telling of a document that is made from what its skill has; told: path -> digest of what
    each of its files tells."""
    shown = {file.path for file in anatomy.files}
    beyond = [
        fingerprint.canonical([c.kind, c.name, c.path, c.description, c.meta])
        for c in anatomy.components
        if c.path not in shown
    ]
    facts = [fingerprint.canonical([f.kind, f.name, f.file, f.values, f.of]) for f in anatomy.facts]
    plugin = fingerprint.canonical([anatomy.name, anatomy.description, anatomy.keywords])
    said = (plugin, *sorted(beyond), "facts", *sorted(facts), "files", fingerprint.content(told))
    return OWN + fingerprint.digest(*said)
