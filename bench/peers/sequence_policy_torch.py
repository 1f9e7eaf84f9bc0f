"""Times training steps of a Bi-LSTM with attention and of a full-softmax policy gradient in PyTorch on the CPU; a peer of
`deeptaste bench models --peers`.

lstm: S sequences of T steps an example, embeddings of a table of `rows` rows, nn.LSTM in both directions over all S * B sequences,
attention over the steps, one hidden layer over the joined sequences, squared loss, Adam. policy: mean of the embeddings of a
history, one layer, logits over all items by one product with the same table, reward times cross-entropy, Adam.

What is in PyTorch's favour: batches are ready-made tensors, sequences are all of full length (nothing is packed or masked), neither
making data nor compilation is timed, and the best of all settings is the one to be compared with. The settings:

  mode       eager | compiled (torch.compile of the forward pass and loss)
  optimizer  dense   Adam(fused=True): every row of the table at every step
             sparse  (lstm) sparse gradients: SparseAdam for the table and Adam(fused=True) for the rest
  threads    as given; each count has its own process

Prints one JSON document on standard output.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

WARM_UP_STEPS = 3
N_POOL = 8


def lstm(torch, size, sparse):
    nn, functional = torch.nn, torch.nn.functional
    sequences, steps, d, batch = size["sequences"], size["steps"], size["dims"], size["batchSize"]

    class BiLstm(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Embedding(size["rows"], d, sparse=sparse)
            nn.init.normal_(self.e.weight, std=0.1)
            self.lstm = nn.LSTM(d, d, batch_first=True, bidirectional=True)
            self.attention = nn.Sequential(nn.Linear(2 * d, d), nn.Tanh(), nn.Linear(d, 1, bias=False))
            self.out = nn.Sequential(nn.Linear(sequences * 2 * d, d), nn.ReLU(), nn.Linear(d, 1))

        def forward(self, index, label):
            h, _ = self.lstm(self.e(index).view(batch * sequences, steps, d))
            alpha = torch.softmax(self.attention(h), 1)
            pooled = (alpha * h).sum(1).view(batch, sequences * 2 * d)
            return functional.mse_loss(self.out(pooled).squeeze(1), label)

    slots = sequences * steps
    pool = [
        ((torch.rand(batch, slots) ** 2 * size["rows"]).long(), 1 + 4 * torch.rand(batch)) for _ in range(N_POOL)
    ]
    return BiLstm(), pool


def policy(torch, size, _sparse):
    nn, functional = torch.nn, torch.nn.functional
    items, d, batch = size["items"], size["dims"], size["batchSize"]

    class Policy(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Embedding(items, d)
            nn.init.normal_(self.e.weight, std=0.1)
            self.layer = nn.Linear(d, d)

        def forward(self, history, action, reward):
            state = functional.relu(self.layer(self.e(history).mean(1)))
            logits = state @ self.e.weight.T
            return (reward * functional.cross_entropy(logits, action, reduction="none")).mean()

    draw = lambda *shape: (torch.rand(*shape) ** 2 * items).long()
    pool = [(draw(batch, size["history"]), draw(batch), torch.rand(batch)) for _ in range(N_POOL)]
    return Policy(), pool


def optimizers(torch, model, sparse):
    if not sparse:
        return [torch.optim.Adam(model.parameters(), fused=True)]
    rest = [p for p in model.parameters() if p is not model.e.weight]
    return [torch.optim.SparseAdam([model.e.weight]), torch.optim.Adam(rest, fused=True)]


def time_setting(torch, workload, size, mode, sparse, seconds):
    torch.manual_seed(1)
    model, pool = (lstm if workload == "lstm" else policy)(torch, size, sparse)
    steppers = optimizers(torch, model, sparse)
    forward = torch.compile(model) if mode == "compiled" else model

    def step(n):
        forward(*pool[n % N_POOL]).backward()
        for each in steppers:
            each.step()
            each.zero_grad(set_to_none=True)

    for n in range(WARM_UP_STEPS):
        step(n)
    rates, cpu, n = [], [], 0
    for _ in range(3):
        started, busy, done = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - started < seconds / 3 or done == 0:
            step(n)
            n, done = n + 1, done + 1
        rates.append(done * size["batchSize"] / (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - busy) / done)
    return statistics.median(rates), min(cpu)


def worker(arguments):
    import torch

    torch.set_num_threads(arguments.threads[0])
    size = json.loads(arguments.size)
    found = []
    for mode in arguments.modes:
        for sparse in (False, True) if arguments.workload == "lstm" else (False,):
            if mode == "compiled" and sparse:
                continue
            name = f"{mode} {'sparse' if sparse else 'dense'} {arguments.threads[0]}t"
            try:
                rate, cpu = time_setting(torch, arguments.workload, size, mode, sparse, arguments.seconds)
                setting = dict(name=name, mode=mode, threads=arguments.threads[0], examplesPerSecond=rate)
                found.append(dict(setting, processorMs=cpu))
            except Exception as error:  # a setting that this PyTorch cannot run is not a peer
                found.append(dict(name=name, skipped=str(error).split("\n")[0][:200]))
    print(json.dumps(dict(torch=torch.__version__, settings=found)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", choices=["lstm", "policy"], required=True)
    parser.add_argument("--size", required=True, help="JSON")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--modes", nargs="+", default=["eager", "compiled"])
    parser.add_argument("--worker", action="store_true")
    arguments = parser.parse_args()
    if arguments.worker:
        return worker(arguments)
    try:
        import torch  # noqa: F401
    except ImportError:
        print(json.dumps(dict(skipped="PyTorch is not installed for this Python")))
        return None
    settings, version = [], None
    for threads in arguments.threads:
        flags = ["--worker", "--workload", arguments.workload, "--size", arguments.size]
        flags += ["--seconds", str(arguments.seconds), "--threads", str(threads), "--modes", *arguments.modes]
        run = subprocess.run([sys.executable, __file__, *flags], capture_output=True, text=True)
        if run.returncode != 0:
            settings.append(dict(name=f"{threads}t", skipped=run.stderr.strip().split("\n")[-1][:200]))
            continue
        document = json.loads(run.stdout.strip().split("\n")[-1])
        version = document["torch"]
        settings += document["settings"]
    timed = [each for each in settings if "examplesPerSecond" in each]
    best = max(timed, key=lambda each: each["examplesPerSecond"])["name"] if timed else None
    print(json.dumps(dict(torch=version, best=best, settings=settings)))
    return None


main()
