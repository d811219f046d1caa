"""A local Gemini: the wire format of the Developer API and of Vertex AI, strict, with quota,
latency, faults and defects. It stands outside the package and never imports it.

In a test: `with GeminiServer() as server: ... server.url()`; by hand:
`python -m tests.gemini_server --port 0`, which prints the base URL first.
"""

from .clock import Clock, FastClock, ManualClock
from .faults import DEFECTS, FAULTS, FIELD, bad_night
from .quota import FREE, Limits
from .server import GeminiServer
from .service import Call, Settings

__all__ = [
    "DEFECTS",
    "FAULTS",
    "FIELD",
    "FREE",
    "Call",
    "Clock",
    "FastClock",
    "GeminiServer",
    "Limits",
    "ManualClock",
    "Settings",
    "bad_night",
]
