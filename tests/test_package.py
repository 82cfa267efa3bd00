import tabgan


def test_every_public_name_is_there():
    assert set(tabgan.__all__) < set(dir(tabgan))
    for name in tabgan.__all__:
        assert getattr(tabgan, name).__name__ == name
    assert tabgan.__version__.count(".") == 2


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(tabgan, "TabGan")
