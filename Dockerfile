# taskapp, to be run by anybody but root, on a root that is read-only:
#   docker build -t taskapp .
#   docker run --read-only --tmpfs /tmp --env-file .env -p 127.0.0.1:8000:8000 taskapp
# compose.yaml puts a database, a pooler and Redis beside it.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
COPY requirements.txt ./
# Wheels with the hashes that were locked, and nothing else: no compiler is needed, or there.
RUN python -m venv --without-pip .venv \
    && pip --python .venv/bin/python install --require-hashes --only-binary :all: -r requirements.txt
# .dockerignore lets in what runs, and neither tests nor settings.
COPY . ./
# A read-only root cannot be written to when a module is first imported.
RUN python -m compileall -q . && mkdir instance

FROM python:3.11-slim
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=build /app ./
# SQLite's folder, when there is no PostgreSQL: let a volume be there.
RUN chown 10001:10001 instance
USER 10001:10001
EXPOSE 8000
# Whoever serves certain hosts only has to be asked for one of them.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; e = os.environ.get; u.urlopen(u.Request(f\"http://127.0.0.1:{e('PORT')}/healthz\", headers={'Host': e('TRUSTED_HOSTS', '').split(',')[0].strip() or 'localhost'}), timeout=4)"]
CMD ["gunicorn"]
