"""Nothing is sent or asked for: import, fit, sample and report open no socket."""

import re
import subprocess
import sys

SCRIPT = """
import sys

def refuse(event, arguments):
    if event.startswith("socket.") and event != "socket.gethostname":
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(refuse)
import numpy as np
import pandas as pd
from tabgan import TabGAN

rng = np.random.default_rng(0)
table = pd.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["x", "y"], 80)})
gan = TabGAN(steps=3, hidden_dim=8, verbose=False).fit(table)
gan.save("m")
drawn = TabGAN.load("m").sample(80)
TabGAN.load("m").evaluate(table, drawn).save_html("report.html")
print("done")
"""


def test_no_socket_is_opened(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page)


def test_the_hook_would_see_one(tmp_path):
    script = SCRIPT.replace("import numpy", "import socket; socket.socket(); import numpy")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "socket.__new__" in done.stderr
