"""What there is to do and why: a project's plugins gathered, and decided.

Read it in this order: `catalog` (all plugins; those that have not moved come from the index),
`gather` (one plugin: everything read once, into one value), `state` (that value), `decide` and
`staleness` (pure: up to date, or what to do with its reasons). Beside them: `appraise` and `judge`
(what a decision may need to know of texts), `history` (what is known from before), `agreement`
(lock file, ledger, index). Imports project, checks, backends, plugin, ledger and storage; calls,
writes and publishes nothing.
"""
