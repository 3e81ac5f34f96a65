"""Writes the CTC cases beside this file: what torchaudio and transformers make of random numbers.

    python -m venv VENV && VENV/bin/pip install torch==2.15.0 torchaudio==2.11.0 transformers==5.24.0
    VENV/bin/python make.py

`paths.json`: `torchaudio.functional.forced_align` and `merge_tokens` on random emissions, with repeats, with
ties (emissions of a few values) and with just enough frames. `base` and `large`: networks of
`transformers.Wav2Vec2ForCTC` with small random weights in both layouts, and what they say. See README.md.
"""
import json, pathlib
import torch

torch.version.cuda = None  # torchaudio refuses a torch of another CUDA release, also for the CPU
import torchaudio.functional as F
from safetensors.torch import save_file
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

HERE = pathlib.Path(__file__).parent
torch.set_num_threads(1)


def path_case(frames, classes, tokens, values):
    if values is None:
        log_probs = (2 * torch.randn(frames, classes)).log_softmax(-1)
    else:
        log_probs = -torch.randint(1, values, (frames, classes)).float() / 2
    path, scores = F.forced_align(log_probs[None], torch.tensor([tokens]), blank=0)
    spans = F.merge_tokens(path[0], scores[0].exp())
    return {
        "classes": classes,
        "log_probs": [round(x, 6) for x in log_probs.flatten().tolist()],
        "tokens": tokens,
        "path": path[0].tolist(),
        "scores": [round(x, 6) for x in scores[0].tolist()],
        "spans": [[s.token, s.start, s.end, round(s.score, 6)] for s in spans],
    }


def paths():
    torch.manual_seed(4)
    cases = []
    for number in range(48):
        classes = int(torch.randint(2, 7, ()))
        length = int(torch.randint(1, 12, ()))
        tokens = torch.randint(1, classes, (length,)).tolist()
        repeats = sum(a == b for a, b in zip(tokens, tokens[1:]))
        # Every third with no frame to spare, every third with a few, every third with many.
        frames = length + repeats + [0, int(torch.randint(1, 5, ())), int(torch.randint(5, 30, ()))][number % 3]
        cases.append(path_case(frames, classes, tokens, 4 if number % 2 else None))
    for tokens, frames in [([1, 1], 2), ([1, 2, 3], 2), ([2, 2, 2, 1], 5)]:
        try:
            F.forced_align(torch.zeros(1, frames, 4), torch.tensor([tokens]), blank=0)
        except RuntimeError as error:
            assert "too long for CTC" in str(error)
        else:
            raise AssertionError("torchaudio took a text that is too long")
        cases.append({"classes": 4, "log_probs": [0.0] * (4 * frames), "tokens": tokens, "path": None})
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / "paths.json").write_text(f"[\n{text}\n]\n")


def network(name, normalize, old_names, **changes):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    torch.manual_seed(len(name))
    letters = "ETAONIHSRDLUMWCFGYPBVK'XJQZ"
    vocab = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, **{c: i + 5 for i, c in enumerate(letters)}}
    config = Wav2Vec2Config(
        vocab_size=len(vocab), hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
        conv_dim=[12] * 7, num_conv_pos_embedding_groups=4, pad_token_id=0, **changes,
    )
    model = Wav2Vec2ForCTC(config).eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            random = torch.randn_like(parameter)
            if parameter.dim() == 1:
                parameter.copy_(0.2 * random + ("norm.weight" in key))
            elif "original0" in key:
                parameter.copy_(1 + random.abs())
            else:
                # Larger than at the start of a training, lest the frames say nearly the same.
                parameter.copy_(1.7 * random / parameter[0].numel() ** 0.5)
    waveform = 0.1 * torch.randn(9600) * torch.linspace(0, 9, 9600).sin() + 0.05
    heard = waveform
    if normalize:
        extractor = Wav2Vec2FeatureExtractor(do_normalize=True)
        heard = extractor(waveform.numpy(), sampling_rate=16000, return_tensors="pt").input_values[0]
    with torch.no_grad():
        log_probs = model(heard[None]).logits[0].log_softmax(-1)
    names = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    weights = {}
    for key, value in model.state_dict().items():
        for new, old in names.items() if old_names else ():
            key = key.replace(new, old)
        weights[key] = value.contiguous()
    save_file(weights, folder / "model.safetensors")
    save_file({"waveform": waveform, "log_probs": log_probs.contiguous()}, folder / "io.safetensors")
    kept = ["add_adapter", "adapter_attn_dim", "conv_bias", "conv_dim", "conv_kernel", "conv_stride"]
    kept += ["do_stable_layer_norm", "feat_extract_activation", "feat_extract_norm", "hidden_act", "hidden_size"]
    kept += ["intermediate_size", "layer_norm_eps", "num_attention_heads", "num_conv_pos_embedding_groups"]
    kept += ["num_conv_pos_embeddings", "num_hidden_layers", "pad_token_id", "vocab_size"]
    whole = config.to_dict()
    for file, content in [
        ("config.json", {key: whole[key] for key in kept}),
        ("vocab.json", vocab),
        ("preprocessor_config.json", {"do_normalize": normalize, "sampling_rate": 16000}),
    ]:
        (folder / file).write_text(json.dumps(content) + "\n")
    spread = log_probs.std(0).mean()
    print(f"{name}: {tuple(log_probs.shape)} log-probabilities, {spread:.2f} from frame to frame")


paths()
network("base", normalize=False, old_names=True, num_conv_pos_embeddings=16)
network(
    "large", normalize=True, old_names=False, num_conv_pos_embeddings=15,
    conv_bias=True, feat_extract_norm="layer", do_stable_layer_norm=True,
)
