"""Errors of training and of the model registry; the root is `features/errors.py`.

FreinError
├── TrainingError           a log does not allow training
└── ModelUnavailableError   the registry did not yield a usable model
"""

from features.errors import FreinError


class TrainingError(FreinError):
    code = "training_impossible"


class ModelUnavailableError(FreinError):
    code = "model_unavailable"
