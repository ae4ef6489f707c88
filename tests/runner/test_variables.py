"""Variables that plugins refer to and nobody has set, as Meltano would look for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from meltano_runner.run.definitions import Definitions
from meltano_runner.run.variables import MissingVariableError, check_variables, find_similar

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
default_environment: dev
env: {REGION: $AWS_REGION, FIXED: eu}
environments:
- name: dev
  env: {STAGE: dev}
  config:
    plugins:
      extractors:
      - name: tap-a
        config: {user: $DEV_USER}
- name: prod
plugins:
  extractors:
  - name: tap-a
    namespace: tap_aa
    settings: [{name: password, env: SECRET_OF_A, aliases: [pass]}, {name: host, value: $A_HOST}]
    config: {user: $PROD_USER, password: $A_PASSWORD}
  - name: tap-b
    inherit_from: tap-a
    config: {password: $B_PASSWORD}
  - name: tap-escaped
    config: {pattern: '\\$LITERAL', regex: '^a$', lower: $name, amount: US$ 5}
  - name: tap-deep
    config:
      files: [{path: $DATA/a.csv}, {path: '${DATA}/b.csv'}]
      auth: {token: $TOKEN}
  - name: tap-env
    env: {LEVEL: $VERBOSITY}
    config: {stage: $STAGE, fixed: $FIXED, region: $REGION, root: $MELTANO_PROJECT_ROOT/x}
  - name: tap-extra
    select: [$STREAMS]
    load_schema: $TAP_EXTRA_SCHEMA
  loaders:
  - name: target-a
    config: {default_target_schema: $TAP_A_SCHEMA, file: $OUT_DIR/x}
  mappers:
  - name: mapper
    config: {key: $MAP_KEY}
    mappings: [{name: hide, config: {x: 1}}]
  utilities:
  - name: dbt
jobs:
- name: nightly
  tasks: [tap-b target-a, dbt:run]
- name: weekly
  tasks: [nightly, [tap-env hide target-a]]
"""


def missing(root: Path, *blocks: str, text: str = PROJECT, **variables: str) -> list[str]:
    """Return the variables that a run of these blocks lacks."""
    (root / "meltano.yml").write_text(text)
    definitions = Definitions(root, variables.get("MELTANO_ENVIRONMENT"))
    try:
        check_variables(definitions, blocks, variables)
    except MissingVariableError as error:
        return [each.variable for each in error.missing]
    return []


def test_the_error_says_which_plugin_setting_and_variable(tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").write_text(PROJECT)
    with pytest.raises(MissingVariableError) as raised:
        check_variables(Definitions(tmp_path, None), ["tap-b"], {"DEV_USER": "x", "A_HOST": "h"})
    line = next(n for n, each in enumerate(PROJECT.splitlines(), 1) if "$B_PASSWORD" in each)
    place = f"{tmp_path.parent.name}/{tmp_path.name}/meltano.yml, line {line}"
    assert str(raised.value) == (
        "the variable B_PASSWORD is not set: the setting `password` of tap-b refers to "
        f"$B_PASSWORD ({place})"
    )
    assert raised.value.missing[0].plugin == "tap-b"


@pytest.mark.parametrize(
    ("blocks", "variables", "found"),
    [
        # The active environment's value goes before the plugin's own.
        (["tap-a"], {}, ["DEV_USER", "A_PASSWORD", "A_HOST"]),
        (["tap-a"], {"MELTANO_ENVIRONMENT": "prod"}, ["PROD_USER", "A_PASSWORD", "A_HOST"]),
        # A variable of the setting's own replaces what refers to others; so do its aliases.
        (["tap-a"], {"TAP_A_USER": "u", "TAP_AA_PASSWORD": "p", "TAP_A_HOST": "h"}, []),
        (["tap-a"], {"DEV_USER": "", "TAP_A_PASS": "p", "A_HOST": ""}, []),
        # Inherited: the child's own, then the parent's.
        (["tap-b"], {}, ["B_PASSWORD", "DEV_USER", "A_HOST"]),
        (["tap-escaped"], {}, []),
        (["tap-deep"], {}, ["DATA", "DATA", "TOKEN"]),
        (["tap-deep"], {"TAP_DEEP_FILES": "[]", "TAP_DEEP_AUTH_TOKEN": "t"}, []),
        # Variables under `env` are set.
        (["tap-env"], {}, []),
        (["tap-env"], {"MELTANO_ENVIRONMENT": "prod"}, ["STAGE"]),
        (["tap-extra"], {}, ["STREAMS"]),
        # A loader sees the extractor's settings; a plugin that does not run is not looked at.
        (["tap-a", "target-a"], {"DEV_USER": "", "A_PASSWORD": "", "A_HOST": ""}, ["OUT_DIR"]),
        (["nightly"], {"OUT_DIR": "o", "DEV_USER": "u", "A_HOST": "h"}, ["B_PASSWORD"]),
        (["weekly"], {"OUT_DIR": "o", "DEV_USER": "u", "A_HOST": "h", "B_PASSWORD": "p"},
         ["MAP_KEY"]),
        (["unknown", "dbt:run"], {}, []),
    ],
)  # fmt: skip
def test_only_what_meltano_would_take_counts(
    tmp_path: Path, blocks: list[str], variables: dict[str, str], found: list[str]
) -> None:
    assert missing(tmp_path, *blocks, **variables) == found


@pytest.mark.parametrize(
    ("extra", "variables", "found"),
    [
        ("ff: {strict_env_var_mode: false}\n", {}, []),
        ("ff.strict_env_var_mode: false\n", {}, []),
        ("ff: {strict_env_var_mode: true}\n", {}, ["STREAMS"]),
        ("", {"MELTANO_FF_STRICT_ENV_VAR_MODE": "false"}, []),
        (
            "ff: {strict_env_var_mode: false}\n",
            {"MELTANO_FF_STRICT_ENV_VAR_MODE": "1"},
            ["STREAMS"],
        ),
    ],
)
def test_a_project_can_have_meltanos_lenient_mode(
    tmp_path: Path, extra: str, variables: dict[str, str], found: list[str]
) -> None:
    assert missing(tmp_path, "tap-extra", text=extra + PROJECT, **variables) == found


def test_settings_of_the_project_count_too(tmp_path: Path) -> None:
    text = (
        "state_backend: {uri: $STATE_URI}\nx-shared: {password: $NOT_USED}\n"
        "environments: [{name: dev, state_id_suffix: $TENANT}]\n"
    )
    assert missing(tmp_path, "a", text=text) == ["STATE_URI"]
    variables = {"MELTANO_STATE_BACKEND_URI": "s3://b", "MELTANO_ENVIRONMENT": "dev"}
    assert missing(tmp_path, "a", text=text, **variables) == ["TENANT"]


def test_a_variable_of_the_environment_is_made_of_others(tmp_path: Path) -> None:
    text = (
        "environments: [{name: dev, env: {ACCOUNT: 'x-$CLOUD_ACCOUNT'}}]\n"
        "plugins: {extractors: [{name: tap-a, config: {account: $ACCOUNT}}]}"
    )
    assert missing(tmp_path, "tap-a", text=text) == ["ACCOUNT"]
    active = {"MELTANO_ENVIRONMENT": "dev"}
    assert missing(tmp_path, "tap-a", text=text, **active) == ["CLOUD_ACCOUNT"]
    assert missing(tmp_path, "tap-a", text=text, **active, CLOUD_ACCOUNT="a") == []


def test_a_setting_of_the_project_made_of_its_own_variable(tmp_path: Path) -> None:
    text = "database_uri: $MELTANO_DATABASE_URI"
    assert missing(tmp_path, "a", text=text) == ["MELTANO_DATABASE_URI"]
    assert missing(tmp_path, "a", text=text, MELTANO_DATABASE_URI="sqlite:///x") == []


def test_defaults_come_from_lock_files_and_definitions_from_included_files(tmp_path: Path) -> None:
    (tmp_path / "plugins" / "loaders").mkdir(parents=True)
    settings = [{"name": "path", "value": "$LOCKED_PATH"}, {"name": "other", "value": "$OTHER"}]
    lock = tmp_path / "plugins" / "loaders" / "target-x--acme.lock"
    lock.write_text(json.dumps({"namespace": "target_xx", "settings": settings}))
    (tmp_path / "loaders.meltano.yml").write_text(
        "plugins: {loaders: [{name: target-x, variant: acme, config: {other: fixed}}]}"
    )
    text = "include_paths: ['*.meltano.yml']"
    assert missing(tmp_path, "target-x", text=text) == ["LOCKED_PATH"]
    assert missing(tmp_path, "target-x", text=text, TARGET_XX_PATH="p") == []


@pytest.mark.parametrize("text", ["", "[]", "plugins: 1", "plugins: {extractors: {a: b}}", "a: {"])
def test_what_cannot_be_read_is_meltanos_to_complain_about(tmp_path: Path, text: str) -> None:
    assert missing(tmp_path, "tap-a", text=text) == []


SPLIT = {
    "meltano.yml": """\
include_paths: ['data/*.meltano.yml']
default_environment: userdev
environments:
- name: userdev
  env: {SEEDS: ./seeds}
  config: {plugins: {extractors: [{name: tap-csv, config: {path: $SEED}}]}}
""",
    "data/extractors.meltano.yml": """\
plugins:
  extractors:
  - name: tap-repos
    config:
      name: x
      path: ${SEED}/repos
      more:
      - $SEED
  - name: tap-csv
    config: {path: $OTHER}
""",
}


@pytest.mark.parametrize(
    ("block", "places"),
    [
        (
            "tap-repos",
            ["data/extractors.meltano.yml, line 6", "data/extractors.meltano.yml, line 8"],
        ),
        ("tap-csv", ["meltano.yml, line 6, environment userdev"]),
    ],
)
def test_the_error_names_file_line_and_the_similar_variable(
    tmp_path: Path, block: str, places: list[str]
) -> None:
    project = tmp_path / "meltano" / "squared"
    for name, text in SPLIT.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    with pytest.raises(MissingVariableError) as raised:
        check_variables(Definitions(project, None), [block], {"HOME": "/", "SEED_ID": "1"})
    assert [each.place for each in raised.value.missing] == [
        f"meltano/squared/{place}" for place in places
    ]
    assert str(raised.value).count("; did you mean SEEDS?") == len(places)


@pytest.mark.parametrize(
    ("variable", "known", "similar"),
    [
        ("SEED", ["SEEDS"], "SEEDS"),
        ("SHOP_PASWORD", ["PATH", "SHOP_PASSWORD", "SHOP_USER"], "SHOP_PASSWORD"),
        ("SHOPPASSWORD", ["SHOP_PASSWORD"], "SHOP_PASSWORD"),
        ("DB_PASS", ["DB_PASSWORD"], "DB_PASSWORD"),
        ("api_key", ["API_KEY"], "API_KEY"),
        # Names that are alike and mean something else.
        ("CRM_TOKEN", ["SHOP_TOKEN", "CRM_URL"], None),
        ("B_HOST", ["A_HOST"], None),
        ("TAP_1_URL", ["TAP_2_URL"], None),
        ("SHOP1_KEY", ["SHOP2_KEY"], None),
        ("DEV_USER", ["PROD_USER", "USER"], None),
    ],
)
def test_only_a_probable_misspelling_is_similar(
    variable: str, known: list[str], similar: str | None
) -> None:
    assert find_similar(variable, known) == similar
