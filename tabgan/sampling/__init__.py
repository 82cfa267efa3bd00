"""From the trained generator to calibrated rows."""
