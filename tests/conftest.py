"""What holds for every test."""

import os

# Where another process works too, spinning OpenMP threads make a training four times
# slower; as the Makefile has it, but read before LightGBM is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
