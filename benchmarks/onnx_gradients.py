"""Compares the gradients of torchvision's networks, read from ONNX, with PyTorch's.

The loss is a sum of the logits, each times a random number; the gradients are those of every parameter,
with statistics of the batch and, where every batch-norm is frozen to a scale and a shift a channel before
the export, with running ones. Dropout and stochastic depth are off. PyTorch in double precision is the
reference, and tells what its own float32 does. Prints a Markdown table of the largest differences, as
shares of the range of the parameter's gradients: the smallest and the median of several batches. Rounding
may move a number to the other side of a ReLU, and statistics of a batch then change every gradient, in
PyTorch as here; so batch-norms that take them keep numbers away from there, and maxima, whose place it
may move likewise, are averages then; frozen ones have numbers on either side. Fails on a smallest difference above 1e-3 and above all of PyTorch's. With --write FILE the
table also replaces what stands between the two marker lines of that file. It needs what onnx_networks.py
does.
"""

import argparse
import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

from onnx_networks import CLASSES, SIZES, export, numpy, random_network, torch, write_table

LIMIT = 1e-3
CANCELS = 1e-2  # of the other gradients of a module, as of a bias that a batch-norm takes away
IMAGES, BATCHES = 2, 3
NETWORKS = """resnet18 resnet50 vgg11_bn mobilenet_v2 mobilenet_v3_large squeezenet1_1 densenet121
resnext50_32x4d regnet_x_400mf mnasnet0_5 shufflenet_v2_x1_0 efficientnet_b1 inception_v3
convnext_tiny""".split()


class Frozen(torch.nn.Module):
    """A batch-norm with its running statistics."""

    def __init__(self, norm):
        super().__init__()
        scale = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
        shift = norm.bias.detach() - scale * norm.running_mean
        self.register_buffer("scale", scale[None, :, None, None])
        self.register_buffer("shift", shift[None, :, None, None])

    def forward(self, x):
        return x * self.scale + self.shift


def average(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, **_):
    """In the place of torch.nn.functional.max_pool2d."""
    return torch.nn.functional.avg_pool2d(x, kernel_size, stride, padding, ceil_mode)


def off_kinks(network):
    """Batch-norms put out numbers between those at which activations bend: 0, and 3 or 6."""
    network = copy.deepcopy(network)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.1, 0.25)
            torch.nn.init.uniform_(module.bias, 1.3, 1.7)
    return network


def freeze(module):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.BatchNorm2d):
            setattr(module, name, Frozen(child))
        else:
            freeze(child)


def training(network):
    """In training mode, but for what is random."""
    network.train()
    for module in network.modules():
        if type(module).__name__ in ("Dropout", "Dropout2d", "StochasticDepth"):
            module.eval()
    return network


def gradients(network, images, factors, precision):
    network = training(copy.deepcopy(network).to(precision))
    (network(images.to(precision)) * factors).sum().backward()
    return {name: p.grad.double().numpy() for name, p in network.named_parameters()}


def load_file(path):
    """What safetensors.numpy.load_file gives, of float32."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        numbers = numpy.frombuffer(data, "float32", (end - begin) // 4, start + begin)
        tensors[name] = numbers.reshape(entry["shape"])
    return tensors


def by_autoprune(images, factors, program, folder):
    model, found = folder / "model.onnx", folder / "gradients.safetensors"
    numpy.save(folder / "images.npy", images.numpy())
    numpy.save(folder / "dlogits.npy", factors.numpy())
    words = [program, model, folder / "images.npy", folder / "dlogits.npy", found]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{model}: {done.stderr}")
    return load_file(found)


def largest_difference(theirs, exact):
    """As a share of the range of a parameter's gradients, and the parameter's name. Of gradients that
    all but cancel, it is the range of their module's."""
    ranges = {name: abs(gradient).max() for name, gradient in exact.items()}
    module = {}
    for name, range in ranges.items():
        of = name.rpartition(".")[0]
        module[of] = max(module.get(of, 0.0), range)
    worst = (0.0, "")
    for name, gradient in exact.items():
        # A parameter of no layer of PyTorch's is the weight of one of ours.
        found = theirs[name] if name in theirs else theirs[name + ".weight"]
        of = module[name.rpartition(".")[0]]
        range = ranges[name] if ranges[name] > CANCELS * of else of
        worst = max(worst, (abs(found.reshape(gradient.shape) - gradient).max() / range, name))
    return worst


def differences(subject, size, program, folder):
    """How many parameters there are, and our largest differences and PyTorch's in some batches."""
    export(subject, torch.randn(1, 3, size, size), False, 14, folder / "model.onnx")
    ours, float32 = [], []
    for seed in range(BATCHES):
        torch.manual_seed(seed)
        images, factors = torch.randn(IMAGES, 3, size, size), torch.randn(IMAGES, CLASSES)
        exact = gradients(subject, images, factors, torch.float64)
        float32.append(largest_difference(gradients(subject, images, factors, torch.float32), exact))
        ours.append(largest_difference(by_autoprune(images, factors, program, folder), exact))
    return len(exact), ours, float32


def measure(name, program, folder):
    """A row of the table, and whether it is as it should be."""
    size = 299 if name == "inception_v3" else SIZES.get(name, 64)
    network = random_network(name)
    if name == "inception_v3":  # its second head learns in training alone
        network.AuxLogits, network.aux_logits = None, False
    row, right = f"| {name} | {size} |", True
    for frozen in (False, True):
        if frozen:
            freeze(network)
        subject = network if frozen else off_kinks(network)
        maxima = torch.nn.functional.max_pool2d
        with mock.patch("torch.nn.functional.max_pool2d", maxima if frozen else average):
            count, ours, float32 = differences(subject, size, program, folder)
        row += f" {count} |"
        for found in sorted(ours), sorted(float32):
            row += f" {found[0][0]:.0e}, {found[BATCHES // 2][0]:.0e} |"
        if min(ours)[0] > max(LIMIT, max(float32)[0]):
            right = False
            print(f"{name}: {min(ours)[0]:.1e} in {min(ours)[1]}", file=sys.stderr)
    return row, right


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--programs", type=Path, default=Path("build/release/bin"))
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    rows = ["| network | pixels | parameters | batch's statistics | PyTorch's float32 "
            "| parameters | running statistics | PyTorch's float32 |",
            "|--|--:|--:|--:|--:|--:|--:|--:|"]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.networks:
            row, right = measure(name, options.programs / "onnx_gradients", Path(folder))
            rows.append(row)
            print(row, flush=True)
            if not right:
                wrong.append(name)
    if options.write:
        write_table(options.write, "gradients", rows)
    if wrong:
        sys.exit(f"onnx_gradients: differences above {LIMIT} in {', '.join(wrong)}")


if __name__ == "__main__":
    main()
