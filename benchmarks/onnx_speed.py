"""Measures networks of torchvision beside PyTorch on the CPU, at 224x224 pixels, in one run.

PyTorch, autoprune dense and autoprune with a tenth of the column-vectors of every layer work in turns,
several rounds of some seconds each, every turn a process of its own. Prints a Markdown table: images a
second, images a second of the processor's time, which other work on the machine changes less, and peak
memory, medians of the rounds, with the median and the range of each round's ratios to PyTorch. With
--write FILE the table also replaces what stands between the two marker lines of that file. It needs what
onnx_networks.py does.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they might force a slow kernel
    os.environ.pop(variable, None)

from onnx_networks import export, random_network, torch, write_table  # noqa: E402

PIXELS = 224


def by_pytorch(name, kind, batch, enough, threads):
    """Prints what onnx_speed prints."""
    torch.set_num_threads(threads)
    network = random_network(name).train(kind == "training")
    images, labels = torch.randn(batch, 3, PIXELS, PIXELS), torch.zeros(batch, dtype=torch.int64)
    sgd = torch.optim.SGD(network.parameters(), lr=1e-5, momentum=0.9, nesterov=True, weight_decay=5e-4)

    def step():
        if kind == "inference":
            with torch.inference_mode():
                network(images)
            return
        sgd.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        sgd.step()

    step()
    done, start, clock = 0, time.perf_counter(), time.process_time()
    while True:
        step()
        done += batch
        seconds = time.perf_counter() - start
        if seconds >= enough:
            break
    worked = time.process_time() - clock
    status = Path("/proc/self/status").read_text()
    print(done / seconds, done / worked, int(status.split("VmHWM:")[1].split()[0]) / 2**20)


def rows(name, kind, options, model):
    batch, seconds, threads = str(options.batch), str(options.seconds), str(options.threads)
    ours = [options.programs / "onnx_speed", model, kind, batch]
    turns = {"PyTorch": [sys.executable, __file__, "--pytorch", name, kind, "--batch", batch,
                         "--seconds", seconds, "--threads", threads],
             "dense": [*ours, "1", seconds, threads],
             "a tenth": [*ours, "0.1", seconds, threads]}
    rounds = []
    for _ in range(options.rounds):
        rounds.append({})
        for turn, words in turns.items():
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            rounds[-1][turn] = [float(number) for number in done.stdout.split()]
    for turn in turns:
        row = f"| {name} {kind} | {turn} |"
        for i in (0, 1):
            speed = statistics.median(r[turn][i] for r in rounds)
            ratios = [r[turn][i] / r["PyTorch"][i] for r in rounds]
            row += (f" {speed:.1f} | {statistics.median(ratios):.2f} "
                    f"({min(ratios):.2f} to {max(ratios):.2f}) |")
        yield f"{row} {statistics.median(r[turn][2] for r in rounds):.2f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--programs", type=Path, default=Path("build/release/bin"))
    parser.add_argument("--networks", nargs="+", default=["resnet18", "mobilenet_v2"])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="a turn takes at least")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--pytorch", nargs=2, metavar=("NETWORK", "KIND"), help="one turn of PyTorch's")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.pytorch:
        by_pytorch(*options.pytorch, options.batch, options.seconds, options.threads)
        return
    table = ["| work | by | images/s | over PyTorch | a processor's second | over PyTorch | GiB |",
             "|--|--|--:|--:|--:|--:|--:|"]
    with tempfile.TemporaryDirectory() as folder:
        for name in options.networks:
            model = Path(folder) / "model.onnx"
            export(random_network(name), torch.randn(1, 3, PIXELS, PIXELS), False, 14, model)
            for kind in ("inference", "training"):
                for row in rows(name, kind, options, model):
                    table.append(row)
                    print(row, flush=True)
    if options.write:
        write_table(options.write, "speed", table)


if __name__ == "__main__":
    main()
