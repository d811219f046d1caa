"""A reply of phase 1, held to schemas/analysis.json."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any


def check_analysis(text: str, schema: str) -> tuple[dict[str, Any] | None, list[str]]:
    """(the analysis, []) or (None, what is wrong with the reply). schema: its text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return None, [f"not JSON: {error}"]
    if not isinstance(value, dict):
        return None, ["not a JSON object"]
    errors = [
        f"{'.'.join(map(str, error.absolute_path)) or 'analysis'}: {error.message[:200]}"
        for error in _validator(schema).iter_errors(value)
    ]
    return (None, errors) if errors else (value, [])


@lru_cache(maxsize=4)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
