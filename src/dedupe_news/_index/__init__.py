"""An index: items as they come, what changes it, what it tells, its files."""
