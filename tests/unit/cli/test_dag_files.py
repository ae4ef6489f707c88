"""Which files may define a DAG, by their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.cli.dag_files import find_custom_dag_files, list_literal_ids

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "shop.py": "from meltano_pods import airflow_dags\nairflow_dags(__file__)\n",
    "literal.py": 'from airflow.sdk import DAG\nwith DAG("mine", schedule=None): ...\n',
    "keyword.py": "import airflow.sdk as a\na.DAG(\n    schedule=None, dag_id='by.keyword',\n)\n",
    "team/bare.py": "from airflow.sdk import dag\n@dag\ndef bare(): ...\nbare()\n",
    "team/called.py": "from airflow.sdk import dag\n@dag(schedule='@daily')\ndef called(): ...\n",
    "team/named.py": "from airflow.sdk import dag\n@dag(dag_id='named')\ndef other(): ...\n",
    "formatted.py": 'from airflow.sdk import DAG\nfor n in "ab":\n    DAG(f"tenant.{n}")\n',
    "computed.py": "from airflow.sdk import DAG\nfor n in NAMES:\n    DAG(n)\n",
    "factory.py": "from house.airflow import make_dag\nmake_dag(__file__)\n",
    "mentions.py": 'from airflow.sdk import DAG\nDAG("load", params={"project": "shop"})\n',
    "module.py": "NAMES = ['mine']\n",
    "broken.py": "from airflow.sdk import DAG\nDAG('mine'\n",
}


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    (tmp_path / "bytes.py").write_bytes(b"\xff DAG")
    return tmp_path


@pytest.mark.parametrize(
    ("dag_id", "files"),
    [
        ("mine", ["literal.py"]),
        ("by.keyword", ["keyword.py"]),
        ("bare", ["team/bare.py"]),
        ("called", ["team/called.py"]),
        ("named", ["team/named.py"]),
        ("tenant.a", ["formatted.py"]),
        # Only Airflow can tell.
        ("byxkeyword", ["computed.py", "factory.py"]),
        ("shop", ["computed.py", "factory.py"]),
        ("other", ["computed.py", "factory.py"]),
    ],
)
def test_the_files_that_may_define_a_dag(dags: Path, dag_id: str, files: list[str]) -> None:
    assert [str(each.relative_to(dags)) for each in find_custom_dag_files(dags, dag_id)] == files


def test_the_ids_that_files_name(dags: Path) -> None:
    assert sorted(list_literal_ids(dags)) == [
        "bare",
        "by.keyword",
        "called",
        "load",
        "mine",
        "named",
    ]


def test_no_folder(tmp_path: Path) -> None:
    assert find_custom_dag_files(tmp_path / "dags", "mine") == []
