"""DataFrame columns to encoded rows and back."""
