"""Any feed to columns: values of Python, frames, Arrow data, files, times."""
