"""The border: manifests, defaults, generators and analyses, checked against their schemas.

A user's mistake is a `Problem` with file, line, column and hint, never an exception; all of them
are found, not just the first.

May import: quota, backends, checks, plugin, ledger, storage, fingerprint, text, lazy, clock,
loopback, model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.project.analyses import check_analysis
    from nightpress.project.chapters import FOREIGN, add_chapters, foreign_dodo, lacks_dodo
    from nightpress.project.defaults import FILE, Defaults, house, load_defaults
    from nightpress.project.generators import load_generator
    from nightpress.project.manifests import load_manifest
    from nightpress.project.options import OPTIONS
    from nightpress.project.problems import Problem, folded
    from nightpress.project.project import STATE, Project, located, no_manifests, version
    from nightpress.project.resources import bundled
    from nightpress.project.writer import Writer
    from nightpress.project.yaml_read import peek
else:
    __getattr__ = lazy.attach(
        __name__,
        {
            "analyses": ["check_analysis"],
            "chapters": ["FOREIGN", "add_chapters", "foreign_dodo", "lacks_dodo"],
            "defaults": ["Defaults", "FILE", "house", "load_defaults"],
            "generators": ["load_generator"],
            "manifests": ["load_manifest"],
            "options": ["OPTIONS"],
            "problems": ["Problem", "folded"],
            "project": ["Project", "STATE", "located", "no_manifests", "version"],
            "resources": ["bundled"],
            "writer": ["Writer"],
            "yaml_read": ["peek"],
        },
    )

__all__ = [
    "FILE",
    "FOREIGN",
    "OPTIONS",
    "STATE",
    "Defaults",
    "Problem",
    "Project",
    "Writer",
    "add_chapters",
    "bundled",
    "check_analysis",
    "crash",
    "defaults",
    "discover",
    "docs",
    "folded",
    "foregone",
    "foreign_dodo",
    "generators",
    "house",
    "init",
    "lacks_dodo",
    "layout",
    "load_defaults",
    "load_generator",
    "load_manifest",
    "located",
    "manifests",
    "no_manifests",
    "options",
    "own_checks",
    "paths",
    "peek",
    "prompt",
    "schema",
    "validate",
    "version",
    "writer",
    "yaml_read",
    "yaml_write",
]
