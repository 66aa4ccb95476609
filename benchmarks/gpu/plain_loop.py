"""Images a second of a plain PyTorch training loop: plain_loop.py DEVICE NETWORK BATCH STEPS.

DEVICE is cpu or cuda[:N], with +bf16 behind it for autocast. The networks are those of
compare_pytorch.py; images lie on the device and are neither shifted nor mirrored.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import torch
from compare_pytorch import NETWORKS
from torch import nn

name, of, batch, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
bf16 = name.endswith("+bf16")
device = torch.device(name[:-5] if bf16 else name)
network = NETWORKS[of]().to(device, memory_format=torch.channels_last).train()
sgd = torch.optim.SGD(
    network.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4
)
images = torch.randn(4096, 3, 32, 32, device=device)
labels = torch.randint(10, (4096,), device=device)


def step():
    taken = torch.randint(4096, (batch,), device=device)
    x = images[taken].contiguous(memory_format=torch.channels_last)
    sgd.zero_grad(set_to_none=True)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
        logits = network(x)
    loss = nn.functional.cross_entropy(logits.float(), labels[taken])
    loss.backward()
    sgd.step()
    return loss


def wait():
    if device.type == "cuda":
        torch.cuda.synchronize(device)


for _ in range(min(steps, 5)):
    step()
wait()
start = time.perf_counter()
for _ in range(steps):
    step()
wait()
print(name, of, batch, batch * steps / (time.perf_counter() - start))
