from datetime import date

import numpy as np
import pandas as pd
import pytest

from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.date_bounds import find_bounds
from tabgan.relations.row_context import Context, ContextPart


def bounds_and_parts(above, own):
    columns = infer_schema(own.to_frame("own")).columns
    (column,) = infer_schema(above.to_frame("above"))
    context = Context(len(own), (ContextPart(column, above, True),))
    return find_bounds(context, own.to_frame("own"), columns), context, columns


def dates(days):
    return pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D"))


@pytest.mark.parametrize("sign", [1, -1])
def test_bounds_are_found_and_kept(sign):
    rng = np.random.default_rng(0)
    days = rng.integers(0, 500, 100)
    above, own = dates(days), dates(days + sign * rng.integers(0, 50, 100))
    (bound,), context, columns = bounds_and_parts(above, own)
    assert bound.is_least == (sign == 1)
    shuffled = own.sample(frac=1, random_state=0).to_frame("own").reset_index(drop=True)
    assert bound.broken(context, shuffled, columns).sum() > 10
    assert not bound.broken(context, bound.clipped(context, shuffled, columns), columns).any()


def test_no_bound_by_chance():
    days = np.arange(100)
    assert not bounds_and_parts(dates(days), dates(days[::-1]))[0]
    assert not bounds_and_parts(dates(days // 100), dates(days + 1000))[0]


def test_dates_stay_dates():
    rng = np.random.default_rng(0)
    days = rng.integers(0, 500, 100)
    as_dates = [d.date() for d in dates(days)]
    above, own = pd.Series(as_dates, dtype=object), pd.Series(as_dates, dtype=object)
    (bound,), context, columns = bounds_and_parts(above, own)
    early = pd.DataFrame({"own": pd.Series([date(2019, 1, 1)] * 100, dtype=object)})
    clipped = bound.clipped(context, early, columns)
    assert clipped["own"].tolist() == as_dates
    assert {type(value) for value in clipped["own"]} == {date}
