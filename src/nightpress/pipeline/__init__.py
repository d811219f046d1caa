"""One run: what is stale is asked for, judged, published and recorded.

`pipeline` has the actions of doit's tasks, in order; an `attempts.Attempt` is the one value that
they hand on. Beside it: `draft` and `ask` (a question and its reply, paid for once), `calls` and
`pacing` (what a call leaves, and when it may go), `publish` and `recover` (the update protocol, and
its end after a crash), `review`, `adopt`, `restore`, `clean`, `prune` (what a person decides),
`run` and `events` (what is told). Imports plan and what is below; is imported by progress, report
and tasks.
"""
