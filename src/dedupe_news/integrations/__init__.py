"""The library inside other programs: a module for each, which needs it installed."""
