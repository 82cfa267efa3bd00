"""Column encoders of a user's own class: chosen by a fit, and rebuilt from a model file."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tabgan import ModelFileError, OptionError, TabGAN
from tabgan.encoding.column_encoders import CategoricalEncoder, ColumnEncoder
from tabgan.encoding.table_encoder import ENCODERS, register_encoder
from tests.forked import run_code

OWN = """
import numpy as np
import pandas as pd

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import ColumnEncoder, Encoded
from tabgan.encoding.table_encoder import register_encoder

class Bits(ColumnEncoder):
    name = "bits"

    def __init__(self, column):
        self.column = column

    @classmethod
    def suits(cls, cells):
        return cells.column.name == "flags"

    @property
    def spans(self):
        return RowLayout((), (2, 2, 2))

    @classmethod
    def fit(cls, cells):
        return cls(cells.column)

    def encode(self, cells):
        codes = cells.numbers.values[:, None] >> np.arange(3) & 1
        return Encoded.empty(len(codes))._replace(codes=codes.astype(np.int32))

    def decode(self, numbers, codes, start, rng, key=0):
        return pd.Series((codes << np.arange(3)).sum(axis=1), name=self.column.name)

    def to_json(self):
        return {}

    @classmethod
    def from_json(cls, column, state):
        return cls(column)
"""


@pytest.fixture
def own(monkeypatch):
    """Define the class, and forget its registration afterwards."""
    monkeypatch.setitem(sys.modules, "own_encoders", type(sys)("own_encoders"))
    namespace = {"__name__": "own_encoders"}
    exec(OWN, namespace)  # as a user's module would
    yield namespace["Bits"]
    ENCODERS.pop("bits", None)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"flags": rng.integers(0, 8, 200), "x": rng.normal(size=200)})


def fit(table):
    return TabGAN(steps=3, hidden_dim=16, random_state=0, verbose=False).fit(table)


def in_new_process(path, registers: str) -> subprocess.CompletedProcess[str]:
    code = f"from tabgan import TabGAN\n{registers}\ngan = TabGAN.load({str(path)!r})\n"
    code += "print(sorted({*gan.sample(200, random_state=1)['flags']} - {*range(8)}))"
    return run_code(code)


def test_a_registered_class_takes_the_columns_that_suit_it(own, table):
    register_encoder(own)
    encoder = fit(table)._model.encoder
    assert [type(one).name for one in encoder.encoders.values()] == ["bits", "numeric"]
    assert encoder.spans.widths == (2, 2, 2)


def test_a_class_that_is_not_registered_takes_none(own, table):
    encoder = fit(table)._model.encoder
    assert [type(one).name for one in encoder.encoders.values()] == ["categorical", "numeric"]


def test_a_model_file_says_which_class_it_needs(own, table, tmp_path):
    register_encoder(own)
    fit(table).save(tmp_path / "model.safetensors")
    loaded = in_new_process(tmp_path / "model.safetensors", f"{OWN}\nregister_encoder(Bits)")
    assert loaded.stdout.strip() == "[]", loaded.stderr
    del ENCODERS["bits"]
    with pytest.raises(ModelFileError) as caught:
        TabGAN.load(tmp_path / "model.safetensors")
    assert str(caught.value) == (
        f"{tmp_path / 'model.safetensors'}: the model needs the column encoder 'bits', which is "
        "not registered; call tabgan.extend.register_encoder with its class before TabGAN.load"
    )


def test_a_class_may_be_registered_again_by_its_module(own):
    register_encoder(own)
    namespace = {"__name__": "own_encoders"}
    exec(OWN, namespace)
    assert register_encoder(namespace["Bits"]) is ENCODERS["bits"]


class _Nameless(CategoricalEncoder):
    pass


class _Taken(CategoricalEncoder):
    name = "numeric"


class _Abstract(ColumnEncoder):
    name = "abstract"


@pytest.mark.parametrize(
    ("cls", "fault"),
    [
        (dict, "must be a subclass of ColumnEncoder that defines all its abstract methods"),
        (_Abstract, "must be a subclass of ColumnEncoder that defines all its abstract methods"),
        (_Nameless, "_Nameless.name=None must be text that names the class in model files"),
        (
            _Taken,
            "_Taken.name='numeric' is the name of tabgan.encoding.column_encoders.NumericEncoder",
        ),
    ],
)
def test_other_classes_are_refused(cls, fault):
    before = dict(ENCODERS)
    with pytest.raises(OptionError) as caught:
        register_encoder(cls)
    assert fault in str(caught.value)
    assert before == ENCODERS
