"""Writes the cases of `UNetT` and `MMDiT` beside this file: upstream's networks over small random weights.

    python -m venv VENV && VENV/bin/pip install f5-tts==1.1.22 && VENV/bin/python make.py

Float32 on the CPU, one thread. Layout as of the other cases, see README.md.
"""
import json, pathlib, warnings
warnings.filterwarnings("ignore")
import torch
from safetensors.torch import save_file
from f5_tts.model import CFM, MMDiT, UNetT

torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
FRAMES, REF, TOKENS, VOCAB, LONGER = 26, 9, 13, 30, 7
RUNS = {
    "sample_nfe7_epss": dict(steps=7, cfg_strength=2.0, sway_sampling_coef=-1.0),
    "sample_nfe5_no_cfg_no_sway": dict(steps=5, cfg_strength=0.0, sway_sampling_coef=None),
    "sample_midpoint4": dict(steps=4, cfg_strength=2.0, sway_sampling_coef=-1.0, method="midpoint"),
    "sample_edit": dict(steps=4, cfg_strength=2.0, sway_sampling_coef=-1.0),
    "sample_batch2": dict(steps=4, cfg_strength=2.0, sway_sampling_coef=-1.0),
}
small = dict(dim=16, depth=2, heads=2, dim_head=8, ff_mult=2, text_num_embeds=VOCAB, mel_dim=100)
CASES = {
    # As E2-TTS; four layers, so that the order of the skip connections shows.
    "unett": (UNetT, dict(small, dim=32, depth=4, dim_head=16, ff_mult=4, text_mask_padding=False, pe_attn_head=1)),
    "unett_add": (UNetT, dict(small, depth=4, text_dim=24, conv_layers=1, qk_norm="rms_norm",
                              attn_mask_enabled=True, skip_connect_type="add")),
    "unett_none": (UNetT, dict(small, skip_connect_type="none")),
    "mmdit": (MMDiT, dict(small, dim=32, dim_head=16)),
    "mmdit_qk_norm": (MMDiT, dict(small, depth=3, qk_norm="rms_norm", attn_mask_enabled=True,
                                  text_mask_padding=False)),
}

random = torch.Generator().manual_seed(20_260_101)
x = torch.randn(1, FRAMES, 100, generator=random)
cond = torch.randn(1, FRAMES, 100, generator=random)
cond[:, REF:] = 0
text = torch.randint(0, VOCAB, (1, TOKENS), generator=random)
other = torch.randint(0, VOCAB, (1, TOKENS + 4), generator=random)
time = torch.rand(1, generator=random)
keep = torch.ones(1, REF, dtype=torch.bool)
keep[:, REF // 4 : REF // 2] = False

for name, (network, config) in CASES.items():
    m = network(**config).eval()
    for parameter, p in m.named_parameters():
        centre = 1.0 if parameter.endswith((".g", "norm.weight")) else 0.0
        p.data = centre + torch.randn(p.shape, generator=random) * 0.1
    io = dict(x=x, cond=cond, text=text, time=time, edit_mask=keep.to(torch.uint8))
    io["batch_text"] = torch.cat([torch.nn.functional.pad(text, (0, 4), value=-1), other])
    io["batch_cond"] = torch.cat([cond[:, :REF], cond[:, :REF].flip(1)])
    with torch.inference_mode():
        io["time_embed"] = m.time_embed(time)
        length = () if network is MMDiT else (FRAMES,)
        io["text_embed"], io["text_embed_drop"] = m.text_embed(text, *length), m.text_embed(text, *length, drop_text=True)
        if network is MMDiT:
            io["audio_embed"] = m.audio_embed(x, cond)
        else:
            io["input_embed"] = m.input_embed(x, cond, io["text_embed"])
        io["out"] = m(x=x, cond=cond, text=text, time=time)
        io["out_uncond"] = m(x=x, cond=cond, text=text, time=time, drop_audio_cond=True, drop_text=True)
        for run, parameters in RUNS.items():
            parameters = dict(parameters)
            cfm = CFM(transformer=m, odeint_kwargs=dict(method=parameters.pop("method", "euler")))
            if run == "sample_batch2":
                sample, path = cfm.sample(
                    cond=io["batch_cond"], text=io["batch_text"], seed=7, duration=torch.tensor([FRAMES, FRAMES + LONGER]),
                    lens=torch.tensor([REF, REF - 2]), **parameters)
                io["batch_noise"] = path[0]
            else:
                mask = dict(edit_mask=keep) if run == "sample_edit" else {}
                sample, path = cfm.sample(cond=cond[:, :REF], text=text, duration=FRAMES, seed=7, **mask, **parameters)
                io["noise"] = path[0]
            io[run] = sample
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    case = dict(kind="backbone", **{"class": network.__name__}, config=config, ref_frames=REF, frames=FRAMES,
                batch=dict(duration=[FRAMES, FRAMES + LONGER], lens=[REF, REF - 2]), noise_seed=7, runs=RUNS)
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    contiguous = lambda tensors: {key: value.clone().contiguous() for key, value in tensors.items()}
    save_file(contiguous({"ema_model.transformer." + key: value for key, value in m.state_dict().items()}),
              folder / "weights.safetensors")
    save_file(contiguous(io), folder / "io.safetensors")
