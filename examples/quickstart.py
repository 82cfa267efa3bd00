"""Learn the example table, draw synthetic rows, keep the model, and use it again.

Run it as ``python examples/quickstart.py``; it takes about a minute.
"""

from importlib.resources import as_file, files

import pandas as pd

from tabgan import TabGAN

with as_file(files("tabgan.cli") / "example_customers.csv") as path:
    customers = pd.read_csv(path, parse_dates=["signup_date", "last_order"])

gan = TabGAN(random_state=0).fit(customers)
print("Rules that hold in every synthetic row:")
for rule in gan.dependencies_:
    print("  ", rule.describe())

synthetic = gan.sample(1000)
print(synthetic.head().to_string())
for name, table in (("real", customers), ("synthetic", synthetic)):
    print(f"\nMean monthly spend by plan, {name}:")
    print(table.groupby("plan")["monthly_spend"].mean().round(2).to_string())

gan.save("customers.safetensors")
again = TabGAN.load("customers.safetensors").sample(1000)
assert again.equals(synthetic)  # the seed is kept with the model
