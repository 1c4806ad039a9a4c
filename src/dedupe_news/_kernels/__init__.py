"""Machine code on arrays: no validation, no strings, no input or output."""
