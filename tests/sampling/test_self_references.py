"""References of rows to other rows of their table: managers, parents, the order before."""

import numpy as np
import pandas as pd
import pytest

from tabgan import TabTrees, infer_schema
from tabgan.evaluation.compared_tables import read_tables
from tabgan.evaluation.keys_and_times import compare_row_rules
from tabgan.inference.key_columns import depths_of, find_reference, referred_rows
from tabgan.sampling.self_references import SelfReference, learn_references
from tabgan.table.columns import by_position

ROWS = 240


def staff(seed=0, rows=ROWS, first=301, mark=None):
    """Two heads, twelve leads, and others, each below one of the same site."""
    rng = np.random.default_rng(seed)
    site = rng.choice(["north", "south"], rows)
    site[:2] = "north", "south"
    role = np.array(["head"] * 2 + ["lead"] * 20 + ["staff"] * (rows - 22))
    parent = np.full(rows, -1)
    for row in range(2, rows):
        above = {"lead": "head", "staff": "lead"}[role[row]]
        parent[row] = rng.choice(np.flatnonzero((role == above) & (site == site[row])))
    ids = first + np.arange(rows)
    frame = pd.DataFrame({"worker_no": ids, "role": role, "site": site, "age": 20 + ids % 40})
    chosen = [ids[at] if at >= 0 else mark for at in parent]
    frame["overseer"] = pd.Series(chosen, dtype="float64" if mark is None else None)
    return frame.rename(columns={"overseer": "supervisor"}).sample(frac=1, random_state=seed)


def learned(frame):
    schema = infer_schema(frame)
    (rule,) = learn_references(by_position(frame.reset_index(drop=True), schema))
    return schema, SelfReference.from_json(rule.to_json())


def drawn(frame, seed=1):
    """The same rows with other identifiers, and references that are drawn again."""
    schema, rule = learned(frame)
    others = frame.assign(worker_no=frame["worker_no"] + 5000).reset_index(drop=True)
    return rule.write(others, schema, np.random.default_rng(seed))


def test_a_supervisor_is_one_of_the_tables_own_rows_above_at_the_same_site():
    frame = staff()
    (column,) = (own for own in infer_schema(frame) if own.name == "supervisor")
    assert column.kind == "key"
    assert "'worker_no'" in column.why
    new = drawn(frame)
    rows = referred_rows(new["supervisor"], new["worker_no"])
    assert new["supervisor"].isna().sum() == 2
    assert (rows >= -1).all()
    assert pd.crosstab(new["role"], depths_of(rows)).to_numpy().tolist() == [
        [2, 0, 0],
        [0, 20, 0],
        [0, 0, ROWS - 22],
    ]
    linked = rows >= 0
    assert (new["site"][linked].to_numpy() == new["site"].iloc[rows[linked]].to_numpy()).all()
    sizes = [
        pd.Series(own).value_counts().mean() for own in (frame["supervisor"], new["supervisor"])
    ]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.15)


@pytest.mark.parametrize("mark", [0, "itself"])
def test_rows_without_a_reference_are_told_by_a_mark_or_by_themselves(mark):
    frame = staff(mark=0)
    if mark == "itself":
        alone = frame["supervisor"] == 0
        frame["supervisor"] = frame["supervisor"].where(~alone, frame["worker_no"])
    new = drawn(frame)
    alone = new["supervisor"] == (new["worker_no"] if mark == "itself" else 0)
    assert alone.sum() == 2
    assert new["supervisor"].dtype == frame["supervisor"].dtype
    assert new["supervisor"][~alone].isin(new["worker_no"]).all()


def test_one_row_that_refers_to_itself_tells_nothing_of_the_others():
    frame = staff().reset_index(drop=True)
    frame["supervisor"] = frame["supervisor"].where(frame.index % 4 == 0)
    row = int(np.flatnonzero(frame["supervisor"].notna())[7])
    frame.loc[row, "supervisor"] = frame.loc[row, "worker_no"]
    new = drawn(frame)
    assert new["supervisor"].notna().mean() == pytest.approx(0.25, abs=0.02)
    assert (new["supervisor"] == new["worker_no"]).sum() == 0


def test_a_chain_goes_on_with_the_row_before():
    rng = np.random.default_rng(0)
    day = np.sort(rng.choice(2000, 150, replace=False))
    codes = [f"C-{n}" for n in rng.permutation(9000)[:150] + 1000]
    frame = pd.DataFrame({"contract": codes, "day": day, "replaces": [None, *codes[:-1]]})
    schema, rule = learned(frame)
    new = rule.write(frame.assign(contract=[f"D-{n}" for n in range(150)]), schema, rng)
    rows = referred_rows(new["replaces"], new["contract"])
    assert (rows[1:] == np.arange(149)).all()
    assert rows[0] == -1


def test_counts_and_other_numbers_are_no_references():
    rng = np.random.default_rng(0)
    ids = pd.Series(np.arange(1, 301))
    for name in ("visits", "parents", "lead_time", "customer_id"):
        values = pd.Series(rng.integers(1, 9, 300))
        assert find_reference((name, values), ("id", ids)) is None


def test_references_that_name_no_row_are_the_first_weak_point():
    frame = staff().reset_index(drop=True)
    new = drawn(frame)
    broken = new.assign(supervisor=new["supervisor"] + 7000)
    rng = np.random.default_rng(0)
    (rule,) = compare_row_rules(read_tables(frame, broken), rng)
    assert rule.columns == ("worker_no", "supervisor")
    assert rule.rows == (0, 100)
    assert compare_row_rules(read_tables(frame, new), rng)[0].rows.value == 100


def test_a_model_keeps_references_in_its_file_and_in_small_samples(tmp_path):
    trees = TabTrees(refine=False, random_state=0).fit(staff())
    trees.save(tmp_path / "staff.safetensors")
    for rows in (1, 7, 300):
        new = TabTrees.load(tmp_path / "staff.safetensors").sample(rows)
        assert new["supervisor"].dropna().isin(new["worker_no"]).all()
        assert not new["worker_no"].isin(staff()["worker_no"]).any()
        assert new["supervisor"].isna().sum() < max(rows / 2, 2)


def offices(seed=0):
    """A root, a head for each of eight sites, two leads under it, and 300 others under those."""
    rng = np.random.default_rng(seed)
    sites = [*"abcdefgh"]
    site = np.array(["none", *sites, *np.repeat(sites, 2), *rng.choice(sites, 300)])
    role = np.array(["root", *["boss"] * 24, *["staff"] * 300])
    parent = np.full(325, -1)
    parent[1:9] = 0
    parent[9:25] = 1 + np.arange(16) // 2
    for row in range(25, 325):
        parent[row] = rng.choice(9 + np.flatnonzero(site[9:25] == site[row]))
    ids = [f"W{n}" for n in rng.permutation(9000)[:325] + 1000]
    above = [ids[at] if at >= 0 else None for at in parent]
    return pd.DataFrame({"worker": ids, "manager": above, "role": role, "site": site})


def test_each_site_has_the_few_rows_that_those_of_the_site_stand_below():
    frame = offices()
    schema, rule = learned(frame)
    assert rule.agreement == (0.0, 1.0, 1.0)
    rng = np.random.default_rng(3)
    others = frame.assign(worker=[f"N{n}" for n in range(325)])
    for _ in range(5):
        new = rule.write(others, schema, rng)
        same, judged = rule.ties(schema)[0].kept_in(new)
        assert same[judged].mean() > 0.95
        assert (referred_rows(new["manager"], new["worker"]) >= -1).all()


def test_references_to_rows_of_other_sites_are_counted():
    frame = offices()
    broken = frame.assign(site=np.random.default_rng(1).permutation(frame["site"]))
    (_, alike) = compare_row_rules(read_tables(frame, broken), np.random.default_rng(0))
    assert alike.columns == ("manager", "site")
    assert alike.rows.value < 50


def test_the_only_row_without_a_supervisor_has_none_in_a_sample():
    rng = np.random.default_rng(0)
    ids = [f"E{n}" for n in range(10_000, 10_000 + ROWS)]
    above = [None, *(ids[rng.integers(0, max(1, row // 4))] for row in range(1, ROWS))]
    frame = pd.DataFrame({"worker_no": ids, "supervisor": above, "age": rng.integers(20, 60, ROWS)})
    new = TabTrees(refine=False, verbose=False, random_state=0).fit(frame).sample(ROWS)
    assert 1 <= new["supervisor"].isna().sum() <= 0.05 * ROWS
    assert new["supervisor"].dropna().isin(new["worker_no"]).all()


def test_a_number_that_counts_the_rows_that_refer_to_a_row_does_so_in_a_sample():
    rng = np.random.default_rng(3)
    ids, parent = 100 + np.arange(400), rng.integers(0, 60, 400)
    post = pd.DataFrame({"post_no": ids, "likes": rng.integers(0, 9, 400)})
    post["parent_post_no"] = pd.Series(ids[parent]).where(np.arange(400) >= 60)
    post["replies"] = np.bincount(parent[60:], minlength=400)
    post.loc[:1, "replies"] += 1  # some replies were deleted
    schema, rule = learned(post)
    assert rule.describe(schema).endswith("; 'replies' counts them")
    new = rule.write(post, schema, rng)
    answered = new["parent_post_no"].value_counts().reindex(ids, fill_value=0)
    assert new["replies"].tolist() == answered.tolist()
    broken = post.assign(replies=rng.permutation(post["replies"]))
    results = compare_row_rules(read_tables(post, broken, schema=schema), rng)
    (told,) = (own for own in results if own.columns == ("parent_post_no", "replies"))
    words = "'replies' counts the other rows whose 'parent_post_no' is the row's 'post_no'"
    assert told.rule == words
    assert told.rows.baseline == 99.5
    assert told.rows.value < 90


@pytest.mark.parametrize("step", [1, 7])
def test_replies_come_after_what_they_reply_to_in_number_and_time(step):
    rng, rows = np.random.default_rng(0), 600
    ids = 100 + step * np.arange(rows)
    back = np.arange(rows) - 1 - rng.exponential(15, rows).astype(int)
    is_reply = (rng.random(rows) > 0.3) & (back >= 0)
    times = pd.Timestamp("2024-03-01") + pd.to_timedelta(
        np.sort(rng.choice(10**6, rows, replace=False)), unit="s"
    )
    frame = pd.DataFrame(
        {
            "post_id": ids,
            "parent_id": pd.array(np.where(is_reply, ids[back], 0), "Int64"),
            "created": times,
            "likes": rng.poisson(4, rows),
        }
    )
    frame.loc[~is_reply, "parent_id"] = pd.NA
    schema, rule = learned(frame)
    made = rule.write(frame.assign(likes=rng.permutation(frame["likes"])), schema, rng)
    replies = made[made["parent_id"].notna()]
    assert (replies["parent_id"] < replies["post_id"]).all()
    created = made.set_index("post_id")["created"]
    assert (created[replies["parent_id"]].to_numpy() <= replies["created"].to_numpy()).all()
    assert len(replies) / rows == pytest.approx(is_reply.mean(), abs=0.1)


def test_a_column_that_holds_what_the_row_referred_to_has_in_another_one_does_so_in_a_sample():
    frame = staff().reset_index(drop=True)
    rng = np.random.default_rng(3)
    frame["desk"] = [f"D{n:04}" for n in rng.integers(0, 60, len(frame))]
    frame["pay"] = rng.integers(10, 10**5, len(frame))
    rows = referred_rows(frame["supervisor"], frame["worker_no"])
    there = pd.Series(rows >= 0) & (rng.random(len(frame)) < 0.9)
    frame["desk_above"] = frame["desk"].take(np.maximum(rows, 0)).reset_index(drop=True)
    frame["pay_above"] = frame["pay"].take(np.maximum(rows, 0)).reset_index(drop=True).astype(float)
    frame[["desk_above", "pay_above"]] = frame[["desk_above", "pay_above"]].where(there)
    frame.loc[frame.index[there][:3], "pay_above"] += 1
    schema, rule = learned(frame)
    names = {(schema.names[to], schema.names[source]) for to, source in rule.copied}
    assert names == {("desk_above", "desk"), ("pay_above", "pay")}
    other = frame.assign(desk=np.roll(frame["desk"], 5), pay=np.roll(frame["pay"], 9))
    sample = rule.write(other, schema, np.random.default_rng(1))
    rows = referred_rows(sample["supervisor"], sample["worker_no"])
    for name in ("desk", "pay"):
        own = sample[f"{name}_above"]
        assert (own.isna() == frame[f"{name}_above"].isna()).all()
        assert (own == sample[name].to_numpy()[rows])[own.notna()].all()
