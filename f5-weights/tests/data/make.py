"""Writes PyTorch's own files for the tests of feature `pickle`.

    python -m venv VENV && VENV/bin/pip install torch numpy && VENV/bin/python make.py

writes those beside this file (the published ones with torch 2.15.0). With two paths it saves the tensors of a
safetensors file as a plain state dict with the buffers that upstream's Vocos carries along:

    VENV/bin/python make.py IN.safetensors OUT.bin
"""
import collections, json, os, pathlib, struct, sys
import torch

HERE = pathlib.Path(__file__).parent
TYPES = {"F16": torch.float16, "F32": torch.float32}


class Hostile:
    """What a pickle can do: run a command when it is loaded."""

    def __reduce__(self):
        return os.system, ("touch /tmp/f5-weights-pickle-was-run",)


def counting(count, start, dtype=torch.float32):
    return torch.arange(start, start + count, dtype=torch.float32).to(dtype)


def tensors():
    """Small tensors in every layout that state dicts have."""
    whole = counting(12, 100.0)
    return collections.OrderedDict(
        plain=counting(6, 0.0).reshape(2, 3),
        half=counting(4, 0.5, torch.float16),
        brain=counting(4, -2.0, torch.bfloat16),
        turned=counting(6, 10.0).reshape(2, 3).T,  # not contiguous: [3, 2]
        tail=whole[8:],  # shares a storage, from an offset
        head=whole[:2],
        scalar=torch.tensor(7.5),
        empty=torch.zeros(0, 4),
        counter=torch.tensor(3),  # an integer, which weights may not be
    )


def training():
    average = {"initted": torch.tensor(True), "step": torch.tensor(9)}
    average |= {f"ema_model.transformer.{name}": t for name, t in tensors().items() if name != "counter"}
    optimizer = {"state": {0: {"step": torch.tensor(1.0), "exp_avg": counting(3, 0.0)}}, "param_groups": [{"lr": 1e-4}]}
    return {
        "model_state_dict": {"transformer.plain": torch.zeros(2, 3)},
        "optimizer_state_dict": optimizer,
        "ema_model_state_dict": average,
        "scheduler_state_dict": {"last_epoch": 3},
        "update": 5,
    }


def convert(source, target):
    data = pathlib.Path(source).read_bytes()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    state = collections.OrderedDict()
    state["feature_extractor.mel_spec.spectrogram.window"] = torch.hann_window(16)
    state["feature_extractor.mel_spec.mel_scale.fb"] = torch.ones(9, 4)
    for name, info in json.loads(data[8:end]).items():
        if name != "__metadata__":
            a, b = info["data_offsets"]
            flat = torch.frombuffer(bytearray(data[end + a : end + b]), dtype=TYPES[info["dtype"]])
            state[name] = flat.reshape(info["shape"])
    torch.save(state, target)


if len(sys.argv) == 3:
    convert(*sys.argv[1:])
else:
    torch.save(tensors(), HERE / "state.pt")
    torch.save(tensors(), HERE / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(training(), HERE / "training.pt")
    torch.save({"generator": dict(tensors())}, HERE / "generator.pt")
    torch.save({"weight": torch.zeros(2), "extra": Hostile()}, HERE / "hostile.pt")
    torch.save({"lr": 1e-4, "names": ["a"]}, HERE / "no_tensors.pt")
