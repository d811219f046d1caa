"""The border: manifests, defaults, generators and analyses, checked against their schemas.

Floor 2. A user's mistake is a `Problem` with file, line, column and hint, never an exception;
all of them are found, not just the first.
"""

from __future__ import annotations

from nightpress.contract.analyses import check_analysis
from nightpress.contract.bundle import bundled
from nightpress.contract.defaults import FILE, Defaults, load_defaults
from nightpress.contract.generators import load_generator
from nightpress.contract.manifests import load_manifest
from nightpress.contract.problems import Problem, as_dict
from nightpress.contract.reading_yaml import peek
from nightpress.contract.whole import validate

__all__ = [
    "FILE", "Defaults", "Problem", "as_dict", "bundled", "check_analysis", "load_defaults",
    "load_generator", "load_manifest", "peek", "validate",
]  # fmt: skip
