"""Reading one plugin: its files, what it has (commands, options, agents, hooks), its names.

Whatever an author wrote is read without trust and without exceptions; a caller sees values.
"""
