import pytest

from tabgan.base import errors
from tabgan.base.errors import TabGANError, did_you_mean

CLASSES = [
    value
    for name in errors.__all__
    if isinstance(value := getattr(errors, name), type) and not issubclass(value, Warning)
]


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_is_a_tabgan_error(error):
    assert issubclass(error, TabGANError)
    assert error.__doc__


@pytest.mark.parametrize(
    "error",
    [
        errors.OptionError,
        errors.DataError,
        errors.SchemaError,
        errors.TableFileError,
        errors.ModelFileError,
    ],
)
def test_what_the_user_can_mend_is_a_value_error(error):
    assert issubclass(error, ValueError)


def test_a_schema_error_is_a_data_error():
    assert issubclass(errors.SchemaError, errors.DataError)


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("incme", ["age", "income"], "did you mean 'income'?"),
        ("zzz", ["age", "income"], "known names: 'age', 'income'"),
        ("zzz", [], "known names: "),
        (30, [3, 4], "did you mean '3'?"),
        (None, [("a", 1), None], "did you mean 'None'?"),
        ("zzz", range(1000, 1030), f"known names: {', '.join(map(str, range(1000, 1020)))}, …"),
    ],
)
def test_did_you_mean(name, known, expected):
    assert did_you_mean(name, known) == expected


def test_did_you_mean_takes_a_generator():
    assert did_you_mean("b", (name for name in "ab")) == "did you mean 'b'?"


def test_a_warning_names_the_line_that_called_the_package(tmp_path):
    module = tmp_path / "callers.py"
    module.write_text(
        "import pandas as pd\n"
        "from tabgan import TabGAN\n"
        "def fit():\n"
        "    frame = pd.DataFrame({'card': [1, 1, 2, 2] * 20, 'sum': [1.0, 2.0] * 40})\n"
        "    options = {'epsilon': 1.0, 'steps': 2, 'verbose': False}\n"
        "    TabGAN(schema={'card': 'key'}, **options).fit(frame)\n"
    )
    own: dict = {}
    exec(compile(module.read_text(), str(module), "exec"), own)
    with pytest.warns(errors.PrivacyWarning) as caught:
        own["fit"]()
    private = [one for one in caught if issubclass(one.category, errors.PrivacyWarning)]
    assert {(one.filename, one.lineno) for one in private} == {(str(module), 6)}
