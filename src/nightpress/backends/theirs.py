"""A backend of another package, held to its contract: what it raises against that is its failure,
in words, and no bug of nightpress."""

from __future__ import annotations

from typing import Any

from nightpress import errors
from nightpress.backends.declaration import Declaration, Environ, Settings
from nightpress.errors import Answer, BackendError, UsageError
from nightpress.model import Backend, Reply, Request
from nightpress.text import safe

__all__ = ["made"]


def made(declared: Declaration, settings: Settings, environ: Environ) -> Backend:
    """The backend; UsageError where it cannot be set up."""
    try:
        return _Theirs(declared.make(settings, environ))
    except Exception as error:
        if errors.known(error) is not None:
            raise
        raise UsageError(
            f"backend {declared.name!r} cannot be set up: {_said(error)}",
            "it needs a key or a setting that is not there, or its package is at fault",
        ) from error


class _Theirs:
    """Asks it; all else is its own."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def ask(self, request: Request) -> Reply:
        try:
            return self._backend.ask(request)
        except Exception as error:
            if errors.known(error) is not None:
                raise
            said = f"backend {self._backend.name} broke its contract: {_said(error)}"
            raise BackendError(Answer("bad_request", said)) from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {safe(str(error))}"
