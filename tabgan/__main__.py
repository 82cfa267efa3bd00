"""``python -m tabgan``: the command line."""

from tabgan.cli.main import main

if __name__ == "__main__":
    main(prog_name="tabgan")
