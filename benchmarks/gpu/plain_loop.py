"""Images a second of a plain PyTorch training loop: plain_loop.py DEVICE NETWORK BATCH STEPS.

DEVICE is cpu or cuda[:N], with +bf16 behind it for autocast. The networks are those of
compare_pytorch.py, and torchvision's resnet18 for images of 224x224; images lie on the device and are neither shifted nor mirrored.
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
large = of == "resnet18"
if large:
    from torchvision.models import resnet18

    NETWORKS[of] = lambda: resnet18(num_classes=10)
network = NETWORKS[of]().to(device, memory_format=torch.channels_last).train()
sgd = torch.optim.SGD(
    network.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4
)
count, size = (512, 224) if large else (4096, 32)
images = torch.randn(count, 3, size, size, device=device)
labels = torch.randint(10, (count,), device=device)


def step():
    taken = torch.randint(count, (batch,), device=device)
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
