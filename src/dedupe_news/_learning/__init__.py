"""A judge that a feed teaches: pairs to label, and what is fitted to the labels."""
