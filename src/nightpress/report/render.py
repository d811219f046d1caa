"""A report's figures as a self-contained page and as Markdown.

Floor 2: pure, but for the templates that it reads. Whatever comes from a plugin is text: escaped
by Jinja2 in the page, put in place by textContent in its script, fenced in Markdown.
"""

from nightpress.report.html import page
from nightpress.report.markdown import markdown

__all__ = ["markdown", "page"]
