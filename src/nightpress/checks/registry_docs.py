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
    "regression": "Regression: what it loses against the file that stands there",
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
ROW_HEAD = "| check | severity | by hand | options | what it demands |\n|---|---|---|---|---|\n"


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD.format(count=len(GATES))]
    for family, gates in groupby(GATES, key=lambda gate: gate.family):
        rows = "".join(_row(gate) for gate in gates)
        parts.append(f"\n## {TITLES[family]}\n\n{ROW_HEAD}{rows}")
    parts.append(f"\n## The score\n\n{inspect.cleandoc(score.__doc__ or '')}\n")
    return "".join(parts)


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
