"""A model's card where MLflow's pages show it: with its run, and with its version."""

import mlflow

from training.registry.champion_history import recorded
from training.registry.model_card import promotions
from training.registry.registry import MODEL_NAME, connect, registry_errors, run_of

CARD_FILE = "model_card.md"
NOTE_TAG = "mlflow.note.content"  # what its pages show as a run's description


def show_card(run_id: str, version: str, text: str) -> None:
    """Set the description of a run and of its version; raises as `inscribe` does."""
    client = connect()
    with registry_errors():
        client.set_tag(run_id, NOTE_TAG, text)
        client.update_model_version(MODEL_NAME, version, description=text)


def inscribe(version: str) -> None:
    """Write on a version's card when it was put into service, by whom and why.

    A version made before there were cards has none, and none is made.

    Raises
    ------
    ModelUnavailableError
        If the store can't be reached or written.
    """
    run_id = run_of(version).info.run_id
    client = connect()
    with registry_errors():
        if CARD_FILE not in {one.path for one in client.list_artifacts(run_id)}:
            return
        card = mlflow.artifacts.load_text(f"runs:/{run_id}/{CARD_FILE}")
    theirs = [change for change in recorded() if change.version == version]
    show_card(run_id, version, f"{card}\n\n{promotions(theirs)}")
