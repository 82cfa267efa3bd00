"""Tables in files and databases, in and out in the same form."""
