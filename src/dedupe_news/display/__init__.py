"""How results are shown: as HTML in notebooks, as plain text, as plots, as a page to review."""
