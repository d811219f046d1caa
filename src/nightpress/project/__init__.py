"""The border: manifests, defaults, generators and analyses, checked against their schemas.

A user's mistake is a `Problem` with file, line, column and hint, never an exception; all of them
are found, not just the first.
"""

from __future__ import annotations

from nightpress.project.analyses import check_analysis
from nightpress.project.defaults import FILE, Defaults, load_defaults
from nightpress.project.generators import load_generator
from nightpress.project.manifests import load_manifest
from nightpress.project.problems import Problem
from nightpress.project.resources import bundled
from nightpress.project.validate import validate
from nightpress.project.yaml_read import peek

__all__ = [
    "FILE", "Defaults", "Problem", "bundled", "check_analysis", "load_defaults",
    "load_generator", "load_manifest", "peek", "validate",
]  # fmt: skip
