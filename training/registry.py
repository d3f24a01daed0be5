"""The MLflow registry: the one module that knows it. Callers see our errors."""

MODEL_NAME = "lead-scoring"
