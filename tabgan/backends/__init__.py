"""Samples in parts: the same files, whichever process or machine writes them."""
