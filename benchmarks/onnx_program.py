"""Takes torchvision's networks, read from ONNX, through the commands of the program.

Exports every network with random weights and runs `inspect`, `map`, `cost`, `simulate`, `search` and
`fine-tune` on it with a few random images. Prints a Markdown table of each command's seconds and peak
memory; a command that fails is told and makes this fail. With --write FILE the table also replaces what
stands between the two marker lines of that file. It needs what onnx_networks.py does.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from onnx_networks import CLASSES, NETWORKS, SIZES, export, numpy, random_network, torch, write_table

TRAINING, TEST = 64, 8  # images


def commands(folder):
    """The words of each command, in an order in which later ones read what earlier ones wrote."""
    data = ["--data", f"npz:{folder / 'images.npz'}"]
    some = ["--held-out", "16", "--calibration-images", "16", "--images", str(TEST)]
    return {
        "inspect": [],
        "map": ["--keep", "0.25", "--out", folder / "map"],
        "cost": ["--keep", "0.25"],
        "simulate": [*data, "--calibration-images", "16"],
        "search": [*data, *some, "--target-compression", "2", "--episodes", "3",
                   "--out", folder / "search"],
        "fine-tune": [*data, *some, "--policy", folder / "search" / "policy.json", "--epochs", "1",
                      "--batch", "16", "--learning-rate", "0.001", "--out", folder / "tuned"],
    }


def run(words, log):
    """Exit status, seconds and peak memory in GiB."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log)
    peak = 0  # rusage would count this process as it was when it forked
    while process.poll() is None:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1])
        time.sleep(0.01)
    return process.returncode, time.perf_counter() - start, peak / 2**20


def measure(name, program):
    """A row of the table, and the commands that failed."""
    size = SIZES.get(name, 64)
    row, failed = f"| {name} | {size} |", []
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        export(random_network(name), torch.randn(1, 3, size, size), False, 14, folder / "model.onnx")
        labels = torch.arange(TRAINING) % CLASSES
        numpy.savez(folder / "images.npz", x_train=torch.randn(TRAINING, 3, size, size),
                    x_test=torch.randn(TEST, 3, size, size), y_train=labels, y_test=labels[:TEST])
        for command, words in commands(folder).items():
            with open(folder / "log", "w+") as log:
                status, seconds, memory = run(
                    [program, command, "--network", folder / "model.onnx", *words], log)
                if status:
                    failed.append(f"{name} {command}")
                    log.seek(0)
                    print(f"{name} {command}: status {status}\n{log.read()[-2000:]}", file=sys.stderr)
            row += f" {seconds:.1f} s, {memory:.2f} |" if not status else " failed |"
    return row, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--programs", type=Path, default=Path("build/release/bin"))
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    names = commands(Path())
    rows = ["| network | pixels | " + " | ".join(f"`{name}`" for name in names) + " |",
            "|--|--:|" + "--:|" * len(names)]
    failed = []
    for name in options.networks:
        row, failures = measure(name, options.programs / "autoprune")
        rows.append(row)
        failed += failures
        print(row, flush=True)
    if options.write:
        write_table(options.write, "program", rows)
    if failed:
        sys.exit(f"onnx_program: failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
