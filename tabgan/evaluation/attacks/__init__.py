"""Attacks on synthetic tables, one a file; each says what its attacker knows and gains."""
