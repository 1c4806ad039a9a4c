"""Stores: an event log, its codec, its replay, and the logs in memory, in SQLite and on Redis."""
