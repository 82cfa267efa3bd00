"""What a table is: its schema, kinds, dtypes, and values in plain arrays and back."""
