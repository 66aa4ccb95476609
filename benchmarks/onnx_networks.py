"""Reads torchvision's networks from ONNX and compares their logits with PyTorch's.

Exports every network with random weights and batch-norm statistics, with batch-norms folded into
convolutions and not, for several versions of ONNX's operators; onnx_logits from the folder --programs
reads each, answers a batch and writes the network again, which has to pass ONNX's checker and answer the
same; OpenCV, where it is there, answers the written one as well. Prints a Markdown table of the largest
differences, as shares of the logits' range; fails on one above 1e-4. With --write FILE the table also
replaces what stands between the two marker lines of that file. On Debian:
apt-get install python3-torch python3-torchvision python3-onnx python3-opencv
"""

import argparse
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

try:
    import numpy
    import onnx
    import torch
    import torchvision
except ImportError as error:
    sys.exit(f"onnx_networks: {error}; see the head of this file")
try:
    import cv2
except ImportError:
    cv2 = None

LIMIT = 1e-4
CLASSES, IMAGES = 10, 2
# The smallest images that the network and the exporter take, or 64.
SIZES = {"vgg11_bn": 224, "alexnet": 224, "inception_v3": 128}
LARGE = ("vgg11_bn", "alexnet")  # half a gigabyte a file: one version of the operators is enough
NETWORKS = """resnet18 resnet50 mobilenet_v2 mobilenet_v3_large squeezenet1_1 densenet121
resnext50_32x4d regnet_x_400mf mnasnet0_5 shufflenet_v2_x1_0 efficientnet_b1 inception_v3
convnext_tiny googlenet alexnet vgg11_bn""".split()


def random_network(name):
    """With random numbers where a new network has ones and zeros, so that none is an identity."""
    torch.manual_seed(sum(name.encode()))
    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    network = torchvision.models.get_model(name, weights=None, num_classes=CLASSES, **more)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
            module.running_mean.normal_(std=0.2)
            module.running_var.uniform_(0.5, 2.0)
    for parameter in network.parameters():
        if parameter.numel() > 1 and parameter.min() == parameter.max():
            torch.nn.init.normal_(parameter, parameter.mean().item(), 0.05)
    return network.eval()


def export(network, images, folded, opset, path):
    mode = torch.onnx.TrainingMode
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, images, path, opset_version=opset, do_constant_folding=folded,
            training=mode.EVAL if folded else mode.PRESERVE,
            input_names=["input"], output_names=["logits"],
            dynamic_axes={"input": {0: "n"}, "logits": {0: "n"}})


def answer(program, model, images, folder, written=None):
    """Logits of a model, and what the program says of it."""
    numpy.save(folder / "images.npy", images.numpy())
    words = [program, model, folder / "images.npy", folder / "logits.npy"]
    words += [written] if written else []
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{model}: {done.stderr}")
    return numpy.load(folder / "logits.npy"), done.stdout.strip()


def by_opencv(model, images):
    """OpenCV's logits, or None where it can't read the model."""
    if cv2 is None:
        return None
    try:
        network = cv2.dnn.readNetFromONNX(str(model))
        logits = []
        for image in images.numpy():
            network.setInput(image[None])
            logits.append(network.forward().ravel())
        return numpy.stack(logits)
    except cv2.error:
        return None


def measure(name, opsets, program, folder):
    """A row of the table, and the largest difference."""
    size = SIZES.get(name, 64)
    network = random_network(name)
    images = torch.randn(IMAGES, 3, size, size)
    with torch.no_grad():
        expected = network(images).numpy()
    spread = numpy.ptp(expected)
    differences = {True: [], False: []}
    opencv = []
    nodes = {}
    for folded in differences:
        for opset in opsets:
            model, written = folder / "model.onnx", folder / "written.onnx"
            export(network, images, folded, opset, model)
            logits, nodes[folded] = answer(program, model, images, folder, written)
            onnx.checker.check_model(str(written), full_check=True)
            again, _ = answer(program, written, images, folder)
            differences[folded].append(
                max(abs(logits - expected).max(), abs(again - logits).max()) / spread)
        theirs = by_opencv(written, images)
        opencv.append(None if theirs is None else abs(theirs - expected).max() / spread)
    largest = [max(all) for all in differences.values()]
    layers = nodes[True].split(", ")[1].split()[0]
    known = [o for o in opencv if o is not None]
    theirs = f"{max(known):.0e}" if len(known) == len(opencv) else "–"
    row = f"| {name} | {size} | {layers} | " + " | ".join(f"{d:.0e}" for d in largest) + f" | {theirs} |"
    return row, max(largest + known)


def write_table(document, name, rows):
    """Replaces what stands between the marker lines of that name."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, rest = document.read_text().split(begin)
    after = rest.split(end)[1]
    document.write_text("\n".join([before + begin, *rows, end + after]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--programs", type=Path, default=Path("build/release/bin"))
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--opsets", nargs="+", type=int, default=[14, 11, 16])
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    rows = ["| network | pixels | layers | folded | not folded | written, by OpenCV |",
            "|--|--:|--:|--:|--:|--:|"]
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in options.networks:
            opsets = options.opsets[:1] if name in LARGE else options.opsets
            row, difference = measure(name, opsets, options.programs / "onnx_logits", Path(folder))
            rows.append(row)
            worst = max(worst, difference)
            print(row, flush=True)
    if options.write:
        write_table(options.write, "onnx", rows)
    if worst > LIMIT:
        sys.exit(f"onnx_networks: a difference of {worst:.1e} is above {LIMIT}")


if __name__ == "__main__":
    main()
