import pandas as pd
from scale import make_parquet


def test_the_table_has_its_rows_and_related_columns(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("scale.ROWS_AT_ONCE", 300)
    make_parquet(tmp_path / "table", 700, 9)
    files = sorted((tmp_path / "table").iterdir())
    table = pd.concat([pd.read_parquet(file) for file in files])
    assert (len(files), table.shape) == (3, (700, 9))
    assert table["row"].tolist() == list(range(700))
    assert table["level_2"].nunique() == 6
    assert abs(table[["count_1", "normal_4"]].corr().iloc[0, 1]) > 0.2
