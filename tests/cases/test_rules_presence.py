"""The case of a reference that stands exactly where the status is Left."""

from tabgan import TabGAN


def test_a_reference_is_missing_exactly_where_the_status_is_not_left(case):
    table = case("rules/missing_iff_status.csv")
    gan = TabGAN(steps=20, hidden_dim=16, verbose=False, random_state=0).fit(table)
    drawn = gan.sample(8192)
    assert ((drawn["exit_ref"] != "") == (drawn["status"] == "Left")).all()
    shares = [(frame["exit_ref"] == "").mean() for frame in (drawn, table)]
    assert abs(shares[0] - shares[1]) < 0.01
