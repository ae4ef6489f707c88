# The Airflow image, as `astro dev start` and `astro deploy` build it.

# Meltano with the projects' plugins is part of it, in an environment of its own, so that DAGs run
# without a cluster, dbt among them. `false` leaves it out (340 MB less) where all tasks run as pods.
ARG LOCAL_EXECUTION=true

# The Runtime's own ONBUILD steps install packages.txt and requirements.txt and copy the project to
# /usr/local/airflow.
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.13 AS airflow
# One import name everywhere: `import meltano_pods`.
ENV PYTHONPATH=/usr/local/airflow/include${PYTHONPATH:+:${PYTHONPATH}}
# docker-compose.override.yml mounts a volume there, which takes its owner from this folder.
RUN mkdir data


# Meltano as locked. The same Runtime without those steps: a changed DAG does not come by here.
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.13-base AS meltano
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
USER root
ENV UV_CACHE_DIR=/var/cache/uv UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CONFIG=1 \
    UV_PYTHON_DOWNLOADS=never
# A CA bundle, for networks with an intercepting proxy, comes as a build secret and stays out of
# every layer: --secret id=ca,src=/etc/ssl/certs/ca-certificates.crt (Astro CLI: --build-secrets). So
# do the passwords of private package indexes: --secret id=netrc,src=$HOME/.netrc
RUN echo 'if [[ -s /run/secrets/ca ]]; then export UV_SYSTEM_CERTS=1 \
    SSL_CERT_FILE=/run/secrets/ca REQUESTS_CA_BUNDLE=/run/secrets/ca; fi; \
    if [[ -s /run/secrets/netrc ]]; then export NETRC=/run/secrets/netrc; fi' >/etc/build-environment
WORKDIR /build
COPY meltano_requirements.txt ./
COPY locks/meltano.txt locks/
RUN --mount=type=secret,id=ca --mount=type=cache,target=/var/cache/uv \
    . /etc/build-environment; \
    uv venv /opt/meltano; \
    uv pip install --python /opt/meltano --requirements meltano_requirements.txt


# Of each project, only what installing its plugins needs: a changed schedule installs nothing.
FROM meltano AS definitions
COPY tools/images/plugins_only.py tools/images/
COPY meltano /projects
RUN /opt/meltano/bin/python -m tools.images.plugins_only /projects /definitions


# The plugins, at the path at which they will run: their environments cannot be moved.
FROM meltano AS plugins
COPY --from=definitions /definitions /usr/local/airflow/meltano
COPY tools/images/plugins_only.py tools/images/dbt_packages.py tools/images/link_equal.py tools/images/
COPY tools/images/install_plugins.sh ./
RUN --mount=type=secret,id=ca --mount=type=secret,id=netrc --mount=type=cache,target=/var/cache/uv \
    . /etc/build-environment; \
    bash install_plugins.sh /usr/local/airflow/meltano


FROM meltano AS runner
COPY include/meltano_runner meltano_runner
RUN --mount=type=secret,id=ca --mount=type=cache,target=/var/cache/uv \
    . /etc/build-environment; \
    uv pip install --python /opt/meltano --no-deps ./meltano_runner; \
    uv pip uninstall --quiet --python /opt/meltano uv pip virtualenv


# Both with the folders above them, whose times of change are part of a layer: as they are copied from
# here they stay the same, and a changed DAG does not make other layers to push and to pull of these.
FROM meltano AS local
RUN mkdir --parents /runner/opt /plugins/usr/local/airflow; \
    for change in chown chmod; do \
        "$change" --reference=/usr/local/airflow /plugins/usr/local/airflow; \
    done
COPY --from=runner --chown=astro:0 /opt/meltano /runner/opt/meltano
COPY --from=plugins --chown=astro:0 /usr/local/airflow/meltano /plugins/usr/local/airflow/meltano


FROM airflow AS local-false

FROM airflow AS local-true
COPY --from=local /runner/ /
COPY --from=local /plugins/ /

FROM local-${LOCAL_EXECUTION}
# What the pods run; `make push` writes it. A deployment's own variable of this name comes first.
ENV AIRFLOW__MELTANO_PODS__IMAGE=""
