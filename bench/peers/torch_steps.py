"""What the scripts share that time training steps in PyTorch on the CPU: settings, processes, timing, one JSON document.

A workload is a function of (torch, size, sparse) that gives a module whose call is the loss, a pool of ready batches, and its tables. The settings:

  mode       eager | compiled (torch.compile of the forward pass and loss)
  optimizer  dense   Adam(fused=True): every row of every table at every step
             sparse  sparse gradients: SparseAdam for the tables and Adam(fused=True) for the rest, where the workload has tables for it
  threads    as given; each count has its own process
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

WARM_UP_STEPS = 3


def optimizers(torch, model, tables, sparse):
    if not sparse:
        return [torch.optim.Adam(model.parameters(), fused=True)]
    rest = [p for p in model.parameters() if all(p is not table for table in tables)]
    return [torch.optim.SparseAdam(tables), torch.optim.Adam(rest, fused=True)]


def time_setting(torch, make, size, mode, sparse, seconds):
    torch.manual_seed(1)
    model, pool, tables = make(torch, size, sparse)
    if sparse and not tables:
        return None
    steppers = optimizers(torch, model, tables, sparse)
    forward = torch.compile(model) if mode == "compiled" else model

    def step(n):
        forward(*pool[n % len(pool)]).backward()
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


def worker(arguments, make):
    import torch

    torch.set_num_threads(arguments.threads[0])
    size = json.loads(arguments.size)
    found = []
    for mode in arguments.modes:
        for sparse in (False, True) if mode == "eager" else (False,):
            name = f"{mode} {'sparse' if sparse else 'dense'} {arguments.threads[0]}t"
            try:
                timed = time_setting(torch, make, size, mode, sparse, arguments.seconds)
                if timed is None:
                    continue
                setting = dict(name=name, mode=mode, threads=arguments.threads[0], examplesPerSecond=timed[0])
                found.append(dict(setting, processorMs=timed[1]))
            except Exception as error:  # a setting that this PyTorch cannot run is not a peer
                found.append(dict(name=name, skipped=str(error).split("\n")[0][:200]))
    print(json.dumps(dict(torch=torch.__version__, settings=found)))


def main(workloads):
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", choices=list(workloads), required=True)
    parser.add_argument("--size", required=True, help="JSON")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--modes", nargs="+", default=["eager", "compiled"])
    parser.add_argument("--worker", action="store_true")
    arguments = parser.parse_args()
    if arguments.worker:
        return worker(arguments, workloads[arguments.workload])
    try:
        import torch  # noqa: F401
    except ImportError:
        print(json.dumps(dict(skipped="PyTorch is not installed for this Python")))
        return None
    settings, version = [], None
    for threads in arguments.threads:
        flags = ["--worker", "--workload", arguments.workload, "--size", arguments.size]
        flags += ["--seconds", str(arguments.seconds), "--threads", str(threads), "--modes", *arguments.modes]
        run = subprocess.run([sys.executable, sys.argv[0], *flags], capture_output=True, text=True)
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
