"""From bytes to tokens: folding, spelling, and boilerplate left out."""
