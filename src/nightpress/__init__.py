"""nightpress: AI-written documents for plugin marketplaces, made overnight and kept true."""
