"""The mobile inspection station. Start reading at ARCHITECTURE.md."""

import os

__version__ = "0.1.0"

# Before anything can import it: onnxruntime's wheels report to their maker (process, device id, sessions) unless told
# not to while they are loaded; asking it afterwards is too late. Both names are in use across its versions.
for _name in ("ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED"):
    os.environ[_name] = "1"
