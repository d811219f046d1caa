"""Is a host this machine itself? Keys and plain http are for no other."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str | None) -> bool:
    """localhost, 127.0.0.0/8 or ::1 (RFC 6761, RFC 1122, RFC 4291)."""
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return (host or "").lower() == "localhost"
