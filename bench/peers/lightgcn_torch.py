"""Times LightGCN in PyTorch on the CPU; a peer of `deeptaste bench graph --peers`.

The graph has the size and skew of ours. `propagation`: mean of E and its `layers` propagations, and its gradient for a dense
gradient of the result. `training`: BPR on a batch of triples with L2 of layer-0 rows, Adam(fused=True) on all rows.

What is in PyTorch's favour: batches are ready-made, making the sparse matrix and compilation are not timed, and the best of all
settings is the one to be compared with. The modes:

  csr           torch.sparse CSR @ dense, gradient by autograd (which transposes the matrix anew at every step)
  coo           torch.sparse.mm of a coalesced COO matrix, as the reference implementation of the paper has it
  self-adjoint  CSR @ dense in an autograd function that knows the matrix to be its own transpose
  index-add     rows taken by index, scaled and added by index; `compiled` by torch.compile
  threads       as given; each count has its own process

Prints one JSON document on standard output.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import warnings

BATCH, L2, N_POOL = 2048, 1e-4, 8


def make_graph(torch, size):
    users, items, wanted = size["nUsers"], size["nItems"], size["nInteractions"]
    user_order, item_order = torch.randperm(users), torch.randperm(items)
    pairs = torch.zeros(0, dtype=torch.long)
    while len(pairs) < wanted:
        u = user_order[(users * torch.rand(wanted) ** 1.5).long()]
        i = item_order[(items * torch.rand(wanted) ** 1.5).long()]
        pairs = torch.unique(torch.cat([pairs, u * items + i]))
    pairs = pairs[torch.randperm(len(pairs))[:wanted]].sort().values
    u, i = pairs // items, pairs % items
    rows, columns = torch.cat([u, i + users]), torch.cat([i + users, u])
    degree = torch.bincount(rows, minlength=users + items).float()
    values = 1 / torch.sqrt(degree[rows] * degree[columns])
    coo = torch.sparse_coo_tensor(torch.stack([rows, columns]), values, (users + items, users + items)).coalesce()
    return coo, u, i


def propagator(torch, coo, mode, layers):
    csr = coo.to_sparse_csr() if mode in ("csr", "self-adjoint") else None
    (rows, columns), values = coo.indices(), coo.values()

    class SelfAdjoint(torch.autograd.Function):
        @staticmethod
        def forward(_context, e):
            return csr @ e

        @staticmethod
        def backward(_context, gradient):
            return csr @ gradient

    multiply = {
        "csr": lambda e: csr @ e,
        "coo": lambda e: torch.sparse.mm(coo, e),
        "self-adjoint": SelfAdjoint.apply,
    }.get(mode, lambda e: torch.zeros_like(e).index_add(0, rows, e.index_select(0, columns) * values[:, None]))

    def propagate(e):
        total, layer = e, e
        for _ in range(layers):
            layer = multiply(layer)
            total = total + layer
        return total / (layers + 1)

    return torch.compile(propagate) if mode == "compiled" else propagate


def time_mode(torch, workload, size, graph, mode, seconds):
    functional = torch.nn.functional
    coo, u, i = graph
    n_users, n = size["nUsers"], size["nUsers"] + size["nItems"]
    e = (0.1 * torch.randn(n, size["width"])).requires_grad_()
    propagate = propagator(torch, coo, mode, size["layers"])
    adam = torch.optim.Adam([e], fused=True)
    gradient = torch.randn(n, size["width"])
    picks = [torch.randint(len(u), (BATCH,)) for _ in range(N_POOL)]
    pool = [(u[p], i[p] + n_users, torch.randint(size["nItems"], (BATCH,)) + n_users) for p in picks]

    def step(k):
        y = propagate(e)
        if workload == "propagation":
            y.backward(gradient)
        else:
            user, taken, other = pool[k % N_POOL]
            x = (y[user] * (y[taken] - y[other])).sum(1)
            squares = sum((e[rows] ** 2).sum() for rows in (user, taken, other))
            (functional.softplus(-x).mean() + 0.5 * L2 / BATCH * squares).backward()
            adam.step()
        e.grad = None

    cpu, begun = [], time.perf_counter()
    step(0)
    first = time.perf_counter() - begun
    # far from the best: not worth more time
    times, begun = [first] * 2 if first > 5 and mode != "compiled" else [], time.perf_counter()
    while len(times) < 2 or (first <= 5 and time.perf_counter() - begun < seconds):
        started, busy = time.perf_counter(), time.process_time()
        step(len(times))
        times.append(time.perf_counter() - started)
        cpu.append(1000 * (time.process_time() - busy))
    rate = (BATCH if workload == "training" else 1) / statistics.median(times)
    return rate, statistics.median(cpu) if cpu else None


def worker(arguments):
    import torch

    warnings.filterwarnings("ignore")
    torch.set_num_threads(arguments.threads[0])
    torch.manual_seed(1)
    size, found = json.loads(arguments.size), []
    graph = make_graph(torch, size)
    for mode in arguments.modes:
        name = f"{mode} {arguments.threads[0]}t"
        try:
            rate, cpu = time_mode(torch, arguments.workload, size, graph, mode, arguments.seconds)
            setting = dict(name=name, mode=mode, threads=arguments.threads[0], examplesPerSecond=rate)
            found.append(dict(setting, processorMs=cpu))
        except Exception as error:  # a setting that this PyTorch cannot run is not a peer
            found.append(dict(name=name, skipped=str(error).split("\n")[0][:200]))
    print(json.dumps(dict(torch=torch.__version__, settings=found)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", choices=["propagation", "training"], required=True)
    parser.add_argument("--size", required=True, help="JSON")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--modes", nargs="+", default=["csr", "coo", "self-adjoint", "index-add", "compiled"])
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
