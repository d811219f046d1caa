"""nightpress: AI-written documents for plugin marketplaces, made overnight and kept true."""

__version__ = "0.1.0"
