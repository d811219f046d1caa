"""The offline backend: documents composed from the plugin's own words; no key, no network.

Deterministic and extractive: every sentence stands in the plugin's files, nothing is padded, and
the same plugin gives the same bytes on every machine.
"""
