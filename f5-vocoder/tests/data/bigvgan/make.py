"""Writes the golden tensors beside this file: upstream's BigVGAN over small random weights.

    python -m venv VENV && VENV/bin/pip install torch safetensors librosa && VENV/bin/pip install --no-deps bigvgan==2.4.1
    VENV/bin/python make.py

Float32 on the CPU, one thread. See README.md.
"""
import contextlib, io, json, pathlib, warnings
warnings.filterwarnings("ignore")
import torch
from safetensors.torch import save_file
from bigvgan.bigvgan import AttrDict, BigVGAN

torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
common = dict(resblock="1", num_mels=12, n_fft=64, win_size=64, sampling_rate=24000, fmin=0, fmax=None)
CASES = {
    # As the released one; 32 channels fill a panel, 16 do not.
    "snakebeta": dict(
        common, hop_size=8, upsample_rates=[4, 2], upsample_kernel_sizes=[8, 4], upsample_initial_channel=64,
        resblock_kernel_sizes=[3, 7], resblock_dilation_sizes=[[1, 3, 5], [1, 2, 4]], activation="snakebeta",
        snake_logscale=True, use_tanh_at_final=False, use_bias_at_final=False),
    # What older ones do; rates and kernels that do not divide each other.
    "snake": dict(
        common, hop_size=6, upsample_rates=[3, 2], upsample_kernel_sizes=[7, 2], upsample_initial_channel=16,
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 2]], activation="snake", snake_logscale=False),
}

random = torch.Generator().manual_seed(20_260_102)
for name, config in CASES.items():
    network = BigVGAN(AttrDict(dict(config))).eval()
    for parameter, p in network.named_parameters():
        centre, spread = 0.0, 0.1
        if parameter.endswith("weight_g"):
            centre = 0.5
        elif parameter.endswith(("alpha", "beta")):
            centre, spread = (0.0, 0.3) if config["snake_logscale"] else (1.0, 0.2)
        p.data = centre + torch.randn(p.shape, generator=random) * spread
    tensors = {key: value.clone() for key, value in network.state_dict().items()}
    out = {"mel": torch.randn(2, 12, 9, generator=random)}
    with torch.inference_mode():
        out["wave"] = network(out["mel"])[:, 0]
        # One frame: every edge at once.
        out["mel_1"] = out["mel"][:1, :, :1].clone()
        out["wave_1"] = network(out["mel_1"])[:, 0]
        out["activation0"] = network.resblocks[0].activations[0](network.ups[0][0](network.conv_pre(out["mel"])))
    with contextlib.redirect_stdout(io.StringIO()):
        network.remove_weight_norm()
    fused = {key: value.clone() for key, value in network.state_dict().items()}
    renamed = {key.replace("weight_g", "parametrizations.weight.original0")
                  .replace("weight_v", "parametrizations.weight.original1"): value for key, value in tensors.items()}
    (HERE / f"{name}.json").write_text(json.dumps(config, indent=1) + "\n")
    save_file(tensors, HERE / f"{name}.safetensors")
    save_file(out, HERE / f"{name}_io.safetensors")
    if name == "snake":
        save_file(fused, HERE / "snake_fused.safetensors")
        save_file(renamed, HERE / "snake_parametrized.safetensors")
        torch.save({"generator": tensors}, HERE / "bigvgan_generator.pt")
