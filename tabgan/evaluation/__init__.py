"""How near a synthetic table is to the real one, column by column, pair by pair and row by row."""
