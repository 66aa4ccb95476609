#!/usr/bin/env python3
"""Trains a pruned network in PyTorch under the masks that autoprune chose:

    autoprune prune --network plain20 --weights models/plain20-cifar10.safetensors \\
        --data cifar10:data/cifar10 --target-compression 4.5 --count pooled --epochs 0 --out pruned
    python3 examples/pytorch/fine_tune.py --pruned pruned --data data/cifar10 --out tuned.safetensors
    autoprune evaluate --network plain20 --weights tuned.safetensors --masks pruned \\
        --data cifar10:data/cifar10

It needs torch and numpy. For a network of your own replace make_network(), and images() for data.
"""
import argparse
import json
import pathlib

import numpy as np
import torch
from torch import nn

TYPES = {"F32": torch.float32, "F16": torch.float16, "U8": torch.uint8, "I32": torch.int32}


def load_file(path):
    """What safetensors.torch.load_file gives: a tensor a name."""
    data = bytearray(pathlib.Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(bytes(data[8:start]))
    header.pop("__metadata__", None)

    def tensor(entry):
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(data[start + begin:start + end], dtype=TYPES[entry["dtype"]])
        return values.reshape(entry["shape"])

    return {name: tensor(entry) for name, entry in header.items()}


def save_file(tensors, path):
    """What safetensors.torch.save_file does, for float32."""
    header, chunks, end = {}, [], 0
    for name, tensor in tensors.items():
        chunks.append(tensor.detach().cpu().float().contiguous().numpy().tobytes())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [end, end + len(chunks[-1])]}
        end += len(chunks[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(chunks))


def plain_name(name):
    """The name of a parameter before nn.DataParallel or torch.compile wrapped its model."""
    for prefix in ("module.", "_orig_mod."):
        name = name.removeprefix(prefix)
    return name


class Masks:
    """Holds pruned weights at zero: call hold() after every step of the optimiser."""

    def __init__(self, model, path):
        masks = load_file(path)
        self.pairs = [(p, masks[plain_name(n)].to(p.device, p.dtype))
                      for n, p in model.named_parameters() if plain_name(n) in masks]
        self.hold()

    @torch.no_grad()
    def hold(self):
        for parameter, mask in self.pairs:
            parameter.mul_(mask)


def make_network():
    """Plain20, under the names of autoprune's."""
    layers, channels = [], 3
    for index, out in enumerate([16] * 7 + [32] * 6 + [64] * 6):
        stride = 2 if index in (7, 13) else 1
        layers += [nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
        channels = out
    model = nn.Sequential()
    model.add_module("features", nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1)))
    model.add_module("flatten", nn.Flatten())
    model.add_module("classifier", nn.Sequential(nn.Linear(channels, 10)))
    return model


def images(folder, names):
    """CIFAR-10's binary files, normalised as autoprune does it."""
    records = np.concatenate([np.fromfile(folder / n, np.uint8).reshape(-1, 3073) for n in names])
    x = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32)).float() / 255
    mean, deviation = torch.tensor([[0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]]).reshape(2, 3, 1, 1)
    return (x - mean) / deviation, torch.from_numpy(records[:, 0].astype(np.int64))


def augmented(x):
    """Crops of a border of 4, mirrored by halves; one shift a batch is enough here."""
    row, column = torch.randint(0, 9, (2,)).tolist()
    x = nn.functional.pad(x, (4, 4, 4, 4))[:, :, row:row + 32, column:column + 32]
    return torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x, x.flip(3))


@torch.no_grad()
def accuracy(model, x, y):
    model.eval()
    right = sum((model(a).argmax(1) == b).sum().item() for a, b in zip(x.split(500), y.split(500)))
    return 100 * right / len(y)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pruned", type=pathlib.Path, required=True, help="--out of autoprune prune")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="directory of CIFAR-10")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--learning-rate", type=float, default=0.03)
    parser.add_argument("--images", type=int, default=50000, help="of the training set")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()

    torch.manual_seed(1)
    model = make_network()
    model.load_state_dict(load_file(args.pruned / "pruned.safetensors"), strict=False)
    masks = Masks(model, args.pruned / "masks.safetensors")
    x, y = images(args.data, [f"data_batch_{i}.bin" for i in range(1, 6)])
    x, y = x[:args.images], y[:args.images]
    test = images(args.data, ["test_batch.bin"])
    print(f"pruned: top-1 {accuracy(model, *test):.2f} %", flush=True)

    steps = len(y) // args.batch
    optimiser = torch.optim.SGD(model.parameters(), args.learning_rate, 0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, args.epochs * steps)
    for epoch in range(args.epochs):
        model.train()
        for chosen in torch.randperm(len(y))[:steps * args.batch].split(args.batch):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(augmented(x[chosen])), y[chosen]).backward()
            optimiser.step()
            masks.hold()
            schedule.step()
        print(f"epoch {epoch + 1}: top-1 {accuracy(model, *test):.2f} %", flush=True)
    save_file({n: w for n, w in model.state_dict().items() if w.is_floating_point()}, args.out)


main()
