"""The engine: texts, candidates, features, verdicts, assignment."""
