"""A project with a secret in every place where meltano.yml can hold one.

`CANARY` is followed by the place, so that a test that finds it also says where it came from.
"""

from __future__ import annotations

CANARY = "canary7f3"


def canary(place: str) -> str:
    return f"{CANARY}-{place}"


PROJECT = f"""\
default_environment: dev
database_uri: postgresql://meltano:{canary("database")}@127.0.0.1/meltano
state_backend:
  uri: s3://{canary("key")}:{canary("state")}@bucket/state
env:
  WAREHOUSE_PASSWORD: {canary("env")}
environments:
- name: dev
  env:
    WAREHOUSE_TOKEN: {canary("environment-env")}
  config:
    plugins:
      extractors:
      - name: tap-shop
        config: {{api_key: {canary("environment-config")}}}
plugins:
  extractors:
  - name: tap-shop
    namespace: tap_shop
    env: {{SHOP_SECRET: {canary("plugin-env")}}}
    config:
      password: {canary("config")}
      url: https://me:{canary("url")}@shop.example.org
    settings:
    - {{name: password, sensitive: true, value: {canary("default")}}}
  loaders:
  - name: target-b
    namespace: target_b
    config: {{private_key: "{canary("quoted")}"}}
jobs:
- {{name: load, tasks: tap-shop target-b}}
schedules:
- {{name: daily, job: load, interval: '@daily'}}
"""
