"""From the trained generator to calibrated, post-processed and requested rows."""
