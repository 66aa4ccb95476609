"""Measures the library and PyTorch on the same work, on the CPU, in one run.

Runs network_benchmark and agent_benchmark from the folder --programs, times the same networks and
the same agent update in PyTorch, and prints a Markdown table of both, each at its best batch size.
With --write FILE the table also replaces what stands between the two marker lines of that file.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

# A BLAS kernel forced by the environment may be a slow one, which would be unfair to PyTorch.
for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)

try:
    import torch
    from torch import nn
except ImportError:
    sys.exit("compare_pytorch: no PyTorch here; on Debian: apt-get install python3-torch")

BEGIN, END = "<!-- pytorch:begin -->", "<!-- pytorch:end -->"
BATCHES = {"inference": (32, 64, 128, 256, 512), "training": (32, 64, 128, 256)}
MIN_SECONDS = 2.0


# ---- The same networks in PyTorch ----------------------------------------------------------------


def conv(inputs, outputs, stride=1):
    return [
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


def vgg16():
    layers, channels = [], 3
    for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        layers += conv(channels, width) if width else [nn.MaxPool2d(2)]
        channels = width or channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10))


def alexnet():
    features = [*conv(3, 64, stride=2), nn.MaxPool2d(2), *conv(64, 192), nn.MaxPool2d(2)]
    features += [*conv(192, 384), *conv(384, 256), *conv(256, 256), nn.MaxPool2d(2)]
    hidden = [nn.Dropout(0.3), nn.Linear(1024, 4096), nn.ReLU(inplace=True)]
    hidden += [nn.Dropout(0.3), nn.Linear(4096, 4096), nn.ReLU(inplace=True)]
    return nn.Sequential(*features, nn.Flatten(), *hidden, nn.Linear(4096, 10))


def plain20():
    layers, channels = conv(3, 16), 16
    for width in (16, 32, 64):
        for _ in range(6):
            layers += conv(channels, width, stride=1 if width == channels else 2)
            channels = width
    return nn.Sequential(*layers, nn.AvgPool2d(8), nn.Flatten(), nn.Linear(64, 10))


NETWORKS = {"vgg16": vgg16, "alexnet": alexnet, "plain20": plain20}


# ---- Timing PyTorch ------------------------------------------------------------------------------


def calls_per_second(call):
    call()
    calls, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < MIN_SECONDS:
        call()
        calls += 1
    return calls / elapsed


def inference_step(network, images, labels):
    network.eval()

    def step():
        with torch.inference_mode():
            network(images)

    return step


def training_step(network, images, labels):
    network.train()
    sgd = torch.optim.SGD(
        network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4
    )

    def step():
        sgd.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(network(images), labels).backward()
        sgd.step()

    return step


def images_per_second(kind, name):
    """(images/s, batch) at the best batch."""
    step = {"inference": inference_step, "training": training_step}[kind]
    best = (0.0, 0)
    for batch in BATCHES[kind]:
        images, labels = torch.randn(batch, 3, 32, 32), torch.randint(10, (batch,))
        rate = batch * calls_per_second(step(NETWORKS[name](), images, labels))
        best = max(best, (rate, batch))
    return best


def mlp(inputs, *end):
    hidden = [nn.Linear(inputs, 300), nn.ReLU(), nn.Linear(300, 300), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Linear(300, 1), *end)


def agent_updates_per_second(states=12, batch=64, tau=0.01):
    """One DDPG update: critic, actor, both targets."""
    actor, actor_target = mlp(states, nn.Sigmoid()), mlp(states, nn.Sigmoid())
    critic, critic_target = mlp(states + 1), mlp(states + 1)
    actor_adam = torch.optim.Adam(actor.parameters(), lr=1e-4)
    critic_adam = torch.optim.Adam(critic.parameters(), lr=1e-3)
    state, next_state = torch.rand(batch, states), torch.rand(batch, states)
    action, reward, alive = torch.rand(batch, 1), torch.rand(batch, 1), torch.ones(batch, 1)

    def update():
        with torch.no_grad():
            next_value = critic_target(torch.cat([next_state, actor_target(next_state)], 1))
            wanted = reward + alive * next_value
        critic_adam.zero_grad(set_to_none=True)
        value = critic(torch.cat([state, action], 1))
        nn.functional.mse_loss(value, wanted).backward()
        critic_adam.step()
        actor_adam.zero_grad(set_to_none=True)
        (-critic(torch.cat([state, actor(state)], 1)).mean()).backward()
        actor_adam.step()
        with torch.no_grad():
            for net, target in ((actor, actor_target), (critic, critic_target)):
                for p, q in zip(net.parameters(), target.parameters()):
                    q.lerp_(p, tau)

    return calls_per_second(update)


# ---- Running our benchmarks ----------------------------------------------------------------------


def run_benchmark(program, pattern):
    command = [str(program), f"--benchmark_filter={pattern}", "--benchmark_format=json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["benchmarks"]


def our_images_per_second(programs):
    """{(kind, network): (images/s, batch)} of the rows <kind>/<network>/<batch>, best batch each.

    A kind is "inference" or "training", with a suffix for a variant: "inference_masked".
    """
    best = {}
    for row in run_benchmark(programs / "network_benchmark", "^(inference|training)"):
        kind, network, batch = row["name"].split("/")[:3]
        if network in NETWORKS:
            key = (kind, network)
            best[key] = max(best.get(key, (0.0, 0)), (row["items_per_second"], int(batch)))
    return best


def our_agent_seconds(programs):
    units = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}
    (row,) = run_benchmark(programs / "agent_benchmark", "^agent_update(/|$)")
    return row["real_time"] * units[row["time_unit"]]


# ---- The table -----------------------------------------------------------------------------------


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def make_table(programs, threads):
    lines = [
        f"PyTorch {torch.__version__}, {threads} threads, {processor()}; 3x32x32 images, random.",
        "",
        "| work | autoprune | PyTorch | autoprune / PyTorch |",
        "|--|--|--|--|",
    ]
    theirs = {}
    for (kind, network), (rate, batch) in our_images_per_second(programs).items():
        reference = (kind.split("_")[0], network)
        if reference not in theirs:
            theirs[reference] = images_per_second(*reference)
        their_rate, their_batch = theirs[reference]
        lines.append(
            f"| {network} {kind.replace('_', ', ')} | {rate:.0f} images/s (batch {batch}) "
            f"| {their_rate:.0f} images/s (batch {their_batch}) | {rate / their_rate:.2f}x |"
        )
    torch.set_num_threads(1)
    ours, their = our_agent_seconds(programs), 1 / agent_updates_per_second()
    lines.append(
        f"| agent update, batch 64, one thread | {ours * 1e3:.2f} ms | {their * 1e3:.2f} ms "
        f"| {their / ours:.2f}x |"
    )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, default=Path("build/release/bin"), metavar="DIR")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()

    for name in ("network_benchmark", "agent_benchmark"):
        if not (options.programs / name).exists():
            sys.exit(f"compare_pytorch: {options.programs / name} is missing; run ./run build")
    document = options.write.read_text() if options.write else f"{BEGIN}\n{END}\n"
    if BEGIN not in document or END not in document:
        sys.exit(f"compare_pytorch: {options.write} needs the lines {BEGIN} and {END}")

    torch.set_num_threads(options.threads)
    table = make_table(options.programs, options.threads)
    print(table)
    if options.write:
        before, after = document.split(BEGIN)[0], document.split(END)[1]
        options.write.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


if __name__ == "__main__":
    main()
