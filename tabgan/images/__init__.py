"""Images: files, arrays, and how good drawn ones are."""
