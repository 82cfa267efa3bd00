"""Images and their labels from files: folders of pictures, IDX, NumPy, Parquet and Arrow."""

import io
import os
import re
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import DataError, OptionError
from tabgan.base.safe_files import file_names, text_of_name
from tabgan.images.idx import Part, read_folder

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "LabelledImages",
    "class_folders",
    "decode_pictures",
    "is_picture",
    "read_images",
]

Picture = Any  # a path, the bytes of a file, or an image of Pillow
Sides = tuple[int, int]  # height and width

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm")
)
FEWEST = 2  # images that can be learned
TEST_SHARE = 5  # every fifth image is for tests where the source has no such part
PARTS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "test": ("test", "testing", "val", "valid", "validation"),
}
IMAGE_NAMES = ("images", "image", "img", "x", "pixels", "data")
LABEL_NAMES = ("labels", "label", "y", "class", "target", "targets")
FILE_KINDS = (".npz", ".npy", ".parquet", ".arrow", ".feather")
IN_MEMORY = 2**30  # bytes; more pixels are put into a temporary file that is mapped to memory
LONGEST_SIDE = 4096  # pixels

# Folders of these names hold a part of the images, or MNIST's files, not a class.
_PARTS_NAMES = re.compile(
    rf"(train|t10k)-images|({'|'.join(name for names in PARTS.values() for name in names)})\Z",
    re.IGNORECASE,
)
# What NumPy raises where a file is damaged.
_DAMAGED = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


class LabelledImages(NamedTuple):
    """Images, of shape (n, height, width) or (n, height, width, channels), and a label for each."""

    images: NDArray[Any]
    labels: NDArray[Any] | None


def read_images(
    source: str | os.PathLike[str],
    part: Part = "train",
    *,
    size: Sides | None = None,
    whole: bool = False,
) -> LabelledImages:
    """Read images and their labels from a folder or a file.

    Parameters
    ----------
    source
        A folder with a folder of pictures for each class, maybe below ``train`` and ``test``; a
        folder of pictures, which have no labels; a folder of MNIST's four files; an ``.npz`` file
        with ``images`` and ``labels`` (or ``x_train``, ``y_train``, ``x_test``, ``y_test``); an
        ``.npy`` file, which is mapped to memory; or a Parquet or Arrow file with a column of
        pictures or arrays, and one of labels.
    part
        "train" or "test". Where the source has no such parts, every fifth image is for tests;
        without labels all are for training.
    size
        Height and width that each image is brought to; None leaves them as they are.
    whole
        Whether to return all images where the source has no parts.

    Raises
    ------
    DataError
        If there are no images, one can't be read, or they are of unlike sizes and `size` is None.
    OptionError
        If a library that is needed is not installed, or a size is not from 1 to 4096.
    """
    _check_size(size)
    path = Path(source)
    if path.is_dir():
        return _read_folder(path, None if whole else part, size)
    if not path.exists():
        raise DataError(f"{path} does not exist; name a folder of images, or a file of them")
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return _split(LabelledImages(_sized(_numpy_file(path), size), None), part, path)
    if suffix == ".npz":
        images, labels, is_part = _of_arrays(_numpy_file(path), part, path)
    elif suffix in FILE_KINDS:
        images, labels, is_part = *_of_table(path, size), False
    else:
        what = "one picture is too few; name" if suffix in SUFFIXES else "is no file of images;"
        raise DataError(
            f"{path}: {what} a folder of pictures, or a file that ends in {', '.join(FILE_KINDS)}"
        )
    read = LabelledImages(_sized(images, size), labels)
    if labels is not None and len(labels) != len(read.images):
        raise DataError(f"{path}: {len(labels)} labels for {len(read.images)} images; give as many")
    return read if is_part or whole else _split(read, part, path)


def _split(read: LabelledImages, part: Part, path: Path) -> LabelledImages:
    """Return the part of images that come without parts."""
    if read.labels is None:
        if part == "test":
            raise DataError(
                f"{path}: the images have no labels, which scores need; name a folder with a "
                "folder for each class, or an .npz file with 'images' and 'labels'"
            )
        return read
    is_test = np.arange(len(read.images)) % TEST_SHARE == 0
    wanted = is_test if part == "test" else ~is_test
    if part == "train" and wanted.sum() < FEWEST:
        raise DataError(
            f"{path}: too few images ({len(is_test)}); every fifth is for tests, so that "
            f"{FEWEST + 1} are needed at least"
        )
    return LabelledImages(read.images[wanted], read.labels[wanted])


def _read_folder(folder: Path, part: Part | None, size: Sides | None) -> LabelledImages:
    """Read a part of a folder, or, for None, the training part or what has no parts."""
    if any(path.name.startswith(("train-images", "t10k-images")) for path in folder.iterdir()):
        images, labels = read_folder(folder, part or "train")
        return LabelledImages(_sized(images, size), labels)
    below = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()}
    parts = {
        name: next((below[alias] for alias in aliases if alias in below), None)
        for name, aliases in PARTS.items()
    }
    if parts["train"] is not None and (parts["test"] is not None or len(below) == 1):
        chosen = parts[part or "train"]
        if chosen is not None:
            return _read_pictures(chosen, size)
        folder = parts["train"]
    read = _read_pictures(folder, size)
    return read if part is None else _split(read, part, folder)


def _read_pictures(folder: Path, size: Sides | None) -> LabelledImages:
    """Read a folder of pictures, or of folders of pictures that are named as their classes."""
    flat = [path for path in sorted(folder.iterdir()) if is_picture(path)]
    classes = {
        path.name: found
        for path in sorted(folder.iterdir())
        if path.is_dir()
        and (found := [file for file in sorted(path.rglob("*")) if is_picture(file)])
    }
    if flat and classes:
        raise DataError(
            f"{folder} holds pictures ({flat[0].name}) beside folders of pictures "
            f"({next(iter(classes))}); put each picture into the folder of its class, or all into "
            "one folder without labels"
        )
    if not flat and not classes:
        raise DataError(
            f"{folder} holds no pictures (such as .png and .jpg), no folders of pictures, and no "
            "file train-images-idx3-ubyte as MNIST has it; name a folder of images"
        )
    paths = flat or [path for found in classes.values() for path in found]
    labels = [text_of_name(name) for name, found in classes.items() for _ in found]
    images = decode_pictures(paths, size)
    return LabelledImages(images, np.array(labels, dtype=object) if labels else None)


def class_folders(labels: Iterable[Any]) -> list[str]:
    """Return the name of the folder of each label's pictures, from which the label is read back."""
    return file_names(labels, reserved=_PARTS_NAMES)


def is_picture(path: Path) -> bool:
    """Return whether a path is a file whose name ends as that of a picture."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def decode_pictures(pictures: Sequence[Picture], size: Sides | None = None) -> NDArray[Any]:
    """Decode pictures to one array, in a mode that all of them can have.

    Palettes become colors, or shades where all colors are grey. The rotation that a camera has
    noted is applied.

    Parameters
    ----------
    pictures
        Paths, bytes of files, or images of Pillow.
    size
        Height and width that each is brought to.

    Returns
    -------
    ndarray
        Shape (n, height, width), or (n, height, width, channels) of color or with alpha.

    Raises
    ------
    DataError
        If one can't be read, or they are of unlike sizes and `size` is None.
    """
    _load("PIL.Image", "images")
    modes, sizes = [], Counter[Sides]()
    example: dict[Sides, str] = {}
    for name, image in _opened(pictures):
        with _reading(name):
            modes.append(_mode_of(image))
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        sides = (image.width, image.height) if turned else (image.height, image.width)
        sizes[sides] += 1
        example.setdefault(sides, name)
    if size is None and len(sizes) > 1:
        raise _unlike_sizes(sizes, example)
    mode, sides = _common_mode(set(modes)), size or next(iter(sizes))
    pixels: NDArray[Any] | None = None
    for i, (name, image) in enumerate(_opened(pictures)):
        one = _pixels_of(image, name, mode, sides)
        if pixels is None:
            pixels = _room((len(modes), *one.shape), one.dtype)
        pixels[i] = one
    return np.empty((0, 1, 1), np.uint8) if pixels is None else pixels


def _load(module: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        library = {"PIL.Image": "Pillow"}.get(module, module)
        raise OptionError(
            f"These images need {library}, which is not installed; install it with "
            f"pip install '.[{extra}]'"
        ) from error


def _room(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    if np.prod(shape) * dtype.itemsize <= IN_MEMORY:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile() as file:  # the mapping keeps it
        return np.memmap(file, dtype, "w+", shape=shape)


def _opened(pictures: Sequence[Picture]) -> Iterator[tuple[str, "Image"]]:
    from PIL import Image

    for i, picture in enumerate(pictures):
        if isinstance(picture, Image.Image):
            yield f"image {i}", picture
            continue
        is_bytes = isinstance(picture, bytes)
        name = f"image {i}" if is_bytes else str(picture)
        with _reading(name):
            opened = Image.open(io.BytesIO(picture) if is_bytes else picture)
        with opened as image:
            yield name, image


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Name the picture whose file is damaged."""
    from PIL.Image import DecompressionBombError

    try:
        yield
    except (
        OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, DecompressionBombError
    ) as error:  # fmt: skip
        raise DataError(f"{name} can't be read as a picture: {error}; take it out") from error


def _mode_of(image: "Image") -> str:
    """Return the mode that a picture is decoded in."""
    if image.mode in ("1", "L", "LA", "RGB", "RGBA", "F") or image.mode.startswith("I"):
        return "I" if image.mode.startswith("I") else image.mode
    color = "RGB"
    if image.mode in ("P", "PA"):
        entries = np.array(image.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
        color = "L" if (entries == entries[:, :1]).all() else "RGB"
    alpha = image.mode == "PA" or "transparency" in image.info
    return color + ("A" if alpha else "")


def _common_mode(modes: set[str]) -> str:
    if len(modes) <= 1:
        return next(iter(modes), "L")
    if modes & {"I", "F"}:
        raise DataError(
            "some pictures have more than 8 bits a channel and others have 8; convert them to one "
            "depth"
        )
    color = "RGB" if modes & {"RGB", "RGBA"} else "L"
    return color + ("A" if modes & {"LA", "RGBA"} else "")


def _pixels_of(image: "Image", name: str, mode: str, sides: Sides) -> NDArray[Any]:
    from PIL import ImageOps
    from PIL.Image import Resampling

    with _reading(name):
        image = ImageOps.exif_transpose(image)
        if mode in ("I", "F"):
            deep = image.convert("F").resize(sides[::-1], Resampling.BOX)
            return np.rint(np.asarray(deep)).astype(np.int32) if mode == "I" else np.asarray(deep)
        if image.mode != mode:  # a transparent color becomes alpha by way of RGBA only
            image = image.convert("RGBA").convert(mode) if mode == "LA" else image.convert(mode)
        if (image.height, image.width) != sides:
            way = Resampling.NEAREST if mode == "1" else Resampling.LANCZOS
            image = image.resize(sides[::-1], way)
        return np.asarray(image)


def _unlike_sizes(sizes: Counter[Sides], example: Mapping[Sides, str]) -> DataError:
    common = sizes.most_common(3)
    shown = ", ".join(f"{h}×{w} ({count:,}, as {example[h, w]})" for (h, w), count in common)
    (height, width), _ = common[0]
    more = ", …" if len(sizes) > len(common) else ""
    return DataError(
        f"the pictures are of {len(sizes)} sizes: {shown}{more}; make them equal: "
        f"read_images(…, size=({height}, {width}))",
        on_command_line=f"the pictures are of {len(sizes)} sizes: {shown}{more}; make them equal "
        f"with --size {height}x{width}",
    )


def _sized(images: NDArray[Any], size: Sides | None) -> NDArray[Any]:
    """Bring images of one size to another."""
    if size is None or images.ndim not in (3, 4) or images.shape[1:3] == size:
        return images
    _load("PIL.Image", "images")
    from PIL import Image

    if images.dtype not in (np.uint8, np.bool_):
        raise DataError(f"images of dtype {images.dtype} can't be resized; give bytes or booleans")
    one = images[..., 0] if images.shape[3:] == (1,) else images
    resized = decode_pictures([Image.fromarray(image) for image in one], size)
    return resized[..., None] if images.shape[3:] == (1,) else resized


def _numpy_file(path: Path) -> Any:
    try:
        # copies of pages are made where something is written, which nothing does
        return np.load(path, mmap_mode="c" if path.suffix.lower() == ".npy" else None)
    except _DAMAGED as error:
        raise DataError(
            f"{path} can't be read by NumPy: {error}; write it with np.savez"
        ) from error


def _of_arrays(
    arrays: Mapping[str, NDArray[Any]], part: Part, path: Path
) -> tuple[NDArray[Any], NDArray[Any] | None, bool]:
    """Return images, labels, and whether they are those of the part; else they are all."""
    names = {name.lower(): name for name in arrays}

    def find(kinds: Sequence[str], chosen: Part | None) -> NDArray[Any] | None:
        for kind in kinds:
            whole = [kind] if chosen is None else []
            for alias in PARTS[chosen] if chosen else ():
                whole += [f"{kind}_{alias}", f"{alias}_{kind}"]
            if hit := next((names[name] for name in whole if name in names), None):
                return _member(arrays, hit, path)
        return None

    images = find(IMAGE_NAMES, part)
    if images is not None:
        return images, find(LABEL_NAMES, part), True
    images = find(IMAGE_NAMES, None)
    if images is None:
        several = [name for name in arrays if _member(arrays, name, path).ndim in (3, 4)]
        if len(several) != 1:
            raise DataError(
                f"{path} holds the arrays {', '.join(arrays) or 'none'}; name those of the images "
                "and of their labels 'images' and 'labels'"
            )
        images = _member(arrays, several[0], path)
    return images, find(LABEL_NAMES, None), False


def _member(arrays: Mapping[str, NDArray[Any]], name: str, path: Path) -> NDArray[Any]:
    try:
        array = arrays[name]
    except _DAMAGED as error:
        raise DataError(
            f"{path}: array {name!r} can't be read: {error}; write numbers or texts, not objects"
        ) from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: {name!r} is no array; write the file with np.savez")
    return array


def _of_table(path: Path, size: Sides | None) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Read a table of Parquet or Arrow with a column of images, and one of labels."""
    table = _arrow_table(path)
    kinds = _load("pyarrow", "parquet").types
    holds = [name for name in table.column_names if _holds_images(kinds, table.schema.field(name))]
    if len(holds) != 1:
        raise DataError(
            f"{path} has the columns {', '.join(table.column_names)}, of which "
            f"{len(holds) or 'none'} could be images; it must be one, with the bytes of pictures "
            "or with rows of pixels"
        )
    cells = table.column(holds[0]).to_pylist()
    others = [name for name in table.column_names if name != holds[0]]
    named = [name for name in others if name.lower() in LABEL_NAMES]
    label = next(iter(named or (others if len(others) == 1 else [])), None)
    labels = None if label is None else np.array(table.column(label).to_pylist(), dtype=object)
    missing = next((i for i, cell in enumerate(cells) if cell is None), None)
    if missing is not None:
        raise DataError(f"{path}: row {missing} has no image; leave it out")
    if isinstance(cells[0], list):
        return _of_lists(cells, path), labels
    pictures = [cell["bytes"] if isinstance(cell, dict) else cell for cell in cells]
    return decode_pictures(pictures, size), labels


def _arrow_table(path: Path) -> Any:
    arrow = _load("pyarrow", "parquet")
    from pyarrow import feather, ipc, parquet

    try:
        if path.suffix.lower() == ".parquet":
            return parquet.read_table(path)
        try:
            return feather.read_table(path)
        except arrow.ArrowInvalid:  # Arrow's stream
            with path.open("rb") as file:
                return ipc.open_stream(file).read_all()
    except arrow.ArrowException as error:
        raise DataError(f"{path} is no table of Parquet or Arrow, or damaged: {error}") from error


def _holds_images(kinds: Any, field: Any) -> bool:
    kind = field.type
    binary = kinds.is_binary(kind) or kinds.is_large_binary(kind)
    nested = kinds.is_struct(kind) and any(child.name == "bytes" for child in kind.fields)
    lists = (kinds.is_list, kinds.is_large_list, kinds.is_fixed_size_list)
    return binary or nested or any(check(kind) for check in lists)


def _of_lists(cells: Sequence[Any], path: Path) -> NDArray[Any]:
    try:
        images = np.array(cells)
    except ValueError as error:
        raise DataError(f"{path}: images are of unlike sizes; store pictures as bytes") from error
    if images.ndim not in (3, 4):
        raise DataError(
            f"{path}: an image is a list of {images.shape[-1]} numbers; store it as rows of pixels"
        )
    return images


def _check_size(size: Sides | None) -> None:
    if size is not None and not all(1 <= side <= LONGEST_SIDE for side in size):
        raise OptionError(
            f"size={size!r} must be a height and a width, whole numbers from 1 to {LONGEST_SIDE}"
        )
