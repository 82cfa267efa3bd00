"""The case of orders of customers."""

from tabgan import TabGAN


def test_customers_are_new_and_have_one_country_and_segment(case):
    table = case("judging/keys_real.csv")
    gan = TabGAN(
        steps=10, hidden_dim=16, refine=False, polish=False, verbose=False, random_state=0
    ).fit(table)
    assert gan.schema_["customer_id"].kind == "key"
    drawn = gan.sample(2500)
    by_customer = drawn.groupby("customer_id")
    assert (by_customer[["country", "segment"]].nunique() == 1).all(axis=None)
    assert not set(drawn["customer_id"]) & set(table["customer_id"])
    assert abs(drawn["customer_id"].nunique() / table["customer_id"].nunique() - 1) < 0.1
