"""The mobile inspection station. Start reading at ARCHITECTURE.md."""

import os

__version__ = "0.1.0"

# Before anything can import it: onnxruntime's wheels report to their maker (process, device id, sessions) unless told
# not to while they are loaded; asking it afterwards is too late. Both names are in use across its versions.
for _name in ("ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED"):
    os.environ[_name] = "1"

# Its matrices are small: a second thread of the linear algebra mostly waits in a loop, and the zone of a page cost 0.7
# instead of 0.4 s of processor time for it. Whoever sets it otherwise keeps that.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
