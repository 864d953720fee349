# Lacuna with everything: `docker build -t lacuna .`, then `docker run --rm -v "$PWD:/archive" -u "$(id -u):$(id -g)" lacuna run`.
FROM python:3.12-slim AS build
WORKDIR /source
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/lacuna \
    && /opt/lacuna/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.lock
COPY pipeline pipeline
RUN /opt/lacuna/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/lacuna/bin/pip install --no-cache-dir ".[all]" \
    && /opt/lacuna/bin/pip check

FROM python:3.12-slim
COPY --from=build /opt/lacuna /opt/lacuna
ENV PATH=/opt/lacuna/bin:$PATH PYTHONSAFEPATH=1 HOME=/tmp
WORKDIR /archive
USER 65534
ENTRYPOINT ["lacuna"]
CMD ["--help"]
