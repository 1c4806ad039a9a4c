"""What the library needs of the machine: threads, room for arrays, signs of progress."""
