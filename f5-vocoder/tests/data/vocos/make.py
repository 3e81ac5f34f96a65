"""Writes the golden tensors beside this file: a small random Vocos, computed by definition in float64.

    python -m venv VENV && VENV/bin/pip install numpy && VENV/bin/python make.py

With arguments `weights.safetensors io.safetensors center|same`, compares itself with tensors `mel` and `wave`
that upstream's package computed, and writes nothing. See README.md.
"""
import json, math, pathlib, struct, sys
import numpy as np

CHANNELS, DIM, INTERMEDIATE, LAYERS, N_FFT, HOP, FRAMES = 100, 8, 16, 2, 1024, 256, 12
TYPES = {"F16": np.float16, "F32": np.float32}


def read(path):
    data = pathlib.Path(path).read_bytes()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, info in json.loads(data[8:end]).items():
        if name != "__metadata__" and info["dtype"] in TYPES:
            a, b = info["data_offsets"]
            array = np.frombuffer(data[end + a : end + b], TYPES[info["dtype"]])
            tensors[name] = array.reshape(info["shape"]).astype(np.float64)
    return tensors


def write(path, tensors):
    header, body = {}, b""
    for name, array in tensors.items():
        dtype = next(key for key, kind in TYPES.items() if array.dtype == kind)
        header[name] = dict(dtype=dtype, shape=list(array.shape), data_offsets=[len(body), len(body) + array.nbytes])
        body += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + body)


def layer_norm(x, w, name):  # [frames, dim]
    x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-6)
    return x * w[name + ".weight"] + w[name + ".bias"]


def conv(x, w, name, depthwise=False):  # [frames, in] -> [frames, out], kernel 7
    kernel, frames = w[name + ".weight"], len(x)
    x = np.pad(x, ((3, 3), (0, 0)))
    taps = [x[k : k + frames] * kernel[:, 0, k] if depthwise else x[k : k + frames] @ kernel[:, :, k].T for k in range(7)]
    return sum(taps) + w[name + ".bias"]


def linear(x, w, name):
    return x @ w[name + ".weight"].T + w[name + ".bias"]


def vocos(w, mel, padding):  # [bands, frames] -> [samples]
    gelu = np.vectorize(lambda v: v * 0.5 * (1 + math.erf(v / math.sqrt(2))))
    x = layer_norm(conv(mel.T, w, "backbone.embed"), w, "backbone.norm")
    for i in range(sum(name.endswith(".gamma") for name in w)):
        name = f"backbone.convnext.{i}."
        y = layer_norm(conv(x, w, name + "dwconv", depthwise=True), w, name + "norm")
        x = x + w[name + "gamma"] * linear(gelu(linear(y, w, name + "pwconv1")), w, name + "pwconv2")
    x = linear(layer_norm(x, w, "backbone.final_layer_norm"), w, "head.out")
    log_magnitude, phase = np.split(x, 2, axis=1)
    magnitude = np.minimum(np.exp(log_magnitude), 100)
    # Inverse real transform by definition: the inner bins count twice, sines of the outer two vanish.
    angle = 2 * np.pi * np.outer(np.arange(N_FFT // 2 + 1), np.arange(N_FFT)) / N_FFT
    twice = np.full((N_FFT // 2 + 1, 1), 2.0)
    twice[[0, -1]] = 1
    frames = (magnitude * np.cos(phase)) @ (twice * np.cos(angle)) - (magnitude * np.sin(phase)) @ (twice * np.sin(angle))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    total, envelope = np.zeros((2, (len(frames) - 1) * HOP + N_FFT))
    for i, frame in enumerate(frames / N_FFT):
        total[i * HOP : i * HOP + N_FFT] += frame * window
        envelope[i * HOP : i * HOP + N_FFT] += window**2
    trim = N_FFT // 2 if padding == "center" else (N_FFT - HOP) // 2
    return total[trim:-trim] / envelope[trim:-trim]


if len(sys.argv) == 4:
    io = read(sys.argv[2])
    wave, expected = vocos(read(sys.argv[1]), io["mel"][0], sys.argv[3]), io["wave"][0]
    assert wave.shape == expected.shape
    print("largest difference", np.abs(wave - expected).max(), "largest sample", np.abs(expected).max())
    sys.exit()

random = np.random.default_rng(20_250_101)
shapes = {"backbone.embed.weight": (DIM, CHANNELS, 7), "backbone.embed.bias": (DIM,)}
for norm in ["backbone.norm", "backbone.final_layer_norm"]:
    shapes |= {norm + ".weight": (DIM,), norm + ".bias": (DIM,)}
for i in range(LAYERS):
    name = f"backbone.convnext.{i}."
    shapes |= {name + "dwconv.weight": (DIM, 1, 7), name + "dwconv.bias": (DIM,)}
    shapes |= {name + "norm.weight": (DIM,), name + "norm.bias": (DIM,), name + "gamma": (DIM,)}
    shapes |= {name + "pwconv1.weight": (INTERMEDIATE, DIM), name + "pwconv1.bias": (INTERMEDIATE,)}
    shapes |= {name + "pwconv2.weight": (DIM, INTERMEDIATE), name + "pwconv2.bias": (DIM,)}
shapes |= {"head.out.weight": (N_FFT + 2, DIM), "head.out.bias": (N_FFT + 2,)}
weights = {}
for name, shape in shapes.items():
    center = 1.0 if name.endswith(("norm.weight", "gamma")) else 0.0
    weights[name] = (center + random.normal(0, 0.4, shape)).astype(np.float16)
weights["head.out.bias"][100:104] = 6.0  # beyond the limit of magnitudes
weights["head.istft.window"] = np.zeros(N_FFT, np.float16)  # must not be used
mel = random.normal(-3, 2, (1, CHANNELS, FRAMES)).astype(np.float32)
exact = {name: array.astype(np.float64) for name, array in weights.items()}
io = {"mel": mel}
for padding in ["center", "same"]:
    io["wave_" + padding] = vocos(exact, mel[0].astype(np.float64), padding)[None].astype(np.float32)
here = pathlib.Path(__file__).parent
write(here / "weights.safetensors", weights)
write(here / "io.safetensors", io)
