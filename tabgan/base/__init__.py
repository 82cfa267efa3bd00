"""What everything stands on: errors, checks, files, streams of randomness, layouts."""
