"""One process a session: its screen, its browser, its grabber, its input."""
