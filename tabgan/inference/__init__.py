"""From a DataFrame to its schema: what each column is, and why."""
