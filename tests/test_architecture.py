"""The structure of the package, held by its own source: floors, circles, names, sizes."""

import ast
import inspect
import re
from collections import ChainMap, Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tabgan"
FLOORS = [  # from the ground up; units of one floor may not import each other
    {"base"},
    {"table"},
    {"inference", "generators"},
    {"rules"},
    {"encoding", "files", "callbacks", "constraints"},
    {"conditions"},
    {"sampling"},
    {"fitting", "evaluation"},
    {"images", "privacy"},
    {"estimator", "extend"},
    {"tuning", "relations"},
    {"__init__"},
    {"cli"},
    {"__main__"},
]
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))
PUBLIC = ["tabgan", "tabgan.callbacks", "tabgan.constraints", "tabgan.extend", "tabgan.privacy"]
LONGEST_FILE = 700
LONGEST_FUNCTION = 50  # lines without the docstring
MOST_FILES = 250
MOST_ROOMS = 20


def unit(path: Path) -> str:
    """Name the package or module of the top level that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    """Name a file as it is imported."""
    parts = ("tabgan", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


NAMES = {name_of(path): path for path in MODULES}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> frozenset[str]:
    """Name the modules of the package that a file imports, those for type checking too."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(found & NAMES.keys())


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, kinds)]


def test_every_module_has_a_floor():
    assert {unit(path) for path in MODULES} == set(FLOOR_OF)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path):
    own = unit(path)
    for name in imports(path):
        other = unit(NAMES[name])
        if other not in (own, "__init__"):
            assert FLOOR_OF[other] < FLOOR_OF[own], f"{path.name} imports {name}"


@pytest.mark.parametrize("level", [0, 1, 2, 3], ids=["rooms", "folders", "inner folders", "files"])
def test_no_circle_of_imports(level):
    """No circle of files, nor of what holds them, at any depth."""

    def place(name: str) -> str:
        parts = name.split(".")[1:]
        return name if level == 3 else ".".join(parts[: level + 1])

    # a package's own file only names its contents; of a package's files the package is a part
    edges: dict[str, set[str]] = {}
    for name, path in NAMES.items():
        if path.name == "__init__.py" and level < 3:
            continue
        for other in imports(path):
            if place(other) != place(name) and NAMES[other].name != "__init__.py":
                edges.setdefault(place(name), set()).add(place(other))
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "generators").rglob("*.py")), ids=lambda p: p.name
)
def test_generators_know_no_table(path):
    tree = tree_of(path)
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not {name for name in names if name.split(".")[0] in ("pandas", "click", "sklearn")}


def test_a_file_name_occurs_once():
    counts = Counter(path.name for path in MODULES if path.name != "__init__.py")
    assert not [name for name, count in counts.items() if count > 1]


def test_sizes():
    rooms = {unit(path) for path in MODULES} - {"__init__", "__main__"}
    assert len(rooms) <= MOST_ROOMS
    assert len(MODULES) <= MOST_FILES
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in MODULES}
    assert not {str(path): count for path, count in lines.items() if count > LONGEST_FILE}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_functions_can_be_read_at_once(path):
    for node in functions(path):
        docstring = ast.get_docstring(node, clean=False)
        lines = node.end_lineno - node.lineno + 1
        if docstring is not None:
            lines -= node.body[0].end_lineno - node.body[0].lineno + 1
        assert lines <= LONGEST_FUNCTION, f"{path.name}: {node.name} has {lines} lines"


def test_the_public_names():
    names = {module: sorted(import_module(module).__all__) for module in PUBLIC}
    assert names == PUBLIC_NAMES
    for module, some in names.items():
        for name in some:
            assert getattr(import_module(module), name) is not None


PUBLIC_NAMES = {
    "tabgan": [
        *("Column", "ConstraintError", "DataError", "DatabaseGAN", "ForeignKey"),
        *("ImageDiffusion", "ImageGAN", "ImageTranslator", "ImageVAE", "ModelFileError"),
        "NotFittedError",
        *("OptionError", "PrivacyWarning", "Relations", "SamplingError", "SamplingWarning"),
        *("Schema", "SchemaError", "SyntheticOverSampler", "TabDiffusion", "TabGAN", "TabGANError"),
        *("TabTrees", "TabVAE", "TableFileError", "TrainingError", "TrainingWarning"),
        *("audit", "compare", "compare_methods", "evaluate", "infer_relations", "infer_schema"),
        *("plot_column", "plot_pair", "plot_training", "tune"),
    ],
    "tabgan.callbacks": ["Callback", "MLflow", "TensorBoard", "WandB"],
    "tabgan.constraints": [
        *("Constraint", "Custom", "FixedCombinations", "Formula", "Increments", "Inequality"),
        *("OneHot", "Positive", "Range", "Sum", "Unique"),
    ],
    "tabgan.extend": [
        *("AdversarialLoss", "Attack", "AuditTables", "Callback", "CategoricalEncoder"),
        *("ColumnConstraint", "ColumnEncoder", "ComparedTables", "Constraint", "CrossEntropy"),
        *("DateForm", "DateRecognizer", "Directive", "DiscriminatorBatch", "Encoded", "Figure"),
        *("GeneratorBatch", "Metric", "NumberForm", "NumberRecognizer", "NumericEncoder"),
        *("Optimizer", "Penalty", "Rate", "Risk", "Stabilizer", "TypedSeries", "register_attack"),
        *("register_constraint", "register_date_recognizer", "register_directive"),
        *("register_encoder", "register_loss", "register_metric", "register_number_recognizer"),
        *("register_optimizer", "register_penalty", "register_stabilizer", "risk_of_auc"),
        "risk_of_rates",
    ],
    "tabgan.privacy": ["ATTACKS", "PrivacyAudit", "Risk", "audit"],
}

# What may be anything at all in a public signature, and why nothing narrower is true.
ANYTHING = {
    "Column.__init__: dtype": "a dtype as JSON: text, or nested objects",
    "Column.__init__: minimum": "of the cells' type: a number, date, duration, Decimal …",
    "Column.__init__: maximum": "the same",
    "Range.__init__: minimum": "the same, or text that stands for it",
    "Range.__init__: maximum": "the same",
    "TabDiffusion.impute: return": "the kind of table that was handed in, of any library",
    "TabVAE.impute: return": "the kind of table that was handed in, of any library",
    "TabTrees.impute: return": "the kind of table that was handed in, of any library",
    "TabGAN.impute: return": "the kind of table that was handed in, of any library",
    "Unique.__init__: columns": "one label or several, a tuple once created",
    "WandB.__init__: settings": "handed on to wandb.init",
    "compare_methods: options": "handed on to the estimators",
    "tune: options": "handed on to TabGAN",
}


def public_callables():
    """Yield the public functions, and the methods of public classes that are ours."""
    for module in PUBLIC:
        for name in import_module(module).__all__:
            value = getattr(import_module(module), name)
            if inspect.isclass(value):
                members = ChainMap(*(vars(c) for c in value.__mro__ if "tabgan" in c.__module__))
                for key, bound in members.items():
                    member = getattr(bound, "__func__", bound)
                    if inspect.isfunction(member) and (key == "__init__" or key[0] != "_"):
                        yield f"{name}.{key}", member
            elif inspect.isfunction(value):
                yield name, value


def test_what_is_typed_as_anything():
    anything = set()
    for name, function in public_callables():
        for option, annotation in inspect.get_annotations(function).items():
            if re.fullmatch(r"(typing\.)?Any", inspect.formatannotation(annotation).strip("'")):
                anything.add(f"{name}: {option}")
    assert anything == set(ANYTHING)


def test_no_module_uses_pickle_or_a_global_seed():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for banned in ("pickle", "np.random.seed", "torch.load(", "eval(", "exec("):
            uses = [line for line in text.splitlines() if banned in line and "eval()" not in line]
            uses = [
                line
                for line in uses
                if not line.lstrip().startswith(("#", '"')) and "no " not in line.lower()
            ]
            assert not uses, f"{path.name}: {uses[0]}"
