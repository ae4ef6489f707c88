"""Projects laid out as public ones are, in words of our own: files by their paths, by project."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAPS = """\
  extractors:
  - name: tap-crm
    namespace: tap_crm
    pip_url: git+https://git.example.com/acme/tap-crm.git@v1
    executable: tap-crm
  - {name: tap-files, namespace: tap_files, executable: tap-files}
"""
_TARGETS = """\
  loaders:
  - {name: target-lake, namespace: target_lake, executable: target-lake}
"""
_DBT = """\
  transformers:
  - name: dbt
    namespace: dbt
    executable: dbt
    commands: {clean: clean, deps: deps, run: run, test: {args: test, description: All tests}}
"""
_PLUGINS = f"plugins:\n{_TAPS}{_TARGETS}{_DBT}"
_JOB = "jobs:\n- {name: crm, tasks: [tap-crm target-lake]}\n"
_DAILY = "schedules:\n- {name: daily, interval: '@daily', job: crm}\n"
_ENVIRONMENTS = "environments: [{name: dev}, {name: prod}]\n"
_GOOD = f"default_environment: dev\n{_ENVIRONMENTS}{_PLUGINS}{_JOB}{_DAILY}"


def _schedules(*intervals: str) -> str:
    entries = (
        f"- name: at-{number}\n  job: crm\n  interval: {interval}\n"
        for number, interval in enumerate(intervals)
    )
    return f"schedules:\n{''.join(entries)}"


FIELD_PROJECTS: Mapping[str, str | Mapping[str, str]] = {
    "business hours, and back out of the warehouse": f"""\
version: 1
default_environment: dev
project_id: a-project-in-public
plugins:
{_TAPS}  - name: tap-lake
    namespace: tap_lake
    capabilities: [state, catalog, discover]
    config: {{path: $MELTANO_PROJECT_ROOT/output/lake.db}}
    select:
    - reports.*
{_TARGETS}  - name: target-chat
    namespace: target_chat
    settings:
    - {{name: uris, kind: array}}
{_DBT}environments:
- name: dev
  config:
    plugins:
      extractors:
      - name: tap-crm
        config: {{trailing_days: 3, start_date: '2023-05-03'}}
- name: staging
- name: prod
jobs:
- name: crm
  tasks:
  - tap-crm target-lake dbt:run tap-lake target-chat
schedules:
- name: twice_an_hour_during_business_hours
  interval: '*/23 13-22 * * 1-5' #8-17 elsewhere, cron is in UTC
  job: crm
""",
    "legacy transform": f"""\
version: 1
send_anonymous_usage_stats: true
{_PLUGINS}  orchestrators:
  - name: airflow
    namespace: airflow
    pip_url: apache-airflow==2.1.2 --constraint c-${{MELTANO__PYTHON_VERSION}}.txt
  files:
  - {{name: dbt, namespace: dbt, pip_url: git+https://git.example.com/files-dbt.git@v2}}
  - {{name: airflow, namespace: airflow, pip_url: git+https://git.example.com/files-airflow.git}}
schedules:
- name: crm-lake
  extractor: tap-crm
  loader: target-lake
  transform: run
  interval: '@daily'
  start_date: 2021-09-08 23:52:56.687741
- name: models
  extractor: tap-files
  loader: target-lake
  transform: only
  interval: '*/5 * * * *'
  start_date: 2021-09-08 23:52:56
- name: files-lake
  extractor: tap-files
  loader: target-lake
  transform: skip
  interval: '@hourly'
  start_date: 2021-09-08
""",
    "one tap under many names": """\
version: 1
default_environment: dev
environments:
- name: dev
  env:
    LAKE: /data/dev/lake.db
- name: prod
  env:
    LAKE: /data/prod/lake.db
plugins:
  extractors:
  - name: tap-rest
    namespace: tap_rest
    settings:
    - name: api_url
      kind: string
    config:
      api_url: https://api.example.com
  - name: stg_quakes
    inherit_from: tap-rest
    config:
      streams:
      - name: stg_quakes
#        headers:
#          x-key: XXX
        path: /api
    select:
    - '*.*'
  - name: stg_gas__2.1
    inherit_from: stg_quakes
  loaders:
  - {name: target-lake, namespace: target_lake, config: {filepath: $LAKE}}
  - name: target-lake-quakes
    inherit_from: target-lake
    config:
      filepath: $LAKE
  utilities:
  - name: dbt-lake
    namespace: dbt_ext
    executable: dbt_invoker
    commands:
      quakes:
        args: run --select tag:quakes
        description: Quakes alone.
      gas: {args: run --select tag:gas}
  - name: dbt-lake-nightly
    inherit_from: dbt-lake
jobs:
- name: Quakes to lake (report)
  tasks:
  - stg_quakes target-lake-quakes dbt-lake:quakes
  - [stg_gas__2.1 target-lake, 'dbt-lake-nightly:gas']
schedules:
- name: Quakes
  interval: 35 */1 * * *
  job: Quakes to lake (report)
  start_date: 2023-01-01 15:40:21.295936
""",
    "a folder for each part": {
        "meltano.yml": """\
version: 1
project_id: 87a2eed4-0000-4703-a76b-f8396538d763
default_environment: dev
include_paths:
- "./environments/*.meltano.yml"
- "./extract/*.meltano.yml"
- "./load/*.meltano.yml"
- "./orchestrate/**/schedules.yml"
- ./apps/**/app.yml
""",
        "environments/all.meltano.yml": _ENVIRONMENTS,
        "extract/extractors.meltano.yml": f"plugins:\n{_TAPS}",
        "load/loaders.meltano.yml": f"plugins:\n{_TARGETS}{_DBT}",
        "orchestrate/a/b/schedules.yml": _DAILY,
        "apps/one/app.yml": f"{_JOB}plugins: {{utilities: [{{name: one, namespace: one}}]}}\n",
    },
    "sections begun again in included files": {
        "meltano.yml": f"{_GOOD}include_paths: [second.yml, third.yml]\n",
        "second.yml": """\
plugins:
  extractors: [{name: tap-second, inherit_from: tap-crm}]
  utilities: [{name: report, namespace: report, commands: {send: send}}]
environments: [{name: staging}]
jobs: [{name: second, tasks: [tap-second target-lake, 'report:send']}]
state_backend: {uri: s3://bucket/state}
annotations: {meltano_pods: {owner: second}}
""",
        "third.yml": """\
schedules: [{name: third, interval: '@weekly', job: second}]
default_environment: staging
state_backend: {lock_timeout_seconds: 20}
annotations: {meltano_pods: {owner: third}}
""",
    },
    "every setting of Meltano's": f"""\
version: 1
requires_meltano: '>=4.0'
send_anonymous_usage_stats: false
project_readonly: false
auto_install: false
experimental: true
python: python3
database_uri: sqlite:///$MELTANO_PROJECT_ROOT/.meltano/meltano.db
database_max_retries: 1
database_retry_timeout: 2
hub_api_root: false
hub_url: https://hub.example.com
hub_url_auth: false
elt: {{buffer_size: 1000000}}
cli: {{log_level: warning, log_config: logging.yaml, disable_version_check: true}}
snowplow: {{collector_endpoints: ['https://sp.example.com']}}
venv: {{backend: virtualenv}}
ff: {{strict_env_var_mode: false, plugin_locks_required: true}}
state_backend:
  uri: gs://bucket/state
  lock_timeout_seconds: 10
  gcs: {{application_credentials_path: $HOME/key.json}}
env: {{REGION: eu, NUMBER: 5, FLAG: true, NOTHING: }}
annotations: {{other: {{x: 1}}}}
project_id: a-project
{_GOOD}""",
    "settings by dotted keys": f"""\
state_backend.uri: azure://container/state
elt.buffer_size: 1000
cli.log_level: info
{_GOOD}""",
    "a state backend from env at the top": f"""\
env: {{MELTANO_STATE_BACKEND_URI: 's3://bucket/state'}}
state_backend: {{uri: systemdb}}
{_GOOD}""",
    "a state backend of variables": f"""\
env: {{BUCKET: acme}}
state_backend:
  uri: s3://${{BUCKET}}/$MELTANO_ENVIRONMENT/state
{_GOOD}""",
    "a system database by a variable": f"""\
env: {{PLACE: systemdb}}
state_backend: {{uri: $PLACE}}
{_GOOD}""",
    "a state backend that is nothing": f"state_backend:\n{_GOOD}",
    "a state backend within an environment": f"""\
{
        _GOOD.replace(
            "[{name: dev}, {name: prod}]",
            '''
- name: dev
  env: {MELTANO_STATE_BACKEND_URI: 's3://environment'}
  config: {state_backend: {uri: 's3://config'}, elt.buffer_size: 5}
- name: prod''',
        )
    }""",
    "null sections": f"""\
environments:
schedules:
jobs: null
env:
annotations:
default_environment: ~
state_backend: {{uri: }}
{_PLUGINS}""",
    "null keys": """\
environments:
- {name: dev, config: , env: null, state_id_suffix: ~, annotations: }
- {name: prod, config: {plugins: }, annotations: {meltano_pods: , other: }}
default_environment: dev
plugins:
  extractors:
  - name: tap-crm
    namespace: tap_crm
    inherit_from: null
    variant: ~
    pip_url:
    executable:
    config:
    env:
    commands:
    settings:
    select:
    annotations:
  loaders: [{name: target-lake, namespace: target_lake, annotations: {meltano_pods: }}]
  mappers: [{name: map, namespace: map, mappings: [{name: hide, config: }]}]
  utilities: []
jobs:
- {name: crm, tasks: [tap-crm hide target-lake], annotations: }
schedules:
- extractor: null
  loader: null
  transform: null
  name: daily
  interval: '@daily'
  job: crm
  env:
  annotations:
- {job: , extractor: tap-crm, loader: target-lake, transform: skip, name: pair, interval: }
""",
    "empty keys": f"""\
default_environment: ''
{_PLUGINS}{_JOB}
environments: [{{name: dev, env: {{}}, config: {{}}, state_id_suffix: ''}}]
schedules:
- {{name: a, interval: '', job: crm, extractor: '', loader: '', transform: '', env: {{}}}}
- {{name: b, interval: '@daily', job: '', extractor: tap-crm, loader: target-lake, transform: skip}}
- {{name: c, interval: '@daily', job: [], extractor: tap-crm, loader: target-lake, transform: skip}}
""",
    "a pair beside a job": f"""\
{_PLUGINS}{_JOB}schedules:
- name: both
  interval: '@daily'
  job: crm
  extractor: tap-files
  loader: target-lake
  transform: run
""",
    "ranges that wrap": _PLUGINS
    + _JOB
    + _schedules(
        "0 22-2 * * *",
        "50-10/5 * * * *",
        "0 3 28-3 * *",
        "0 3 1 nov-feb *",
        "0 3 * * fri-mon",
        "45-15 20-4/2 25-5 10-3 5-1",
    ),
    "cron as people write it": _PLUGINS
    + _JOB
    + _schedules(
        "0 6 * * MON-FRI",
        "'0  6  *  *  *'",
        "00 06 01 JAN,JUL *",
        "0 0 L * *",
        "'0 0 ? * MON'",
        "0 12 1-7 * sun",
        "'*/15 6-22 * * *'",
        "5/20 0,12 * * 0-7",
    ),
    "a default environment from the process": f"{_GOOD.replace(': dev', ': $STAGE', 1)}",
    "a default environment in braces": _GOOD.replace(": dev", ": '${STAGE}'", 1),
    "a default environment of two parts": _GOOD.replace(": dev", ": p${REST}", 1),
    "a default environment from a file": {
        "meltano.yml": _GOOD.replace(": dev", ": $OF_FILE", 1),
        ".env": "# of this machine\nexport OF_FILE='prod'  # a comment\nSTAGE=dev\n",
    },
    "a default environment from env at the top": (
        "env: {STAGE: dev}\n" + _GOOD.replace(": dev", ": $STAGE", 1)
    ),
    "an environment from a file": {
        "meltano.yml": _GOOD,
        ".env": 'MELTANO_ENVIRONMENT="prod"\n',
    },
    "a default environment by its variable": ("env: {MELTANO_DEFAULT_ENVIRONMENT: prod}\n" + _GOOD),
    "anchors everywhere": f"""\
x-common: &common
  config: &config {{region: eu, retries: 3}}
  annotations: &notes {{other: {{team: data}}, meltano_pods: {{retries: 3}}}}
default_environment: dev
environments:
- &dev
  name: dev
  config:
    plugins:
      extractors:
      - {{name: tap-crm, config: {{<<: *config, region: us}}}}
- {{<<: *dev, name: prod}}
plugins:
  extractors:
  - &tap
    <<: *common
    name: tap-crm
    namespace: tap_crm
  - <<: *tap
    name: tap-files
{_TARGETS}jobs:
- &job {{name: crm, tasks: &tasks [tap-crm target-lake], annotations: *notes}}
- {{<<: *job, name: files, tasks: [tap-files target-lake, *tasks]}}
schedules:
- {{name: daily, interval: '@daily', job: crm, annotations: *notes, env: *config}}
""",
    "mappings of two mappers over two taps": f"""\
default_environment: dev
{_ENVIRONMENTS}plugins:
{_TAPS}{_TARGETS}  mappers:
  - name: map-columns
    namespace: map_columns
    executable: map
    settings: [{{name: stream_maps, kind: object}}]
    mappings:
    - name: hash-emails
      config: {{stream_maps: {{customers: {{email: md5(email)}}}}}}
    - {{name: drop-notes, config: {{stream_maps: {{orders: {{note: __NULL__}}}}}}}}
  - name: mask
    namespace: mask
    mappings: [{{name: mask-names, config: {{}}}}]
jobs:
- name: both
  tasks:
  - tap-crm hash-emails mask-names target-lake
  - [tap-files, drop-notes, target-lake]
  - tap-crm drop-notes target-lake tap-files hash-emails drop-notes target-lake
""",
    "env at every level": f"""\
default_environment: dev
env: {{LEVEL: top, TOP: $HOME}}
environments:
- name: dev
  env: {{LEVEL: environment, NUMBER: 5}}
  config:
    plugins:
      extractors: [{{name: tap-crm, env: {{LEVEL: plugin of environment}}}}]
plugins:
  extractors:
  - {{name: tap-crm, namespace: tap_crm, env: {{LEVEL: plugin, URL: 'https://$TOP'}}}}
{_TARGETS}{_JOB}schedules:
- name: daily
  interval: '@daily'
  job: crm
  env:
    LEVEL: schedule
    WINDOW_START: '2024-01-01'
    LIMIT: 1000
    FILTER: '$LEVEL and ${{TOP}}'
""",
    "tasks nested in each other": f"""\
default_environment: dev
{_ENVIRONMENTS}{_PLUGINS}jobs:
- name: nested
  tasks:
  - - tap-crm target-lake
    - - dbt:run
      - [dbt:test]
  - tap-files target-lake
  - [[[dbt:deps, dbt:run dbt:test]]]
- name: one
  tasks: [dbt:run]
- name: folded
  tasks:
  - >-
    tap-crm
    target-lake
    dbt:run
  - >-
    tap-files
    target-lake
""",
    "plugins in an environment": f"""\
default_environment: dev
{_PLUGINS}{_JOB}environments:
- name: dev
  config:
    plugins:
      extractors:
      - name: tap-crm
        config: {{start_date: '2024-01-01'}}
        select: ['orders.*', '!orders.note']
        metadata: {{orders: {{replication-method: INCREMENTAL, replication-key: updated_at}}}}
        annotations: {{meltano_pods: {{retries: 1}}, other: [1]}}
      - {{name: tap-unknown, config: {{a: 1}}}}
      loaders:
      - {{name: target-lake, config: {{schema: dev_$USER}}}}
      transformers: [{{name: dbt, config: {{target: dev}}}}]
      utilities: []
  state_id_suffix: blue
- {{name: prod-eu.1, config: {{plugins: {{extractors: []}}}}}}
""",
    "annotations of other vendors": f"""\
annotations: {{airflow: [1, two], cosmos: text, dagster: {{a: {{b: 1}}}}, none: }}
default_environment: dev
environments: [{{name: dev, annotations: {{airflow: {{pool: x}}}}}}]
plugins:
  extractors:
  - {{name: tap-crm, namespace: tap_crm, annotations: {{airflow: {{image: x}}, kube: 1}}}}
{_TARGETS}jobs:
- {{name: crm, tasks: [tap-crm target-lake], annotations: {{dagster: {{retries: 1}}}}}}
schedules:
- {{name: daily, interval: '@daily', job: crm, annotations: {{airflow: {{retries: 9}}}}}}
""",
    "comments, line ends and a mark": (
        "\ufeff# written manually\n---\n"
        + _GOOD.replace("plugins:", "\n# all of them\nplugins:   # here   ").replace(
            "jobs:", "\n    # indented comment\njobs:"
        )
        + "project_id: a\n# the end\n...\n"
    ).replace("\n", "\r\n"),
    "keys of plugins, old and new": f"""\
default_environment: dev
{_ENVIRONMENTS}venv: {{backend: uv}}
python: python3.11
plugins:
  extractors:
  - name: tap-crm
    namespace: tap_crm
    label: CRM
    logo_url: /logo.png
    docs: https://example.com
    repo: https://example.com
    hidden: false
    python: python3.12
    pip_url: >-
      tap-crm~=1.0
      -c constraints/${{MELTANO__PYTHON_VERSION}}.txt
    executable: tap-crm
    capabilities: [catalog, discover, state, about, stream-maps]
    settings_group_validation: [[token], [user, password]]
    settings:
    - {{name: token, kind: password, sensitive: true, env: CRM_TOKEN, aliases: [api_token]}}
    catalog: extract/catalog.json
    load_schema: crm
    use_cached_catalog: false
    requires: {{files: [{{name: files-crm, variant: acme}}]}}
    start_date: '2020-01-01'
{_TARGETS}  utilities:
  - name: ext
    namespace: ext
    executable: ext
    commands:
      describe: {{args: describe, executable: ext_extension}}
      build:
        args: build
        container_spec: {{image: acme/ext, command: build}}
{_JOB}""",
    "two jobs of one pipeline": f"""\
default_environment: dev
{_ENVIRONMENTS}{_PLUGINS}jobs:
- name: el
  tasks: [tap-crm target-lake]
- name: elt
  tasks: [tap-crm target-lake, 'dbt:run']
""",
    "a suffix from a variable": _GOOD.replace(
        "[{name: dev}, {name: prod}]",
        "[{name: dev, state_id_suffix: $BRANCH}, {name: prod, state_id_suffix: x-$STAGE}]",
    ).replace("default", "env: {BRANCH: blue}\ndefault"),
    "references where none is replaced": """\
plugins:
  extractors:
  - {name: tap-$STAGE, namespace: tap_x}
  loaders: [{name: target-lake, namespace: target_lake}]
jobs: [{name: $STAGE, tasks: [tap-$STAGE target-lake]}]
schedules:
- {name: '${STAGE}', interval: '@daily', job: $STAGE}
environments: [{name: dev}]
""",
    "plugins that only the Hub knows": """\
default_environment: dev
environments: [{name: dev}]
plugins:
  extractors:
  - {name: tap-crm, variant: acme, pip_url: tap-crm}
  - {name: tap-shop, pip_url: tap-shop}
  - {name: tap-eu, inherit_from: tap-shop}
  loaders:
  - {name: target-lake, variant: acme}
  utilities:
  - {name: dbt-lake, variant: acme}
  - {name: airflow}
jobs:
- name: all
  tasks: [tap-crm target-lake, tap-shop target-lake, tap-eu target-lake, 'dbt-lake:run']
schedules:
- {name: daily, interval: '@daily', job: all, start_date: 2024-01-01}
- {name: shop, interval: '@weekly', extractor: tap-shop, loader: target-lake, transform: skip}
""",
}
