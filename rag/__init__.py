"""A question's way to a cited answer over a library of paper abstracts."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # from 1.29 on, onnxruntime else tells Microsoft of every model it loads
