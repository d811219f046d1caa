"""The classic questions to the ledger: in docs/ledger.md with true output, in Datasette as canned
queries.

A `:name` in a query is what the user fills in.
"""

from __future__ import annotations

from msgspec import Struct


class Question(Struct, frozen=True):
    """A question in words, and in SQL."""

    name: str
    asks: str
    sql: str


QUESTIONS = (
    Question(
        "outcomes",
        "How did all attempts end?",
        "SELECT status, COUNT(*) AS attempts FROM enhancements\n"
        "GROUP BY status ORDER BY attempts DESC, status",
    ),
    Question(
        "average_time",
        "How long does a document take?",
        "SELECT COUNT(*) AS documents, ROUND(AVG(processing_time_seconds), 3) AS seconds,\n"
        "  ROUND(AVG(waited_seconds), 3) AS waited\n"
        "FROM enhancements WHERE status = 'published'",
    ),
    Question(
        "success_by_day",
        "How good was each night?",
        "SELECT day, attempted, published, refused, failed, rate FROM success ORDER BY day DESC",
    ),
    Question(
        "attention",
        "Which plugins have a document that is not there?",
        "SELECT plugin_name, enhancements, standing, refused, failed, insufficient,\n"
        "  hollow, kept\n"
        "FROM plugins WHERE standing < enhancements ORDER BY plugin_name",
    ),
    Question(
        "why_refused",
        "Which gates refuse drafts?",
        "SELECT json_extract(found.value, '$.check') AS gate, COUNT(*) AS findings,\n"
        "  COUNT(DISTINCT enhancements.id) AS drafts\n"
        "FROM enhancements, json_each(enhancements.findings) AS found\n"
        "WHERE status = 'refused' AND json_extract(found.value, '$.severity') = 'error'\n"
        "GROUP BY gate ORDER BY drafts DESC, gate",
    ),
    Question(
        "errors",
        "What went wrong, the most frequent first?",
        "SELECT status, error_class, COUNT(*) AS times, MAX(timestamp) AS last\n"
        "FROM enhancements WHERE error_class IS NOT NULL\n"
        "GROUP BY 1, 2 ORDER BY times DESC, status",
    ),
    Question(
        "better",
        "Are documents better than what was there before?",
        "SELECT enhancement_type, COUNT(*) AS documents,\n"
        "  ROUND(AVG(bytes_before)) AS bytes_before, ROUND(AVG(bytes_after)) AS bytes_after,\n"
        "  ROUND(AVG(score_before), 1) AS score_before, ROUND(AVG(score_after), 1) AS score_after\n"
        "FROM quality GROUP BY enhancement_type",
    ),
    Question(
        "cached",
        "How much of the input came from a provider's cache?",
        "SELECT model_requested AS model, phase, SUM(tokens_in) AS tokens_in,\n"
        "  TOTAL(tokens_cached) AS cached,\n"
        "  ROUND(100 * TOTAL(tokens_cached) / MAX(1, SUM(tokens_in)), 1) AS percent\n"
        "FROM calls WHERE outcome = 'reply' GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    Question(
        "phases",
        "Where does the time go?",
        "SELECT phase, n, p50, p95, longest FROM durations ORDER BY phase",
    ),
    Question(
        "cost",
        "What did each day cost?",
        "SELECT day, model, calls, tokens_in, tokens_out, usd FROM cost ORDER BY day DESC, model",
    ),
    Question(
        "answers",
        "What did the provider answer?",
        "SELECT outcome, http_status, COUNT(*) AS calls, ROUND(AVG(seconds), 2) AS seconds\n"
        "FROM calls GROUP BY 1, 2 ORDER BY calls DESC, outcome",
    ),
    Question(
        "rerouted",
        "Did another model answer than was asked?",
        "SELECT model_requested, model_answered, COUNT(*) AS calls FROM calls\n"
        "WHERE model_answered IS NOT NULL AND model_answered <> model_requested GROUP BY 1, 2",
    ),
    Question(
        "history",
        "What happened to one plugin?",
        "SELECT timestamp, job, status, bytes_after, model_answered, error_message\n"
        "FROM enhancements WHERE plugin_name = :plugin ORDER BY id",
    ),
)
