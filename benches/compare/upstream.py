"""Upstream's own PyTorch code as the other engine of the comparison: writes random weights of the released size under
the released names, writes inputs, and answers the requests of `examples/engine_bench.rs`.

    upstream.py prepare DIR [--model E2TTS_Base]
    upstream.py serve DIR [--model E2TTS_Base] [--dtype bf16]

Needs f5-tts 1.1.22 and vocos 0.1.0 from PyPI; see README.md beside this file.
"""

import argparse
import glob
import json
import os
import resource
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait do not count as work

import torch
from f5_tts.model import CFM, DiT, UNetT
from safetensors.torch import load_file, save_file
from torch import nn
from vocos.heads import ISTFTHead
from vocos.models import VocosBackbone

VOCAB_SIZE = 2545
SHARED = dict(dim=1024, heads=16, dim_head=64, mel_dim=100, text_num_embeds=VOCAB_SIZE)
NETWORKS = {
    "F5TTS_v1_Base": lambda: DiT(**SHARED, depth=22, ff_mult=2, text_dim=512, conv_layers=4),
    "E2TTS_Base": lambda: UNetT(**SHARED, depth=24, ff_mult=4, text_mask_padding=False, pe_attn_head=1),
}
MEL = dict(n_fft=1024, hop_length=256, win_length=1024, n_mel_channels=100, target_sample_rate=24000,
           mel_spec_type="vocos")
FRAMES = {512: 204, 1024: 409, 1219: 469, 2048: 819}  # of a sample, and of its reference


class Vocos(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = VocosBackbone(100, 512, 1536, 8)
        self.head = ISTFTHead(512, 1024, 256, "center")

    def forward(self, mel):
        return self.head(self.backbone(mel))


def network(model):
    return CFM(transformer=NETWORKS[model](), mel_spec_kwargs=MEL, odeint_kwargs=dict(method="euler")).eval()


def randomise(module, seed):
    """Upstream starts modulation and output at zero, which would make every result zero."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in sorted(module.named_parameters()):
            values = torch.randn(weight.shape, generator=random)
            if weight.ndim >= 2 and "grn" not in name:
                scale = 0.5 if "norm" in name or "text_embed.text_embed" in name else 1.0
                weight.copy_(scale * values / (1.0 if "text_embed.text_embed" in name else weight[0].numel() ** 0.5))
            elif name.endswith("weight") and "norm" in name:
                weight.copy_(1 + 0.05 * values)
            elif name.endswith("gamma") and "grn" not in name:
                weight.copy_(0.125 + 0.02 * values)
            else:
                weight.copy_(0.05 * values)
    return module


def prepare(folder, model):
    os.makedirs(folder, exist_ok=True)
    cfm = randomise(network(model), 1)
    tensors = {f"ema_model.{k}": v.clone() for k, v in cfm.state_dict().items() if k.startswith("transformer.")}
    save_file(tensors, f"{folder}/model.safetensors")
    save_file({k: v.clone() for k, v in randomise(Vocos(), 2).state_dict().items()}, f"{folder}/vocos.safetensors")
    random = torch.Generator().manual_seed(3)
    inputs = {"time": torch.tensor(0.3), "mel.937": torch.randn(1, 100, 937, generator=random)}
    for frames, reference in FRAMES.items():
        inputs[f"x.{frames}"] = torch.randn(1, frames, 100, generator=random)
        inputs[f"cond.{frames}"] = torch.zeros(1, frames, 100)
        inputs[f"cond.{frames}"][:, :reference] = torch.randn(1, reference, 100, generator=random) * 2 - 3
        inputs[f"text.{frames}"] = torch.randint(1, VOCAB_SIZE, (1, frames // 7), generator=random)
    save_file(inputs, f"{folder}/inputs.safetensors")


def threads():
    spent = {}
    for path in glob.glob("/proc/self/task/*/schedstat"):
        try:
            with open(path) as file:
                spent[path] = int(file.read().split()[0]) / 1e9
        except OSError:
            pass  # a thread that has ended
    return spent


def answer(**fields):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(dict(fields, rss_mb=peak)), flush=True)


def serve(folder, model, dtype):
    clock = time.perf_counter()
    cfm, vocos = network(model), Vocos().eval()
    weights = load_file(f"{folder}/model.safetensors")
    cfm.load_state_dict({k.removeprefix("ema_model."): v for k, v in weights.items()}, strict=False)
    vocos.load_state_dict(load_file(f"{folder}/vocos.safetensors"))
    cfm = cfm.to(dtype)
    inputs = load_file(f"{folder}/inputs.safetensors")
    answer(ready=True, engine=f"torch {torch.__version__} {dtype}", load_s=time.perf_counter() - clock)
    for line in sys.stdin:
        request = line.split()
        if request[0] == "quit":
            break
        before, clock = threads(), time.perf_counter()
        with torch.inference_mode():
            if request[0] == "vocos":
                out = vocos(inputs[f"mel.{request[1]}"])
            else:
                frames = int(request[1])
                cond, text = inputs[f"cond.{frames}"].to(dtype), inputs[f"text.{frames}"]
                cfm.transformer.clear_cache()
                if request[0] == "forward":
                    out = cfm.transformer(x=inputs[f"x.{frames}"].to(dtype), cond=cond, text=text,
                                          time=inputs["time"].to(dtype), cfg_infer=request[2] == "2")
                else:
                    out, _ = cfm.sample(cond=cond[:, : int(request[2])], text=text, duration=frames,
                                        steps=int(request[3]), cfg_strength=float(request[4]),
                                        sway_sampling_coef=-1.0, seed=1)
        wall = time.perf_counter() - clock
        spent = [seconds - before.get(path, 0.0) for path, seconds in threads().items()]
        answer(wall=wall, cpu=sum(spent), crit=max(spent), rms=float(out.float().pow(2).mean().sqrt()))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("command", choices=["prepare", "serve"])
    arguments.add_argument("folder")
    arguments.add_argument("--model", default="F5TTS_v1_Base", choices=NETWORKS)
    arguments.add_argument("--dtype", default="fp32", choices=["fp32", "bf16"])
    chosen = arguments.parse_args()
    if chosen.command == "prepare":
        prepare(chosen.folder, chosen.model)
    else:
        serve(chosen.folder, chosen.model, torch.bfloat16 if chosen.dtype == "bf16" else torch.float32)
