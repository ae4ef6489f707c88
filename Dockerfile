# syntax=docker/dockerfile:1
# The Airflow image, as `astro dev start` and `astro deploy` build it. The Runtime's own ONBUILD
# steps install packages.txt and requirements.txt and copy the project to /usr/local/airflow.
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.13

# One import name everywhere: `import meltano_pods`.
ENV PYTHONPATH=/usr/local/airflow/include

# Meltano with the projects' plugins, in an environment of its own, so that the DAGs run without a
# cluster. `false` leaves it out (190 MB less) where all tasks run as pods.
ARG EMBED_MELTANO=true

SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
USER root
RUN install --directory --owner=astro --group=0 /opt/meltano
USER astro

# A CA bundle, for networks with an intercepting proxy, comes as a build secret and stays out of
# every layer: docker build --secret id=ca,src=/etc/ssl/certs/ca-certificates.crt
RUN --mount=type=secret,id=ca,mode=0444 \
    if [[ "$EMBED_MELTANO" != true ]]; then exit 0; fi; \
    if [[ -s /run/secrets/ca ]]; then \
        export SSL_CERT_FILE=/run/secrets/ca REQUESTS_CA_BUNDLE=/run/secrets/ca UV_SYSTEM_CERTS=1; \
    fi; \
    export UV_NO_CONFIG=1 UV_NO_CACHE=1 UV_LINK_MODE=copy; \
    export MELTANO_SEND_ANONYMOUS_USAGE_STATS=false MELTANO_CLI_LOG_LEVEL=warning; \
    uv venv --allow-existing /opt/meltano; \
    uv pip install --python /opt/meltano --compile-bytecode --requirements meltano_requirements.txt; \
    uv pip install --python /opt/meltano --compile-bytecode --no-deps ./include/meltano_runner; \
    for project in meltano/*/; do \
        (cd "$project" && /opt/meltano/bin/meltano install); \
    done
