"""What holds for every test."""

import os

# Where another process works too, spinning OpenMP threads make a training four times
# slower; as the Makefile has it, but read before LightGBM is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# A console made at import would keep the width of the terminal that runs the tests.
os.environ.pop("COLUMNS", None)
