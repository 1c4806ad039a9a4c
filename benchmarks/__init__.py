"""Benchmark suites of dedupe_news: run ``python -m benchmarks`` from the repository root."""
