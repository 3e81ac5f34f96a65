"""Times upstream's PyTorch code and this engine in alternation, on the same weights and inputs, and prints a table.

    compare.py DIR [--model E2TTS_Base] [--reps 5] [--precision bf16 --precision f32]

DIR holds what `upstream.py prepare DIR` wrote for the same model. Run with the Python that has f5-tts; see README.md beside this file.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
REQUESTS = ["forward 1024 2", "sample 1219 469 7 2.0", "vocos 937"]
GENERATED_SECONDS = 8.0  # of the sample


def start(name, command):
    environment = dict(os.environ, OMP_NUM_THREADS="2", RAYON_NUM_THREADS="2", OMP_WAIT_POLICY="PASSIVE")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    ready = json.loads(process.stdout.readline())
    print(f"{name}: {ready['engine']}, loaded in {ready['load_s']:.2f} s", flush=True)
    return process


def ask(process, request):
    process.stdin.write(request + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder")
    arguments.add_argument("--model", default="F5TTS_v1_Base")
    arguments.add_argument("--reps", type=int, default=5)
    arguments.add_argument("--precision", action="append", choices=["bf16", "f32"])
    arguments.add_argument("--bench", default=str(HERE / "../../target/release/examples/engine_bench"))
    chosen = arguments.parse_args()
    folder = chosen.folder
    upstream = [sys.executable, "-W", "ignore", str(HERE / "upstream.py"), "serve", folder, "--model", chosen.model]
    ours = [chosen.bench, "serve", "--preset", chosen.model, "--weights", f"{folder}/model.safetensors",
            "--vocos", f"{folder}/vocos.safetensors", "--inputs", f"{folder}/inputs.safetensors"]
    engines = {"torch fp32": start("torch fp32", upstream), "torch bf16": start("torch bf16", upstream + ["--dtype", "bf16"])}
    for precision in chosen.precision or ["f32", "bf16"]:
        engines[f"ours {precision}"] = start(f"ours {precision}", ours + ["--precision", precision])

    print("\n| request | engine | wall s | busiest thread s | share of torch fp32 | rms | peak MB | load |")
    print("|---|---|---|---|---|---|---|---|")
    for request in REQUESTS:
        answers = {name: [] for name in engines}
        for process in engines.values():
            ask(process, request)  # warm-up
        for repetition in range(chosen.reps):
            order = list(engines.items())
            for name, process in order if repetition % 2 == 0 else reversed(order):
                answers[name].append(ask(process, request))
        for name, measured in answers.items():
            median = {key: statistics.median(one[key] for one in measured) for key in ("wall", "crit")}
            share = statistics.median(one["crit"] / base["crit"] for one, base in zip(measured, answers["torch fp32"]))
            factor = f" (RTF {median['crit'] / GENERATED_SECONDS:.2f})" if request.startswith("sample") else ""
            print(f"| `{request}` | {name} | {median['wall']:.3f} | {median['crit']:.3f}{factor} | {share:.3f} "
                  f"| {measured[-1]['rms']:.4f} | {measured[-1]['rss_mb']} | {os.getloadavg()[0]:.1f} |", flush=True)
    for process in engines.values():
        process.stdin.write("quit\n")
        process.stdin.flush()
        process.wait()


if __name__ == "__main__":
    main()
