"""Classes by name: what can be registered, and what the texts mean."""

from dataclasses import dataclass, field

import pytest

from tabgan import OptionError
from tabgan.base.registry import Registry, UnregisteredError


class Shape:
    """The base."""


@dataclass(frozen=True)
class Circle(Shape):
    radius: float = 1.0
    limit: float | None = None


@dataclass
class Named(Shape):
    name: str = "x"


@dataclass
class Needing(Shape):
    size: float


@dataclass
class WithState(Shape):
    size: int = 2
    seen: list[int] = field(default_factory=list, init=False)


class Plain(Shape):
    pass


@pytest.fixture
def shapes() -> Registry[Shape]:
    return Registry("shape", Shape, {"circle": Circle}, "register_shape")


def test_a_registered_class_is_like_one_of_the_librarys_own(shapes):
    shapes.register("with_state", WithState)
    shapes.register("with_state", WithState)
    assert list(shapes) == ["circle", "with_state"]
    assert shapes.resolve("with_state:size=3") == WithState(3)
    assert shapes.describe(WithState(3)) == "with_state:size=3"
    assert shapes.resolve(shapes.describe(Circle(limit=2))) == Circle(limit=2)
    one = Circle()
    assert shapes.resolve(one) is one


@pytest.mark.parametrize(
    ("name", "cls", "message"),
    [
        ("Big Name", WithState, "a name has lower-case letters, digits and underscores"),
        (7, WithState, "a name has lower-case letters"),
        ("circle", WithState, "the name belongs to Circle"),
        ("other", int, "<class 'int'> is not a subclass of Shape"),
        ("other", Circle(), r"Circle\(.*\) is not a subclass of Shape"),
        ("other", Plain, "Plain is not a dataclass"),
        ("other", Named, "parameter 'name' of Named needs a number as its default"),
        ("other", Needing, "parameter 'size' of Needing needs a number as its default"),
    ],
)
def test_what_cannot_be_registered(shapes, name, cls, message):
    with pytest.raises(OptionError, match=f"shape: {name!r} can't be registered: {message}"):
        shapes.register(name, cls)
    assert list(shapes) == ["circle"]


def test_an_object_of_an_unregistered_class_says_how_to_register_it(shapes):
    message = (
        r"shape=WithState\(.*\): the class WithState is not registered; register it first, with "
        r"tabgan.extend.register_shape\('a_name', WithState\)"
    )
    for use in (shapes.resolve, shapes.describe):
        with pytest.raises(OptionError, match=message):
            use(WithState())


def test_a_subclass_of_a_registered_class_is_another_class(shapes):
    class Other(Circle):
        pass

    with pytest.raises(OptionError, match="the class Other is not registered"):
        shapes.resolve(Other())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("circel", "shape='circel' is not known; did you mean 'circle'?"),
        (
            "mine:size=2",
            "shape='mine:size=2' is not known; known names: 'circle' (one of your own: "
            "tabgan.extend.register_shape)",
        ),
        (7, "shape=7 is not known; known names: 'circle'"),
        ("circle:radus=2", "shape='circle:radus=2': circle has no parameter 'radus'; did you mean"),
        ("circle:radius=x", "shape='circle:radius=x': radius='x' must be a number, as in radius="),
        (Circle("x"), "shape=Circle(radius='x', limit=None): radius must be a number"),
    ],
)
def test_what_is_refused(shapes, value, message):
    with pytest.raises(OptionError) as caught:
        shapes.describe(shapes.resolve(value))
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, UnregisteredError) == ("is not known" in message and value != 7)
