"""The chapters of dodo.py, one module for each part of the work; `nightpress.tasks` offers them.

doit asks every chapter for its tasks whatever it is going to run, so these modules import at
their top only what declaring a task needs.
"""
