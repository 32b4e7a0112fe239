# One end of a call without a screen. Built from the repository's root. On x86-64 Linux the registry's
# PyTorch brings its own CUDA libraries; the machine has the driver and NVIDIA's container toolkit.
FROM python:3.11-slim
RUN apt-get update \
 && apt-get install -qy --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/confapp
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY confapp confapp
COPY models models
COPY sender sender
COPY receiver receiver
COPY signaling signaling
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -c constraints.txt .
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["confapp"]
