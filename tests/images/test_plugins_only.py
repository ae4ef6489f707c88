"""What is left of a project for installing its plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tools.images import link_equal
from tools.images.bake_catalogs import chosen, variable
from tools.images.plugins_only import main

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """
version: 1
requires_meltano: ~=4.4
project_id: orders
default_environment: dev
include_paths: [./more/*.yml]
env: {MIRROR: example, UNUSED: x}
venv.backend: uv
environments: [{name: dev, config: {plugins: {}}}]
state_backend: {uri: s3://bucket}
plugins:
  extractors:
  - name: tap-own
    namespace: tap_own
    pip_url: -c ${MELTANO_PROJECT_ROOT}/plugins/constraints/tap.txt ./tap-own[s3]
    executable: tap-own
    python: python3.13
    config: {password: hidden}
    select: ['*.*']
    settings: [{name: password, sensitive: true}]
    annotations: {meltano_pods: {retries: 1}}
    use_cached_catalog: true
  - {name: tap-heir, inherit_from: tap-own, config: {a: 1}}
  files:
  - {name: files-x, pip_url: files-x}
schedules: [{name: daily, extractor: tap-own, loader: target-x, interval: '@daily'}]
jobs: []
"""
MORE = """
plugins:
  extractors: [{name: tap-more, variant: some, pip_url: -e ./elsewhere}]
  loaders: [{name: target-x, pip_url: --index $MIRROR target-x==1}]
jobs: [{name: one, tasks: [tap-own target-x]}]
"""


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    files = {
        "meltano.yml": MAIN,
        "more/plugins.yml": MORE,
        "plugins/constraints/tap.txt": "",
        "plugins/loaders/target-x--some.lock": "{}",
        "tap-own/pyproject.toml": "",
        "tap-own/.venv/pyvenv.cfg": "",
        "tap-own/tap_own/__pycache__/x.pyc": "",
        "tap-own/tap_own/__init__.py": "",
        "elsewhere/setup.py": "",
        "data/rows.csv": "",
        ".env": "SECRET=1",
    }
    for name, text in files.items():
        file = tmp_path / "projects" / "orders" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "projects"


def reduced(projects: Path, name: str = "reduced") -> dict[str, str]:
    target = projects.parent / name
    main(projects, target)
    files = (path for path in target.rglob("*") if path.is_file())
    return {str(path.relative_to(target / "orders")): path.read_text() for path in files}


def test_only_what_installing_needs_is_kept(projects: Path) -> None:
    files = reduced(projects)
    assert sorted(files) == [
        "elsewhere/setup.py",
        "meltano.yml",
        "plugins/constraints/tap.txt",
        "plugins/loaders/target-x--some.lock",
        "tap-own/pyproject.toml",
        "tap-own/tap_own/__init__.py",
    ]
    content: dict[str, Any] = yaml.safe_load(files["meltano.yml"])
    assert set(content) == {
        *("version", "requires_meltano", "project_id", "venv.backend", "env", "plugins")
    }
    assert content["env"] == {"MIRROR": "example"}
    extractors = content["plugins"]["extractors"]
    assert set(extractors[0]) == {"name", "namespace", "pip_url", "executable", "python"}
    assert extractors[1] == {"name": "tap-heir", "inherit_from": "tap-own"}
    assert extractors[2]["name"] == "tap-more"
    assert set(content["plugins"]) == {"extractors", "loaders"}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("meltano.yml", "@daily", "@hourly"),
        ("meltano.yml", "hidden", "other"),
        ("meltano.yml", "s3://bucket", "gs://bucket"),
        ("more/plugins.yml", "name: one", "name: two"),
        ("data/rows.csv", "", "1,2"),
        (".env", "SECRET=1", "SECRET=2"),
    ],
)
def test_what_does_not_touch_plugins_changes_nothing(
    projects: Path, file: str, old: str, new: str
) -> None:
    before = reduced(projects)
    path = projects / "orders" / file
    path.write_text(path.read_text().replace(old, new, 1))
    assert reduced(projects, "again") == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("meltano.yml", "python3.13", "python3.12"),
        ("more/plugins.yml", "target-x==1", "target-x==2"),
        ("meltano.yml", "MIRROR: example", "MIRROR: other"),
        ("tap-own/tap_own/__init__.py", "", "x = 1"),
        ("plugins/constraints/tap.txt", "", "attrs==1"),
    ],
)
def test_what_touches_plugins_shows(projects: Path, file: str, old: str, new: str) -> None:
    before = reduced(projects)
    path = projects / "orders" / file
    path.write_text(path.read_text().replace(old, new, 1))
    assert reduced(projects, "again") != before


def test_a_folder_without_meltano_yml_is_no_project(projects: Path) -> None:
    (projects / "notes").mkdir()
    main(projects, projects.parent / "out")
    assert [path.name for path in (projects.parent / "out").iterdir()] == ["orders"]


def test_a_project_may_take_a_plugin_from_one_beside_it(projects: Path) -> None:
    other = projects / "another"  # before the one it takes from, in order
    other.mkdir()
    own = "$MELTANO_PROJECT_ROOT/../orders"
    url = f"-c {own}/plugins/constraints/tap.txt {own}/tap-own ../../outside"
    other.joinpath("meltano.yml").write_text(
        f"plugins: {{extractors: [{{name: tap-own, namespace: n, pip_url: {url}}}]}}\n"
    )
    target = projects.parent / "out"
    main(projects, target)
    assert (target / "orders" / "tap-own" / "pyproject.toml").exists()
    assert (target / "orders" / "meltano.yml").exists()
    assert sorted(path.name for path in target.iterdir()) == ["another", "orders"]


def test_what_dbt_packages_are_made_of_is_kept(projects: Path) -> None:
    folder = projects / "orders" / "transform"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("name: orders\n")
    (folder / "models" / "orders.sql").write_text("select 1\n")
    assert "transform/dbt_project.yml" not in reduced(projects)
    (folder / "packages.yml").write_text("packages: [{local: ../more-sql}, {package: x/y}]\n")
    (folder / "package-lock.yml").write_text("packages: []\n")
    (folder / "dbt_packages" / "z").mkdir(parents=True)
    (folder / "dbt_packages" / "z" / "dbt_project.yml").write_text("name: z\n")
    more = projects / "orders" / "more-sql"
    more.mkdir()
    (more / "dbt_project.yml").write_text("name: more\n")
    kept = set(reduced(projects, "again"))
    assert {name for name in kept if name.endswith(".yml")} == {
        "meltano.yml",
        "transform/dbt_project.yml",
        "transform/packages.yml",
        "transform/package-lock.yml",
        "more-sql/dbt_project.yml",
    }
    assert not any("dbt_packages" in name or "models" in name for name in kept)


def test_equal_files_are_stored_once(tmp_path: Path) -> None:
    for name, text in (("a/x", "1" * 5000), ("b/x", "1" * 5000), ("b/y", "2" * 5000), ("c", "1")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert link_equal.main(tmp_path) == 5000
    assert (tmp_path / "a/x").stat().st_ino == (tmp_path / "b/x").stat().st_ino
    assert (tmp_path / "b/y").read_text() == "2" * 5000
    assert link_equal.main(tmp_path) == 0


def test_catalogs_are_baked_where_it_is_said(projects: Path) -> None:
    assert chosen(projects / "orders") == ["tap-own"]
    assert variable("tap-own.v2") == "TAP_OWN_V2__CATALOG"
