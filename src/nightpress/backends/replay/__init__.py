"""Replies that were recorded, given again: a whole run without key or network."""
