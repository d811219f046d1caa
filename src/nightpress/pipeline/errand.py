"""An errand: one piece of work as a worker does it, and what it says of it.

It comes back as (how, value, who did it): an error of ours is a value like any other.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from msgspec.structs import replace

from nightpress.errors import Answer, BackendError, NightpressError
from nightpress.plan import Parcel, away

__all__ = ["WHAT", "By", "call", "do", "is_first"]

MAYBE = "the worker that made this call died; it may have been paid"
By = tuple[str, str, float]
"""Who did it, what it was, and how many seconds it took."""
WHAT = ("composed", "judged", "calls")
_WORK = {"look": "composed", "composed": "composed", "asked": "calls"}


def is_first(claim: int, dask_scheduler: Any) -> bool:
    """At the scheduler: nobody had this claim before."""
    claimed: set[int] = dask_scheduler.extensions.setdefault("nightpress", set())
    is_first = claim not in claimed
    claimed.add(claim)
    return is_first


def do(
    work: Callable[..., Any], there: away.There, *given: Any, parcel: Parcel | None = None
) -> tuple[str, Any, By]:
    """In a worker: its work. An error of ours is a value like any other; what only the coordinator
    knows, and a bug, which it meets in its own place and tells, are done there. "absent": it needs
    a parcel."""
    began = time.monotonic()
    try:
        how, value = "done", _with(parcel, work, there, *given)
    except away.Absent:
        how, value = "absent", None
    except NightpressError as error:
        how, value = "raised", error
    except (Exception, away.Elsewhere):  # noqa: BLE001
        how, value = "done", None
    return how, value, _said(work, began)


def _with(parcel: Parcel | None, work: Callable[..., Any], there: away.There, *given: Any) -> Any:
    if parcel is None or there.is_seen:
        return work(there, *given)
    plugin, *more = given
    with parcel.placed(plugin) as placed:
        return work(replace(there, root=parcel.root(there.recipe)), placed, *more)


def _said(work: Callable[..., Any], began: float) -> By:
    name = getattr(work, "__name__", "")
    where = f"{platform.node()}:{os.getpid()}"
    return where, _WORK.get(name, "judged"), time.monotonic() - began


def call(claims: bool, claim: int, work: Callable[..., Any], *given: Any) -> tuple[str, Any, By]:
    """In a worker: a call. It is told how it ended, whatever that was."""
    begun, began = False, time.monotonic()
    how: str = "raised"
    value: Any
    try:
        if claims and not _takes(claim):
            raise BackendError(Answer("lost", MAYBE))
        begun = True
        how, value = "done", work(*given)
    except NightpressError as error:
        value = error
    except Exception as error:  # noqa: BLE001
        said = f"a worker could not make the call: {type(error).__name__}"
        value = BackendError(Answer("lost" if begun else "transient", said, left=begun))
    return how, value, _said(work, began)


def _takes(claim: int) -> bool:
    """In a dask worker: is this call its own to make?"""
    # not by a client of its own: at the worker's end that complains on the user's terminal
    dask: Any = import_module("distributed")
    worker, dumps = dask.get_worker(), dask.protocol.pickle.dumps
    told = dask.utils.sync(
        worker.loop, worker.scheduler.run_function,
        function=dumps(is_first), args=dumps((claim,)), kwargs=dumps({}), wait=True,
    )  # fmt: skip
    return told["status"] == "OK" and bool(told["result"])
