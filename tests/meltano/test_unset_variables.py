"""Exactly the settings that Meltano would leave empty make a run fail."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from meltano_runner.run.definitions import Definitions
from meltano_runner.run.variables import MissingVariableError, check_variables

pytestmark = pytest.mark.meltano

PYTHON = Path(__file__).parents[2] / ".venv-meltano" / "bin" / "python"
ASK = """
import json, logging, sys
from pathlib import Path
from meltano.core.plugin.settings_service import PluginSettingsService
from meltano.core.project import Project
logging.disable(logging.CRITICAL)
found = {}
for environment in ("dev", "prod"):
    Project.deactivate()
    project = Project(Path(sys.argv[1]))
    project.activate_environment(environment)
    for plugin in project.plugins.plugins():
        config = PluginSettingsService(project, plugin).as_dict()
        found[f"{environment} {plugin.name}"] = config
print(json.dumps(found, default=str))
"""
PROJECT = """
project_id: unset
send_anonymous_usage_stats: false
env: {REGION: $CLOUD_REGION, FIXED: eu}
environments:
- name: dev
  env: {STAGE: dev}
  config:
    plugins:
      extractors:
      - name: tap-a
        config: {user: $DEV_USER, nested.two: fixed}
      - name: tap-child
        env: {OF_CHILD: $ANYTHING}
- name: prod
  env: {ACCOUNT: $CLOUD_ACCOUNT, SELF: $SELF}
plugins:
  extractors:
  - name: tap-a
    namespace: tap_aa
    executable: tap-a
    settings:
    - {name: password, env: SECRET_OF_A, aliases: [pass]}
    - {name: host, value: $A_HOST}
    - {name: port, kind: integer, value: 5432}
    - {name: options, kind: object}
    config: {user: $PROD_USER, password: $A_PASSWORD, port: $A_PORT, nested: {two: $TWO}}
    select: [$STREAM.*]
    load_schema: $TAP_AA_SCHEMA
  - {name: tap-child, inherit_from: tap-a, config: {password: $CHILD_PASSWORD, mine: $OF_CHILD}}
  - name: tap-own
    namespace: tap_own
    executable: tap-own
    settings: [{name: token}, {name: files, kind: array}, {name: secret}]
    config:
      token: $TAP_OWN_TOKEN
      secret: 'x${PART}y'
      files: [{path: $DATA/a.csv}, {path: '${DATA}/b.csv'}]
  - name: tap-none
    namespace: tap_none
    executable: tap-none
    config: {escaped: '\\$LITERAL', regex: '^a$', lower: $name, price: US$ 5, double: a$$}
  loaders:
  - name: target-a
    namespace: target_a
    executable: target-a
    env: {LEVEL: debug}
    config: {stage: $STAGE, fixed: $FIXED, region: $REGION, account: $ACCOUNT, level: $LEVEL,
             root: $MELTANO_PROJECT_ROOT/x, gone: $GONE, self: $SELF}
"""
VARIABLES = [
    *("CLOUD_REGION", "CLOUD_ACCOUNT", "DEV_USER", "PROD_USER", "A_HOST", "A_PASSWORD", "A_PORT"),
    *("TWO", "STREAM", "CHILD_PASSWORD", "TAP_OWN_TOKEN", "PART", "DATA", "STAGE", "GONE"),
    *("LITERAL", "ANYTHING", "OF_CHILD", "SELF", "ACCOUNT"),
]


def _meltano(root: Path, **variables: str) -> dict[str, dict[str, object]]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, "MELTANO_DATABASE_URI": f"sqlite:///{root}/db", **variables}
    done = subprocess.run(
        [PYTHON, "-c", ASK, root], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, dict[str, object]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("given", [{}, {"A_PASSWORD": "p", "TAP_AA_USER": "u"}])
def test_what_an_unset_variable_changes_is_what_is_missing(
    tmp_path: Path, given: dict[str, str]
) -> None:
    (tmp_path / "meltano.yml").write_text(PROJECT)
    before = _meltano(tmp_path, **given)
    after = _meltano(tmp_path, **given, **{each: "1999" for each in VARIABLES if each not in given})
    for key, whole in after.items():
        environment, plugin = key.split()
        names = {name for name in whole if before[key].get(name) != whole[name]}
        try:
            check_variables(Definitions(tmp_path, environment), [plugin], given)
            found = set()
        except MissingVariableError as error:
            found = {each.setting.partition("[")[0] for each in error.missing}
        assert found == {name.removeprefix("_") for name in names}, key
