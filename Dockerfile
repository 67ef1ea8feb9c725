# The image of every Airflow service and of the town: Airflow's own, plus what uv.lock adds.
FROM apache/airflow:3.3.2-python3.11
USER root
COPY --from=ghcr.io/astral-sh/uv:0.9.10 /uv /usr/local/bin/uv
WORKDIR /opt/register
COPY pyproject.toml uv.lock ./
RUN uv export --locked --no-dev --no-hashes --format requirements-txt > /tmp/requirements.txt
USER airflow
RUN pip install --no-cache-dir --requirement /tmp/requirements.txt
COPY --chown=airflow:root dags dags
COPY --chown=airflow:root plugins plugins
COPY --chown=airflow:root extractors extractors
COPY --chown=airflow:root expectations expectations
COPY --chown=airflow:root warehouse warehouse
COPY --chown=airflow:root simulator simulator
ENV PYTHONPATH=/opt/register \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/register/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/register/plugins
