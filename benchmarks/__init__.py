"""Benchmarks are commands, never timed tests: `python -m benchmarks NAME [--json]`.

Each module here has `main(argv) -> dict` and `render(dict) -> str` (Markdown).
"""
