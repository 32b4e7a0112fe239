# One end of a call without a screen. Built from the repository's root. On x86-64 Linux the registry's
# PyTorch brings its own CUDA libraries; the machine has the driver and NVIDIA's container toolkit.
FROM python:3.11-slim
RUN apt-get update \
 && apt-get install -qy --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
# The dependencies are gigabytes: a layer of their own, which a change of the code leaves alone.
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > /tmp/dependencies \
 && python -m venv /opt/confapp \
 && /opt/confapp/bin/pip install --no-cache-dir -c constraints.txt -r /tmp/dependencies
COPY confapp confapp
COPY models models
COPY sender sender
COPY receiver receiver
COPY signaling signaling
RUN /opt/confapp/bin/pip install --no-cache-dir --no-deps .
ENV PATH=/opt/confapp/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["confapp"]
