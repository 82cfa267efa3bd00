"""Images in files, as people have them."""

import io
import re
import zipfile

import numpy as np
import pytest

from tabgan import DataError, ImageVAE
from tabgan.base.safe_files import text_of_name
from tabgan.images.image_arrays import as_array
from tabgan.images.image_sources import class_folders, decode_pictures, read_images

Image = pytest.importorskip("PIL.Image", reason="pictures need Pillow")

SHADES = np.random.default_rng(0).integers(0, 256, (20, 9, 8), dtype=np.uint8)
COLORS = np.random.default_rng(1).integers(0, 256, (20, 9, 8, 3), dtype=np.uint8)


def save(pixels, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def bytes_of(pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


@pytest.fixture
def classes(tmp_path):
    """Two classes of ten pictures in a folder each, and files that are no pictures."""
    for i, pixels in enumerate(COLORS):
        save(pixels, tmp_path / "pets" / ("cat" if i < 10 else "dog") / f"{i:02d}.png")
    (tmp_path / "pets" / "cat" / "notes.txt").write_text("none")
    (tmp_path / "pets" / "readme.md").write_text("none")
    return tmp_path / "pets"


def test_folders_are_classes_and_every_fifth_picture_is_for_tests(classes):
    train, test = read_images(classes), read_images(classes, "test")
    assert train.labels.tolist() == ["cat"] * 8 + ["dog"] * 8
    assert test.labels.tolist() == ["cat"] * 2 + ["dog"] * 2
    np.testing.assert_array_equal(test.images, COLORS[::5])
    np.testing.assert_array_equal(train.images[0], COLORS[1])


def test_folders_of_parts(classes, tmp_path):
    for part, rows in (("train", slice(0, 4)), ("Test", slice(4, 6))):
        for pixels in SHADES[rows]:
            save(pixels, tmp_path / "parts" / part / "a" / f"{pixels[0, 0]}.png")
    assert len(read_images(tmp_path / "parts").images) == 4
    assert read_images(tmp_path / "parts", "test").labels.tolist() == ["a", "a"]


def test_a_folder_of_pictures_has_no_labels(tmp_path):
    for i, pixels in enumerate(SHADES):
        save(pixels, tmp_path / f"{i:02d}.png")
    images, labels = read_images(tmp_path)
    np.testing.assert_array_equal(images, SHADES)
    assert labels is None
    with pytest.raises(DataError, match="have no labels, which scores need"):
        read_images(tmp_path, "test")
    save(SHADES[0], tmp_path / "cat" / "a.png")
    with pytest.raises(DataError, match=r"holds pictures \(00.png\) beside folders of pictures"):
        read_images(tmp_path)


def test_sizes_are_made_equal(tmp_path):
    save(SHADES[0], tmp_path / "a.png")
    save(SHADES[1, :5], tmp_path / "b.png")
    with pytest.raises(DataError, match=r"of 2 sizes: 9×8 \(1, as .*a.png\), 5×8") as caught:
        read_images(tmp_path)
    assert "with --size 9x8" in caught.value.on_command_line
    assert read_images(tmp_path, size=(6, 4)).images.shape == (2, 6, 4)


def test_palettes_become_colors_and_grey_ones_shades(tmp_path):
    colors = np.repeat(np.array([[[250, 10, 20]], [[5, 200, 90]]], np.uint8), 6, axis=1)
    Image.fromarray(colors).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "a.png")
    images, _ = read_images(tmp_path)
    assert images.shape == (1, 2, 6, 3)
    assert np.abs(images[0].astype(int) - colors).max() < 10
    indices = Image.new("P", (2, 1), 1)
    indices.putpalette([0, 0, 0, 100, 100, 100])
    assert as_array([indices]).tolist() == [[[100, 100]]]


@pytest.mark.parametrize(
    ("modes", "shape", "dtype"),
    [
        (["L", "RGB"], (9, 8, 3), np.uint8),
        (["L", "LA"], (9, 8, 2), np.uint8),
        (["LA", "RGB"], (9, 8, 4), np.uint8),
        (["1", "1"], (9, 8), np.bool_),
        (["CMYK", "CMYK"], (9, 8, 3), np.uint8),
        (["I", "I"], (9, 8), np.int32),
    ],
)
def test_pictures_of_several_modes_get_a_common_one(modes, shape, dtype):
    pictures = [Image.fromarray(SHADES[0]).convert(mode) for mode in modes]
    decoded = decode_pictures(pictures)
    assert decoded.shape == (2, *shape)
    assert decoded.dtype == dtype


def test_a_rotation_that_a_camera_noted_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(SHADES[0], tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_images(tmp_path).images[0], np.rot90(SHADES[0], -1))


def test_lists_of_paths_are_read(tmp_path):
    save(SHADES[0], tmp_path / "a.png")
    for one in (tmp_path / "a.png", str(tmp_path / "a.png")):
        np.testing.assert_array_equal(as_array([one]), SHADES[:1])
    np.testing.assert_array_equal(as_array(np.array([str(tmp_path / "a.png")])), SHADES[:1])
    (tmp_path / "b.png").write_bytes(b"none")
    with pytest.raises(DataError, match=r"b.png can't be read as a picture"):
        as_array([tmp_path / "b.png"])


def test_arrays_of_numpy(tmp_path):
    labels = np.array(["x", "y"] * 10)
    np.savez(tmp_path / "a.npz", images=SHADES, labels=labels)
    np.savez(tmp_path / "b.npz", x_train=SHADES[:8], y_train=labels[:8], x_test=COLORS[:3, ..., 0],
             y_test=labels[:3])  # fmt: skip
    np.savez(tmp_path / "c.npz", SHADES)
    np.save(tmp_path / "d.npy", SHADES)
    assert len(read_images(tmp_path / "a.npz", "test").images) == 4
    assert read_images(tmp_path / "a.npz").labels[:2].tolist() == ["y", "x"]
    assert len(read_images(tmp_path / "b.npz").images) == 8
    assert len(read_images(tmp_path / "b.npz", "test").labels) == 3
    np.testing.assert_array_equal(read_images(tmp_path / "c.npz").images, SHADES)
    mapped = read_images(tmp_path / "d.npy").images
    assert isinstance(mapped, np.memmap)
    vae = ImageVAE(steps=2, width=0.05, verbose=False, random_state=0).fit(mapped)
    assert vae.sample(2).shape == (2, 9, 8)
    assert read_images(tmp_path / "d.npy", size=(4, 4)).images.shape == (20, 4, 4)


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".arrow"])
def test_tables_of_arrow(tmp_path, suffix):
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    from pyarrow import feather, ipc, parquet

    cells = [bytes_of(pixels) for pixels in SHADES]
    structs = [{"bytes": cell, "path": None} for cell in cells]
    for column in (cells, structs, SHADES.tolist()):
        table = arrow.table({"image": column, "label": [0, 1] * 10})
        path = tmp_path / f"a{suffix}"
        if suffix == ".parquet":
            parquet.write_table(table, path)
        elif suffix == ".feather":
            feather.write_feather(table, str(path))
        else:
            with ipc.new_stream(str(path), table.schema) as sink:
                sink.write_table(table)
        images, labels = read_images(path, "test")
        np.testing.assert_array_equal(images, SHADES[::5])
        assert labels.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.png", b"", "one picture is too few; name a folder of pictures"),
        ("a.csv", b"", "is no file of images; a folder of pictures, or a file that ends in .npz"),
        ("a.npz", b"none", "can't be read by NumPy"),
        ("a.parquet", b"none", "is no table of Parquet or Arrow, or damaged"),
        ("nowhere", None, "does not exist; name a folder of images, or a file of them"),
        ("empty/x.txt", b"", "holds no pictures (such as .png and .jpg)"),
    ],
)
def test_what_is_no_file_of_images(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(words)):
        read_images(path.parent if name.startswith("empty") else path)


def test_arrays_and_columns_that_are_no_images(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    from pyarrow import parquet

    np.savez(tmp_path / "a.npz", a=SHADES, b=SHADES)
    with pytest.raises(DataError, match="holds the arrays a, b; name those of the images"):
        read_images(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", images=SHADES, labels=[1])
    with pytest.raises(DataError, match="1 labels for 20 images; give as many"):
        read_images(tmp_path / "b.npz")
    parquet.write_table(arrow.table({"a": [1]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="has the columns a, of which none could be images"):
        read_images(tmp_path / "a.parquet")
    parquet.write_table(arrow.table({"a": [[1, 2, 3]]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match="an image is a list of 3 numbers; store it as rows"):
        read_images(tmp_path / "b.parquet")


def test_many_pixels_are_put_into_a_mapped_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tabgan.images.image_sources.IN_MEMORY", 10)
    save(SHADES[0], tmp_path / "a.png")
    images = read_images(tmp_path).images
    assert isinstance(images, np.memmap)
    np.testing.assert_array_equal(images[0], SHADES[0])


def test_damaged_archives_and_pictures_are_named(tmp_path):
    whole = tmp_path / "whole.npz"
    np.savez(whole, images=SHADES)
    cut = tmp_path / "cut.npz"
    cut.write_bytes(whole.read_bytes()[:300])
    with pytest.raises(DataError, match=r"cut\.npz can't be read by NumPy"):
        read_images(cut)
    changed = bytearray(whole.read_bytes())
    changed[len(changed) // 2] ^= 255
    cut.write_bytes(changed)
    with pytest.raises(DataError, match=r"cut\.npz: array 'images' can't be read: Bad CRC"):
        read_images(cut)
    with zipfile.ZipFile(cut, "w") as archive:
        archive.writestr("images", "text")
    with pytest.raises(DataError, match=r"cut\.npz: 'images' is no array"):
        read_images(cut)
    for i, pixels in enumerate(SHADES[:3]):
        save(pixels, tmp_path / "pets" / f"{i}.png")
    broken = tmp_path / "pets" / "1.png"
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(DataError, match=r"1\.png can't be read as a picture: .*truncated"):
        read_images(tmp_path / "pets")


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_images_to_set_some_aside(tmp_path, n):
    np.savez(tmp_path / "few.npz", images=SHADES[:n], labels=np.arange(n))
    with pytest.raises(DataError, match=rf"too few images \({n}\); .* 3 are needed at least"):
        read_images(tmp_path / "few.npz")
    assert len(read_images(tmp_path / "few.npz", whole=True).images) == n


def test_classes_whose_folders_would_be_parts():
    names = class_folders(["train", "TEST", "train-images", "cat"])
    assert names == ["%74rain", "%54EST", "%74rain-images", "cat"]
    assert list(map(text_of_name, names)) == ["train", "TEST", "train-images", "cat"]
