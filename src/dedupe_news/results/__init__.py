"""What comes back: clusters, stories, templates, and the records in them."""
