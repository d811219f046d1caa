"""docs/checks.md, made from the registry: a page that cannot lag behind the code."""

from __future__ import annotations

import inspect
import json
from itertools import groupby

from nightpress.checks import score
from nightpress.checks.gate import Gate
from nightpress.checks.registry import GATES

TITLES = {
    "form": "Form: it is a valid document",
    "grounding": "Grounding: what it names exists",
    "substance": "Substance: it says something, once, of this plugin",
    "safety": "Safety: it harms nobody who reads it",
    "regression": "Regression: what it loses against the file that is there",
    "truncation": "Truncation: it is whole",
    "normalised": "Normalised: put right without a word, and reported",
}
HEAD = """# The checks

<!-- made by `python -m nightpress.checks > docs/checks.md`; a test compares -->

Every draft passes these {count} checks before it is published; none of them asks a model. An
*error* sends the draft back once with its findings, and refuses it the second time; a *warning* is
published and reported; an *info* only says what was put right. What is not known is not judged: a
lone file outside a project and outside a plugin has none to be compared with.

A document that we did not write, kept by hand in a project or outside, is judged by the severity
in the column "by hand", for house rules would be false alarms there.

## Choosing and configuring

In `generator.yaml`, for every document of the type, or in a manifest's enhancement, over it:

```yaml
checks:
  code-span: false                       # not judged
  vocabulary: {{floor: 0.45}}              # an option; the others keep their defaults
  heading-single: {{severity: warning}}    # error, warning or info
  house-words:                           # the project's own check
    file: checks/house_words.py          # within the generator's folder
    severity: warning
    forbidden: [leverage, seamless]      # handed to the check as its options
```

A check of the project's own is a Python file with one function. It is code that you run: only files
of the generator's folder are loaded, never a plugin's.

```python
from nightpress.checks import Spot


def check(document, context, options):
    for word in options["forbidden"]:
        at = document.prose.find(word)  # the text with code blanked out
        if at >= 0:
            line, column = document.place(at)
            yield Spot(f"house style: {{word!r}}", line, column, "say it plainly")
```

`document` has `text`, `prose`, `fields`, `headings`, `blocks`, `spans`, `links` and `paragraphs`;
`context` has `anatomy` (the plugin), `target`, `plugin_paths` and `standing`. If the check raises,
that is its finding.
"""
BESIDE = """Of the plugin's own files, of a project as a whole, and of documents that people edited.
They are warnings, but for `marketplace`, `manifest`, `readable` and `gone` of what a manifest
declares, in `nightpress ci check` for `lock`, and with `--edits=strict` for `edited`.
`nightpress check --explain RULE` says the same in a terminal, of these and of every check."""
OTHERS = {
    "home-path": "No file of the plugin names a path of one machine (`/home/me/...`).",
    "empty": "No command, agent, skill or README is an empty file.",
    "link-dead": "A relative link in the plugin's own files leads to a file that is there.",
    "file-missing": "A file that the plugin's own text names is there.",
    "command-missing": "A command that the plugin's own text names is one that it has.",
    "agent-missing": "An agent that the plugin's own text names is one that it has.",
    "skill-missing": "A skill that the plugin's own text names is one that it has.",
    "option-missing": "An option that the plugin's own text names is one that its code reads.",
    "program-missing": "A program of the plugin's name that its text calls comes with the plugin.",
    "variable-unread": "A variable that the plugin's text names is read by its code.",
    "reference-orphaned": "A file in `references/` of a skill is named by its SKILL.md: an agent"
    " reads no reference that nothing leads to. Say in SKILL.md when to read it, or remove it.",
    "reference-chain": "A file in `references/` is named by SKILL.md itself, not only by another"
    " reference: references are read one level deep.",
    "plugin-json": "plugin.json is JSON, with the fields that Claude Code reads.",
    "count-differs": "The plugin has as many commands, agents and skills as it says.",
    "description-disagrees": "plugin.json and marketplace.json describe the plugin alike.",
    "version-disagrees": "plugin.json and marketplace.json have the same version.",
    "tool-unknown": "A tool that a command or agent may use is one that Claude Code has.",
    "profile": "What the profile `agent-plugins` needs at the plugin's root is there.",
    "change-told": "Sections that were made again for a command's new option name it.",
    "too-little": "The plugin says enough for the document that was asked for.",
    "hollow": "A command or agent that has a reference says what it does, and in this plugin: until"
    " then its reference is not made.",
    "marketplace": "marketplace.json is JSON, and each folder that it names is there.",
    "undeclared": "Each plugin has a manifest; `nightpress manifests` writes it.",
    "lock": "nightpress.lock is there and in git: by it a clone, and CI, know what is ours and"
    " what is stale.",
    "gone": "A document that was published or adopted, and that its manifest declares, is there;"
    " of a plugin without a manifest, nightpress.lock has no documents that are gone.",
    "edited": "A document that nightpress published is as it was published. `nightpress adopt`"
    " takes an edit as it is.",
    "moved": "What an edited or adopted document was made from, or speaks of, has not changed"
    " since. Such a document is never replaced unasked: read whether it is still true.",
    "stale": "The document is as its sources, prompt and settings would make it now. What was never"
    " made is no failure, unless `--stale=strict` asks for it.",
    "manifest": "The plugin's manifest can be used; `nightpress validate` says more.",
    "readable": "The document is a plain file of text, of a size that can be judged.",
    "unfetched": "What the plugin consists of is in this checkout (submodules are fetched).",
    "trigger": "No finding but a line of figures: the requests are the occasions that the skills of"
    " the marketplace state themselves, put to all descriptions at once; a skill that is found"
    " first at its own request is the one that would be loaded. Plan and report ask with the"
    " skills' own words alone, `nightpress check` with those of their plugins' commands and agents,"
    " too. `among the first three` counts places two and three, too.",
    "listing": "No finding but a line of figures: names and descriptions of all skills are in an"
    " agent's context always (about four characters to a token), a SKILL.md only once loaded.",
}
"""Rules of `nightpress check` that are no gates, and what each demands."""
ROW_HEAD = "| check | severity | by hand | options | what it demands |\n|---|---|---|---|---|\n"


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD.format(count=len(GATES))]
    for family, gates in groupby(GATES, key=lambda gate: gate.family):
        rows = "".join(_row(gate) for gate in gates)
        parts.append(f"\n## {TITLES[family]}\n\n{ROW_HEAD}{rows}")
    rows = "".join(f"| `{name}` | {said} |\n" for name, said in OTHERS.items())
    head = "| rule | what it demands |\n|---|---|\n"
    parts.append(f"\n## What `nightpress check` says beside them\n\n{BESIDE}\n\n{head}{rows}")
    parts.append(f"\n## The score\n\n{inspect.cleandoc(score.__doc__ or '')}\n")
    return "".join(parts)


def explained() -> dict[str, str]:
    """What each gate and each other rule of `nightpress check` demands, by name."""
    return OTHERS | rules()


def rules() -> dict[str, str]:
    """What each check demands, by name, for machine-readable reports."""
    return {gate.name: " ".join((gate.check.__doc__ or "").split()) for gate in GATES}


def _row(gate: Gate) -> str:
    options = "<br>".join(f"`{key}: {_written(value)}`" for key, value in gate.options.items())
    meaning = " ".join(inspect.cleandoc(gate.check.__doc__ or "").split()).replace("|", "\\|")
    elsewhere = gate.alone or gate.severity
    return f"| `{gate.name}` | {gate.severity} | {elsewhere} | {options} | {meaning} |\n"


def _written(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value).replace('"', "")
