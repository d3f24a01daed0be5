"""The container image and the compose file: what they must say, without podman."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import serving
from serving.runtime.metrics import Metrics
from serving.runtime.settings import OidcSettings, Settings

DEPLOY = Path(serving.__file__).parent / "deploy"
PROJECT = DEPLOY.parents[1]
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
CADDYFILE = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
EXAMPLE = (DEPLOY / ".env.example").read_text(encoding="utf-8")
PAGE = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TEXTS = [path for path in DEPLOY.iterdir() if path.is_file()]

# Each image that is run, by its stage: the text of its part of the Containerfile.
STAGES = dict(
    re.findall(
        r"^FROM \S+ AS (\w+)\n(.*?)(?=^FROM|\Z)",
        CONTAINERFILE,
        re.MULTILINE | re.DOTALL,
    )
)
RUN = {name: text for name, text in STAGES.items() if name != "packages"}


def settings_of(model: type[Settings | OidcSettings]) -> set[str]:
    prefix = str(model.model_config["env_prefix"])
    return {f"{prefix}{name.upper()}" for name in model.model_fields}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bFREIN_\w+", path.read_text(encoding="utf-8")))
    assert named <= settings_of(Settings) | settings_of(OidcSettings)


@pytest.mark.parametrize("stage", RUN)
def test_an_image_runs_as_somebody_who_is_not_root(stage: str) -> None:
    (user,) = re.findall(r"^USER (\S+)$", RUN[stage], re.MULTILINE)
    assert int(user) > 0
    assert re.search(rf"useradd --system --uid {user} ", RUN[stage])


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_may_do_little(service: str) -> None:
    said = SERVICES[service]
    assert said["read_only"] is True
    assert said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges"]
    assert "user" not in said
    assert "privileged" not in said


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_starts_again_and_tells_its_health(service: str) -> None:
    assert SERVICES[service]["restart"] == "always"
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"


def test_frein_s_health_is_that_it_lives() -> None:
    """Not that it is ready: without a model, to start it again would help nobody."""
    (port,) = re.findall(r"^EXPOSE (\d+)$", RUN["frein"], re.MULTILINE)
    image = RUN["frein"].partition("\nHEALTHCHECK ")[2]
    for check in (image, SERVICES["frein"]["healthcheck"]["test"][-1]):
        assert f"http://127.0.0.1:{port}/health/live" in check
    assert Settings.model_fields["port"].default == int(port)


def test_the_proxy_alone_listens_outside() -> None:
    open_ = {name: said["ports"] for name, said in SERVICES.items() if "ports" in said}
    assert open_ == {"proxy": ["80:8080", "443:8443"]}
    assert re.search(r"^EXPOSE 8080 8443$", RUN["proxy"], re.MULTILINE)
    assert "http_port 8080\n" in CADDYFILE
    assert "https_port 8443\n" in CADDYFILE


def test_the_registry_is_out_of_the_proxy_s_reach() -> None:
    """MLflow asks nobody who they are."""
    assert SERVICES["mlflow"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert set(SERVICES["proxy"]["networks"]) == {"outside"}


def test_postgresql_has_a_socket_alone() -> None:
    """And a segment of WAL that is used again would keep who was forgotten."""
    assert SERVICES["postgresql"]["network_mode"] == "none"
    script = (DEPLOY / "postgresql.sh").read_text(encoding="utf-8")
    assert "-c listen_addresses= " in script
    assert "-c wal_recycle=off" in script


def test_frein_believes_the_proxy_alone() -> None:
    said = SERVICES["frein"]["environment"]
    address = SERVICES["proxy"]["networks"]["outside"]["ipv4_address"]
    assert said["FREIN_TRUSTED_PROXIES"] == address
    assert said["FREIN_ALLOWED_HOSTS"].startswith("${SITE:?")
    assert "{$SITE} {" in CADDYFILE
    assert "reverse_proxy frein:8000" in CADDYFILE


def test_what_is_stored_outlives_a_container() -> None:
    """With room beside the anchors, where a restore is made ready."""
    kept = {
        volume.split(":")[1]: volume.split(":")[0]
        for said in SERVICES.values()
        for volume in said.get("volumes", [])
    }
    assert set(COMPOSE["volumes"]) == set(kept.values())
    environment = SERVICES["frein"]["environment"]
    models = SERVICES["mlflow"]["environment"]
    assert str(Path(environment["FREIN_AUDIT_FOLDER"]).parent) in kept
    assert "host=/run/postgresql" in environment["FREIN_DATABASE_URL"]
    assert "/run/postgresql" in kept
    for where in ("MLFLOW_BACKEND_STORE_URI", "MLFLOW_ARTIFACTS_DESTINATION"):
        folder = str(Path(models[where].removeprefix("sqlite:///")).parent)
        assert folder in kept


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_secret_stands_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?i)(password|secret|token|api_?key)\w*\s*[=:]\s*\S", text)
    assert not re.search(r"://\w+:[^/@\s]+@", text)


def test_an_image_holds_the_project_s_own_folders_alone() -> None:
    """Not a store, a model or a `.env` that lies there."""
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", CONTAINERFILE, re.MULTILINE)
    names = {name.split("/")[0] for each in copied for name in each.split()}
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    files = {"pyproject.toml", "requirements.lock", "frein.py", "LICENSE", "README.md"}
    assert names - {"--chmod=0755"} == packages - {"tests"} | files
    assert not (DEPLOY / "__init__.py").exists()


def test_packages_are_those_of_the_lock() -> None:
    commands = re.split(r"&&|\n", CONTAINERFILE.replace("\\\n", ""))
    brings = [each for each in commands if re.search(r"/pip .*(install|wheel) ", each)]
    assert len(brings) == 5
    assert all("--require-hashes" in each or "--no-index" in each for each in brings)
    assert all("--no-build-isolation" in each for each in brings if " wheel " in each)


def test_the_example_has_what_the_compose_file_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert asked <= set(re.findall(r"^(\w+)=", EXAMPLE, re.MULTILINE))


def test_the_metrics_that_the_page_names_are_there() -> None:
    text = Metrics().text(is_whole=True, n_faults=0).decode()
    there = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    there |= {f"frein_call_seconds_{part}" for part in ("bucket", "count", "sum")}
    named = set(re.findall(r"\bfrein_[a-z_]+", PAGE))
    assert len(named) > 5
    assert named <= there
