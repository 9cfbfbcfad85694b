"""One file a kind of frame: checks its arguments, cuts them by the wire's limits."""
