"""Upstream's BigVGAN on the random weights of `cargo xtask fixtures --random-bigvgan`, beside the example `bigvgan`.

    VENV/bin/pip install --no-deps bigvgan==2.4.1    # into the environment of README.md, which has torch and librosa
    VENV/bin/python benches/compare/torch_bigvgan.py target/fixtures/random-bigvgan [--frames 480] [--threads 2]

Weight norm is removed first, as upstream's inference does. Prints the real-time factor of each repetition.
"""
import argparse, json, pathlib, time, warnings
warnings.filterwarnings("ignore")
import torch
from safetensors.torch import load_file
from bigvgan.bigvgan import AttrDict, BigVGAN

args = argparse.ArgumentParser()
args.add_argument("dir", type=pathlib.Path)
args.add_argument("--frames", type=int, default=480)
args.add_argument("--threads", type=int, default=2)
args.add_argument("--reps", type=int, default=3)
args = args.parse_args()
torch.set_num_threads(args.threads)
network = BigVGAN(AttrDict(json.loads((args.dir / "config.json").read_text()))).eval()
missing, extra = network.load_state_dict(load_file(args.dir / "bigvgan_generator.safetensors"), strict=False)
assert not extra and all(name.endswith("filter") for name in missing), (missing, extra)
network.remove_weight_norm()
mel = torch.randn(1, 100, args.frames, generator=torch.Generator().manual_seed(1)) - 3
for _ in range(args.reps):
    clock = time.perf_counter()
    with torch.inference_mode():
        wave = network(mel)
    took, seconds = time.perf_counter() - clock, wave.shape[-1] / 24000
    print(f"{seconds:.2f} s of sound in {took:.2f} s: real-time factor {took / seconds:.3f}", flush=True)
