"""The variables that Meltano prefers to a setting in meltano.yml, beside those that we name."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from meltano_pods.project import read_project
from meltano_pods.project.configured_settings import ConfiguredSettings
from meltano_pods.project.files import read_project_files

from tests.runner.pipeline import BIN
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.meltano

PROJECT = """\
project_id: variables
environments:
- name: dev
  config:
    plugins:
      loaders: [{name: target-child, config: {destination_path: /env}}]
plugins:
  extractors:
  - name: tap-shop.eu
    namespace: acme_shop
    settings:
    - {name: path, aliases: [file, in-put], env_aliases: [CSV_PATH, '!NO_PATH'], env: OUT_PATH}
    - {name: a.b}
    config: {path: x, a: {b: 1}, free: {deep: 2}, list: [1]}
    select: ['*.*']
  - {name: tap-child, inherit_from: tap-shop.eu, config: {path: y}}
  loaders:
  - {name: target-jsonl, namespace: target_jsonl, config: {destination_path: /own}}
  - {name: target-child, inherit_from: target-jsonl}
  - {name: target-locked, inherit_from: target-jsonl, variant: andyh1203, config: {custom_name: x}}
"""
# Where a child has no value of its own, Meltano asks its parent, whose variables count then.
ORACLE = """\
import json, sys
from pathlib import Path
from meltano.core.plugin.settings_service import PluginSettingsService
from meltano.core.project import Project

def preferred(service, setting, source):
    names = [each.key for each in service.setting_env_vars(setting)]
    if source != "INHERITED":
        return names
    parent = service.inherited_settings_service
    found = parent.config_with_metadata()[setting.name]
    return names + preferred(parent, found["setting"], found["source"].name)

project = Project(Path(sys.argv[1]))
project.activate_environment("dev")
found = {}
for plugin in project.plugins.plugins():
    service = PluginSettingsService(project, plugin)
    for name, each in service.config_with_metadata().items():
        if each["source"].name in ("MELTANO_YML", "MELTANO_ENVIRONMENT", "INHERITED"):
            names = preferred(service, each["setting"], each["source"].name)
            found[f"{plugin.name} {name.removeprefix('_')}"] = sorted(set(names))
print(json.dumps(found))
"""


def test_the_names_are_meltanos(tmp_path: Path) -> None:
    folder = tmp_path / "variables"
    (folder / "plugins" / "loaders").mkdir(parents=True)
    (folder / "meltano.yml").write_text(PROJECT)
    lock = "plugins/loaders/target-jsonl--andyh1203.lock"
    (folder / lock).write_text((ROOT / "meltano" / "csv_to_json" / lock).read_text())
    content = subprocess.check_output([BIN / "python", "-c", ORACLE, folder], text=True)
    meltanos = json.loads(content.splitlines()[-1])
    assert meltanos["tap-child a.b"]  # inherited
    project = read_project(folder)
    settings = ConfiguredSettings(project, read_project_files(folder))
    ours = {
        f"{plugin.name} {each.name}": sorted(each.variables)
        for plugin in project.plugins
        for each in settings.find_plugin_settings(plugin, "dev")
    }
    assert ours == meltanos
