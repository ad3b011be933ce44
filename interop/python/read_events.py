"""Prints what TensorBoard's own reader has of a folder of event files: JSON by kind, tag and step."""

import hashlib
import io
import json
import math
import sys

from PIL import Image
from tensorboard.backend.event_processing import plugin_event_accumulator
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

everything = {kind: 0 for kind in ("scalars", "histograms", "images", "tensors", "compressedHistograms")}
events = EventAccumulator(sys.argv[1], size_guidance=everything)
events.Reload()
tags = events.Tags()

# The one that TensorBoard's pages are served from; the other one does not drop texts when a run goes on earlier.
tensors = plugin_event_accumulator.EventAccumulator(
    sys.argv[1], size_guidance={"tensors": 0}, tensor_size_guidance={"text": 0}
)
tensors.Reload()


def number(value):
    return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")


def histogram(value):
    return {
        "edges": [value.min, *value.bucket_limit],
        "counts": list(value.bucket),
        "num": value.num,
        "max": value.max,
    }


def image(event):
    pixels = Image.open(io.BytesIO(event.encoded_image_string))
    return {
        "size": list(pixels.size),
        "claimed": [event.width, event.height],
        "mode": pixels.mode,
        "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
    }


def plugin_data(tag):
    return events.SummaryMetadata(tag).plugin_data


def hyperparameters(tag):
    info = HParamsPluginData.FromString(plugin_data(tag).content).session_start_info
    return {name: getattr(value, value.WhichOneof("kind")) for name, value in info.hparams.items()}


print(
    json.dumps(
        {
            "scalars": {
                tag: [[event.step, number(event.value)] for event in events.Scalars(tag)]
                for tag in tags["scalars"]
            },
            "histograms": {
                tag: [[event.step, histogram(event.histogram_value)] for event in events.Histograms(tag)]
                for tag in tags["histograms"]
            },
            "images": {tag: [[event.step, image(event)] for event in events.Images(tag)] for tag in tags["images"]},
            "texts": {
                tag: [[event.step, event.tensor_proto.string_val[0].decode()] for event in tensors.Tensors(tag)]
                for tag in tensors.PluginTagToContent("text")
            },
            "hyperparameters": hyperparameters("_hparams_/session_start_info"),
        },
        allow_nan=False,
    )
)
