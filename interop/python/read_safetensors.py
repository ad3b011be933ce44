"""Prints what Python's safetensors reads of files: a JSON object by file and tensor name."""

import hashlib
import json
import sys

from safetensors.numpy import load_file

print(
    json.dumps(
        {
            file: {
                name: {
                    "type": str(array.dtype),
                    "shape": list(array.shape),
                    "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
                }
                for name, array in load_file(file).items()
            }
            for file in sys.argv[1:]
        }
    )
)
