"""Times training steps of DeepFM and GRU4Rec in PyTorch on the CPU; a peer of `deeptaste bench models --peers`.

DeepFM: F fields, one table of `rows` x `factors` and one of `rows` x 1, FM part and an MLP on the joined embeddings, binary
cross-entropy from logits, Adam. GRU4Rec: one GRU cell, embedding shared with the output, scores of the batch's targets and of
2,048 extra negatives with biases, cross-entropy with logQ correction, or BPR-max with elu and score regularization; Adagrad.

What is in PyTorch's favour: batches are ready-made tensors, drawing of negatives included, so making data is not timed; neither is
compilation; and the best of all settings is the one to be compared with. The settings:

  mode       eager | compiled (torch.compile of the forward pass and loss; dense optimizers only)
  optimizer  dense   Adam(fused=True), or Adagrad(fused=True): every row of every table at every step
             sparse  sparse gradients: SparseAdam for tables and Adam(fused=True) for the rest, or Adagrad on sparse gradients
  threads    as given; each count has its own process

Prints one JSON document on standard output.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

WARM_UP_STEPS = 5
N_POOL = 16


def deepfm(torch, size, sparse):
    nn, functional = torch.nn, torch.nn.functional

    class DeepFM(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Embedding(size["rows"], 1, sparse=sparse)
            self.v = nn.Embedding(size["rows"], size["factors"], sparse=sparse)
            nn.init.normal_(self.v.weight, std=0.01)
            layers, n = [], size["fields"] * size["factors"]
            for m in size["hidden"]:
                layers += [nn.Linear(n, m), nn.ReLU()]
                n = m
            self.mlp = nn.Sequential(*layers, nn.Linear(n, 1))
            self.bias = nn.Parameter(torch.zeros(1))

        def forward(self, index, label):
            e = self.v(index)
            total = e.sum(1)
            pairs = 0.5 * (total * total - (e * e).sum(1)).sum(1)
            logit = self.bias + self.w(index).sum((1, 2)) + pairs + self.mlp(e.flatten(1)).squeeze(1)
            return functional.binary_cross_entropy_with_logits(logit, label)

    each, batch = size["rows"] // size["fields"], size["batchSize"]
    offsets = torch.arange(size["fields"]) * each
    pool = [
        ((torch.rand(batch, size["fields"]) ** 2 * each).long() + offsets, (torch.rand(batch) < 0.3).float())
        for _ in range(N_POOL)
    ]
    return DeepFM(), pool, ("w.weight", "v.weight"), "adam"


def gru4rec(torch, size, sparse):
    nn, functional = torch.nn, torch.nn.functional
    units, batch, samples, items = size["units"], size["batchSize"], size["samples"], size["items"]
    bpr_max = size["loss"] == "bpr-max"

    class Gru4Rec(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Embedding(items, units, sparse=sparse)
            self.b = nn.Embedding(items, 1, sparse=sparse)
            self.cell = nn.GRUCell(units, units)
            self.register_buffer("h", torch.zeros(batch, units))
            self.register_buffer("mask", 1.0 - torch.eye(batch, batch + samples))

        def forward(self, item, candidates, log_q):
            h = self.cell(functional.dropout(self.e(item), 0.1), self.h)
            scores = h @ self.e(candidates).T + self.b(candidates).T
            if bpr_max:
                scores = functional.elu(scores, 0.5)
                target = scores.diagonal()[:, None]
                s = torch.softmax(scores, 1) * self.mask
                s = s / s.sum(1, keepdim=True)
                won = (s * torch.sigmoid(target - scores)).sum(1)
                loss = (-torch.log(won + 1e-24) + (s * scores * scores).sum(1)).mean()
            else:
                loss = functional.cross_entropy(scores - log_q, torch.arange(batch))
            return loss, h

    draw = lambda n: (torch.rand(n) ** 3 * items).long()
    pool = []
    for _ in range(N_POOL):
        target = draw(batch)
        pool.append((draw(batch), torch.cat([target, draw(samples)]), torch.randn(batch + samples)))
    return Gru4Rec(), pool, ("e.weight", "b.weight"), "adagrad"


def optimizers(torch, model, tables, kind, sparse):
    named = dict(model.named_parameters())
    in_tables = [named[name] for name in tables]
    rest = [p for name, p in named.items() if name not in tables]
    if kind == "adam":
        if not sparse:
            return [torch.optim.Adam(model.parameters(), fused=True)]
        return [torch.optim.SparseAdam(in_tables), torch.optim.Adam(rest, fused=True)]
    if not sparse:
        return [torch.optim.Adagrad(model.parameters(), lr=0.1, fused=True)]
    return [torch.optim.Adagrad(in_tables, lr=0.1), torch.optim.Adagrad(rest, lr=0.1, fused=True)]


def time_setting(torch, workload, size, mode, sparse, seconds):
    torch.manual_seed(1)
    make = deepfm if workload == "deepfm" else gru4rec
    model, pool, tables, kind = make(torch, size, sparse)
    steppers = optimizers(torch, model, tables, kind, sparse)
    forward = torch.compile(model) if mode == "compiled" else model

    def step(n):
        out = forward(*pool[n % N_POOL])
        loss = out if workload == "deepfm" else out[0]
        loss.backward()
        if workload != "deepfm":
            model.h = out[1].detach()
        for each in steppers:
            each.step()
            each.zero_grad(set_to_none=True)

    for n in range(WARM_UP_STEPS):
        step(n)
    rates, n = [], 0
    for _ in range(3):
        started, done = time.perf_counter(), 0
        while time.perf_counter() - started < seconds / 3 or done == 0:
            step(n)
            n, done = n + 1, done + 1
        rates.append(done * size["batchSize"] / (time.perf_counter() - started))
    return statistics.median(rates)


def worker(arguments):
    import torch

    torch.set_num_threads(arguments.threads[0])
    size = json.loads(arguments.size)
    found = []
    for mode in arguments.modes:
        for sparse in (False, True):
            if mode == "compiled" and sparse:
                continue
            name = f"{mode} {'sparse' if sparse else 'dense'} {arguments.threads[0]}t"
            try:
                rate = time_setting(torch, arguments.workload, size, mode, sparse, arguments.seconds)
                found.append(dict(name=name, mode=mode, threads=arguments.threads[0], examplesPerSecond=rate))
            except Exception as error:  # a setting that this PyTorch cannot run is not a peer
                found.append(dict(name=name, skipped=str(error).split("\n")[0][:200]))
    print(json.dumps(dict(torch=torch.__version__, settings=found)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", choices=["deepfm", "gru4rec"], required=True)
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
