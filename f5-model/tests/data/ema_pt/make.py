"""Writes `model.pt`, a tiny network in the form that F5-TTS's trainer saves and the hub releases.

    python -m venv VENV && VENV/bin/pip install torch numpy && VENV/bin/python make.py

Values follow from a tensor's name and an index, so that the test can make them again.
"""
import pathlib
import torch

DIM, FF, TEXT, MEL, VOCAB = 16, 16, 8, 4, 5
SHAPES = {
    "input_embed.conv_pos_embed.conv1d.0.bias": [DIM],
    "input_embed.conv_pos_embed.conv1d.0.weight": [DIM, 1, 31],
    "input_embed.conv_pos_embed.conv1d.2.bias": [DIM],
    "input_embed.conv_pos_embed.conv1d.2.weight": [DIM, 1, 31],
    "input_embed.proj.bias": [DIM],
    "input_embed.proj.weight": [DIM, 2 * MEL + TEXT],
    "norm_out.linear.bias": [2 * DIM],
    "norm_out.linear.weight": [2 * DIM, DIM],
    "proj_out.bias": [MEL],
    "proj_out.weight": [MEL, DIM],
    "rotary_embed.inv_freq": [8],
    "text_embed.text_embed.weight": [VOCAB + 1, TEXT],
    "time_embed.time_mlp.0.bias": [DIM],
    "time_embed.time_mlp.0.weight": [DIM, 256],
    "time_embed.time_mlp.2.bias": [DIM],
    "time_embed.time_mlp.2.weight": [DIM, DIM],
    "transformer_blocks.0.attn_norm.linear.bias": [6 * DIM],
    "transformer_blocks.0.attn_norm.linear.weight": [6 * DIM, DIM],
    "transformer_blocks.0.ff.ff.0.0.bias": [FF],
    "transformer_blocks.0.ff.ff.0.0.weight": [FF, DIM],
    "transformer_blocks.0.ff.ff.2.bias": [DIM],
    "transformer_blocks.0.ff.ff.2.weight": [DIM, FF],
}
for part in ("to_k", "to_q", "to_v", "to_out.0"):
    SHAPES[f"transformer_blocks.0.attn.{part}.bias"] = [DIM]
    SHAPES[f"transformer_blocks.0.attn.{part}.weight"] = [DIM, DIM]


def tensor(name, shape):
    """Multiples of 1/64 between -1 and 1, which every float type holds exactly."""
    count = torch.Size(shape).numel()
    values = [((index * 37 + len(name) * 11) % 97 - 48) / 64 for index in range(count)]
    return torch.tensor(values).reshape(shape)


average = {"initted": torch.tensor(True), "step": torch.tensor(1_250_000)}
average |= {f"ema_model.transformer.{name}": tensor(name, shape) for name, shape in SHAPES.items()}
other = {f"transformer.{name}": torch.zeros(shape) for name, shape in list(SHAPES.items())[:2]}
target = pathlib.Path(__file__).parent / "model.pt"
torch.save({"ema_model_state_dict": average, "model_state_dict": other, "update": 1_250_000}, target)
