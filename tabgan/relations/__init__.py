"""Tables that belong together: keys between them, a model of all of them, and their judge."""
