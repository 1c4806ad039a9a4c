"""What the library needs of the machine: threads, space for arrays, progress."""
