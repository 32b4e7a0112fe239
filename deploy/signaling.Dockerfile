# The signaling server alone: no torch, no models, no camera. Built from the repository's root.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY confapp confapp
COPY models models
COPY sender sender
COPY receiver receiver
COPY signaling signaling
# `confapp` without its weights, clips and dependencies; of these what the server imports.
RUN rm -rf models/checkpoints/*.safetensors models/checkpoints/*.json confapp/demo/people \
 && python -m venv /opt/confapp \
 && /opt/confapp/bin/pip install --no-cache-dir -c constraints.txt \
      fastapi "uvicorn[standard]" pydantic-settings typer itsdangerous prometheus-client segno redis \
 && /opt/confapp/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
COPY --from=build /opt/confapp /opt/confapp
ENV PATH=/opt/confapp/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000 9100
HEALTHCHECK --interval=10s --timeout=3s --retries=3 CMD \
  ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["confapp", "serve"]
CMD ["--host", "0.0.0.0"]
