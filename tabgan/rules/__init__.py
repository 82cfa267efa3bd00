"""Rules between columns: declared or detected, and kept in every row that is drawn."""
