"""The language of conditions: what a user asks of rows, checked and ready to be evaluated."""
