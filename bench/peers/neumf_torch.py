"""Times NeuMF training steps in PyTorch on the CPU; the peer of `deeptaste bench --peers`.

Workload: 6,040 users x 3,706 items, dim 64 in both branches, MLP 128-64-32-16 with ReLU, output Linear(64 + 16 -> 1),
binary cross-entropy from logits, Adam. A step is forward, backward, optimizer and zero_grad(set_to_none=True).

What is in PyTorch's favour: batches are ready-made tensors, 64 of them, so making data is not timed; neither is
compilation; and the best of all settings is the one to be compared with. The settings:

  mode       eager | compiled (torch.compile of lookups, model and loss; of the part behind the lookups where the tables
             have sparse gradients, which the compiler does not take)
  optimizer  adam-foreach   Adam's default; every row of every table at every step
             adam-fused     Adam(fused=True); likewise
             adam-compiled  Adam's step through torch.compile (compiled mode only); likewise
             adam-sparse    Embedding(sparse=True) and SparseAdam for the tables, Adam(fused=True) for the rest
  tables     separate | joined: one table a side of width 128, GMF and MLP parts side by side, half the lookups
  threads    1 | 2; each count has its own process, set up for it from the start, and only one process works at a time
  interop    torch.set_num_interop_threads(1), for the eager adam-sparse settings; elsewhere PyTorch's default

Every setting is warmed up once; then they are timed in turn, round after round.
Prints exactly one JSON document on standard output, and progress and a table on standard error (unless --json).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

N_USERS, N_ITEMS, DIM, HIDDEN = 6040, 3706, 64, (64, 32, 16)
N_POOL = 64
LEARNING_RATE = 1e-3
WARM_UP_STEPS, WARM_UP_SECONDS = 10, 0.5


def settings(modes, thread_counts):
    """The settings in the order in which a round times them."""
    found = []
    for threads in thread_counts:
        for mode in modes:
            optimizers = ["adam-foreach", "adam-fused", "adam-sparse"]
            if mode == "compiled":
                optimizers.insert(2, "adam-compiled")
            for optimizer in optimizers:
                for tables in ("separate", "joined"):
                    found.append(setting(threads, mode, optimizer, tables, None))
        if "eager" in modes:
            for tables in ("separate", "joined"):
                found.append(setting(threads, "eager", "adam-sparse", tables, 1))
    return found


def setting(threads, mode, optimizer, tables, interop):
    name = f"{mode} {optimizer} {tables} {threads}t" + ("" if interop is None else f" interop{interop}")
    return dict(name=name, threads=threads, mode=mode, optimizer=optimizer, tables=tables, interop=interop)


# --- one process for each number of threads ---------------------------------------------------------------------------


class Trainer:
    """The model, its optimizers and the pool of batches of one setting; `step()` trains on the next batch."""

    def __init__(self, torch, spec, batch):
        torch.manual_seed(1)
        tables = embeddings(torch, spec)
        head, dense = output_head(torch, spec)
        self.loss = loss_function(torch, spec, tables, head)
        self.optimizer_steps, self.optimizers = optimizers(torch, spec, tables, dense)
        self.pool = [random_batch(torch, batch) for _ in range(N_POOL)]
        self.done = 0

    def step(self):
        loss = self.loss(*self.pool[self.done % N_POOL])
        loss.backward()
        for optimizer_step in self.optimizer_steps:
            optimizer_step()
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        self.done += 1
        return loss


def random_batch(torch, batch):
    """Users and items as int64; labels as the float32 that the loss wants, so that a step need not convert them."""
    labels = torch.randint(2, (batch,)).float()
    return torch.randint(N_USERS, (batch,)), torch.randint(N_ITEMS, (batch,)), labels


def embeddings(torch, spec):
    """[user, item] of width 128 where joined, else [user GMF, user MLP, item GMF, item MLP] of width 64."""
    widths = (2 * DIM,) if spec["tables"] == "joined" else (DIM, DIM)
    tables = torch.nn.ModuleList(
        torch.nn.Embedding(rows, width, sparse=spec["optimizer"] == "adam-sparse")
        for rows in (N_USERS, N_ITEMS)
        for width in widths
    )
    for table in tables:
        torch.nn.init.normal_(table.weight, std=0.01)
    return tables


def output_head(torch, spec):
    """What follows the lookups, as a function of (labels, *vectors) to the mean loss, and its parameters."""
    nn = torch.nn
    sizes = (2 * DIM, *HIDDEN)
    mlp = nn.Sequential(*(part for a, b in zip(sizes, HIDDEN) for part in (nn.Linear(a, b), nn.ReLU())))
    output = nn.Linear(DIM + HIDDEN[-1], 1)
    joined = spec["tables"] == "joined"

    def head(labels, *vectors):
        if joined:  # split, not slices: its backward is one concatenation
            vectors = [part for side in vectors for part in side.split(DIM, 1)]
        user_gmf, user_mlp, item_gmf, item_mlp = vectors
        deep = mlp(torch.cat((user_mlp, item_mlp), 1))
        logit = output(torch.cat((user_gmf * item_gmf, deep), 1)).squeeze(1)
        return nn.functional.binary_cross_entropy_with_logits(logit, labels)

    return head, [*mlp.parameters(), *output.parameters()]


def loss_function(torch, spec, tables, head):
    """(users, items, labels) -> mean loss, compiled as the setting says."""
    compiled, sparse = spec["mode"] == "compiled", spec["optimizer"] == "adam-sparse"
    half = len(tables) // 2
    if compiled and sparse:
        head = torch.compile(head)

    def loss(users, items, labels):
        user_vectors = [table(users) for table in tables[:half]]
        return head(labels, *user_vectors, *(table(items) for table in tables[half:]))

    return torch.compile(loss) if compiled and not sparse else loss


def optimizers(torch, spec, tables, dense):
    """The optimizers' step functions and the optimizers."""
    adam = torch.optim.Adam
    kind = spec["optimizer"]
    both = [*tables.parameters(), *dense]
    if kind == "adam-sparse":
        sparse = torch.optim.SparseAdam(list(tables.parameters()), lr=LEARNING_RATE)
        found = [sparse, adam(dense, lr=LEARNING_RATE, fused=True)]
    elif kind == "adam-fused":
        found = [adam(both, lr=LEARNING_RATE, fused=True)]
    else:
        found = [adam(both, lr=LEARNING_RATE, foreach=True)]
    if kind == "adam-compiled":
        return [torch.compile(found[0].step)], found
    return [optimizer.step for optimizer in found], found


def run(trainer, seconds, min_steps=1):
    """Trains for `seconds` and at least `min_steps`; returns steps and elapsed seconds."""
    start = time.perf_counter()
    steps, elapsed = 0, 0.0
    while steps < min_steps or elapsed < seconds:
        trainer.step()
        steps += 1
        elapsed = time.perf_counter() - start
    return steps, elapsed


def first_line(error):
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0] if text else 'no message'}"[:300]


def worker(threads, interop):
    """Answers one JSON line to each JSON line on standard input."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a compiler prints must not mix with the answers
    try:
        import torch
    except Exception as error:  # an incomplete installation raises more than ImportError
        print(json.dumps(dict(skipped=f"torch cannot be imported: {first_line(error)}")), file=answers, flush=True)
        return
    torch.set_num_threads(threads)
    if interop is not None:
        torch.set_num_interop_threads(interop)
    print(json.dumps(dict(torch=torch.__version__)), file=answers, flush=True)
    trainers = {}
    for line in sys.stdin:
        request = json.loads(line)
        spec = request["setting"]
        if request["do"] == "prepare":
            try:
                trainer = Trainer(torch, spec, request["batch"])
                loss = float(trainer.step())
                run(trainer, 0, WARM_UP_STEPS)
                run(trainer, WARM_UP_SECONDS)
                trainers[spec["name"]] = trainer
                answer = dict(firstLoss=loss)
            except Exception as error:  # the compiler may be missing, or not take this setting: reported, not fatal
                answer = dict(skipped=first_line(error))
        else:
            trainer = trainers[spec["name"]]
            run(trainer, 0, 2)
            steps, elapsed = run(trainer, request["seconds"])
            answer = dict(steps=steps, elapsed=elapsed)
        print(json.dumps(answer), file=answers, flush=True)


# --- the process that asks them ---------------------------------------------------------------------------------------


class Worker:
    def __init__(self, threads, interop):
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--worker", str(threads), "default" if interop is None else str(interop)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.hello = self.answer()

    def ask(self, **request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except OSError:
            return dict(skipped="the process that runs this setting has ended")
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else dict(skipped="the process that runs this setting has ended")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(args, say):
    """Returns the JSON document."""
    specs = settings(args.modes, args.threads)
    busy = load_average()
    workers = {}
    try:
        for spec in specs:
            key = (spec["threads"], spec["interop"])
            if key not in workers:
                workers[key] = Worker(*key)
                if "skipped" in workers[key].hello:
                    return dict(skipped=workers[key].hello["skipped"], python=platform.python_version())
        ready = [spec for spec in specs if prepare(workers, spec, args.batch, say)]
        for number in range(args.rounds):
            say(f"round {number + 1} of {args.rounds}")
            for spec in ready:
                time_once(workers, spec, args.seconds / args.rounds, args.batch)
        return document(args, specs, next(iter(workers.values())).hello["torch"], busy)
    finally:
        for each in workers.values():
            each.close()


def prepare(workers, spec, batch, say):
    say(f"warming up {spec['name']}")
    answer = workers[spec["threads"], spec["interop"]].ask(do="prepare", setting=dict(spec), batch=batch)
    spec.update(answer)
    spec["all"] = []
    return "skipped" not in answer


def time_once(workers, spec, seconds, batch):
    if "skipped" in spec:
        return
    request = {key: spec[key] for key in ("name", "threads", "interop")}
    answer = workers[spec["threads"], spec["interop"]].ask(do="time", setting=request, seconds=seconds)
    if "skipped" in answer:
        spec["skipped"] = answer["skipped"]
    else:
        spec["all"].append(answer["steps"] * batch / answer["elapsed"])


def document(args, specs, torch_version, busy):
    found = []
    for spec in specs:
        if "skipped" in spec:
            found.append({key: value for key, value in spec.items() if key != "all"})
        else:
            rate = statistics.median(spec["all"])
            found.append({**spec, "examplesPerSecond": rate, "stepMs": 1000 * args.batch / rate})
    timed = [spec for spec in found if "skipped" not in spec]
    best = max(timed, key=lambda spec: spec["examplesPerSecond"], default=None)
    return dict(
        torch=torch_version,
        python=platform.python_version(),
        cpu=cpu_name(),
        loadAverageBefore=busy,
        batch=args.batch,
        secondsPerSetting=args.seconds,
        rounds=args.rounds,
        settings=found,
        best=best["name"] if best else None,
    )


def load_average():
    """Of the last minute, or None where the system has none. Other work on the cores ruins timings with 2 threads."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def cpu_name():
    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return f"{line.split(':', 1)[1].strip()}, {os.cpu_count()} logical cores"
    except OSError:
        pass
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} logical cores"


def table(result):
    if "skipped" in result:
        return f"skipped: {result['skipped']}"
    lines = []
    for spec in result["settings"]:
        if "skipped" in spec:
            numbers = f"skipped: {spec['skipped']}"
        else:
            numbers = f"{spec['examplesPerSecond']:12,.0f} examples/s {spec['stepMs']:8.2f} ms"
        lines.append(f"{spec['name']:44}{numbers}")
    return "\n".join([*lines, f"best: {result['best']}"])


def at_least(kind, low, strict):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not (low < value < 1e9 if strict else low <= value < 1e9):
            raise argparse.ArgumentTypeError(f"must be a number {'>' if strict else '>='} {low}, got {text!r}")
        return value

    return parse


def parse_arguments(argv):
    positive = at_least(int, 1, False)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=positive, default=2048, help="examples a step (default 2048)")
    parser.add_argument(
        "--seconds",
        type=at_least(float, 0, True),
        default=3.0,
        help="timed seconds a setting, all rounds together (default 3)",
    )
    parser.add_argument("--rounds", type=positive, default=3, help="times that each setting's turn comes (default 3)")
    parser.add_argument(
        "--threads", type=positive, nargs="+", default=[1, 2], help="numbers of threads to time (default 1 2)"
    )
    parser.add_argument(
        "--modes", nargs="+", choices=["eager", "compiled"], default=["eager", "compiled"], help="default: both"
    )
    parser.add_argument("--json", action="store_true", help="the JSON on one line, and nothing on standard error")
    return parser.parse_args(argv)


def main(argv):
    if argv[:1] == ["--worker"]:
        worker(int(argv[1]), None if argv[2] == "default" else int(argv[2]))
        return
    args = parse_arguments(argv)
    say = (lambda line: None) if args.json else (lambda line: print(line, file=sys.stderr, flush=True))
    result = measure(args, say)
    say(table(result))
    print(json.dumps(result, indent=None if args.json else 2))


if __name__ == "__main__":
    main(sys.argv[1:])
