"""`HtmlPage`: what can be written to an HTML page, and shows itself in a notebook."""

import os
from abc import abstractmethod
from pathlib import Path

from tabgan.base.errors import TableFileError
from tabgan.files.write import open_output

__all__ = ["HtmlPage"]


class HtmlPage:
    """A result that is shown on one HTML page."""

    __slots__ = ()

    @abstractmethod
    def to_html(self) -> str:
        """Return the page, which needs no network."""

    def save_html(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write the page to a file, whole or not at all.

        Parameters
        ----------
        path
            The file; its folder has to be there.
        force
            Whether a file that exists may be replaced.

        Raises
        ------
        TableFileError
            If the file exists and `force` is not set, or can't be written.
        """
        if Path(path).is_file() and not force:
            raise TableFileError(
                f"{os.fspath(path)} already exists; name another file, or set force=True to "
                "replace it"
            )
        with open_output(os.fspath(path), force=True) as file:
            file.write(self.to_html().encode())

    def _repr_html_(self) -> str:
        from tabgan.evaluation.report.page import framed

        return framed(self.to_html())
