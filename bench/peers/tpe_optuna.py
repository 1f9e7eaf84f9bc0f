"""Optuna's TPE on the functions of scripts/tune-accuracy.ts: median regret after 100 trials.

pip install optuna, then: python bench/peers/tpe_optuna.py [seeds]. Prints one JSON document.
"""

import json
import math
import statistics
import sys

import optuna

TRIALS = 100

A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
P = [
    [1312, 1696, 5569, 124, 8283, 5886],
    [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
]
ALPHA = [1, 1.2, 3, 3.2]


def branin(trial):
    x, y = trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)
    bowl = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.397887357729739


def hartmann6(trial):
    x = [trial.suggest_float(f"x{j}", 0, 1) for j in range(6)]
    wells = (a * math.exp(-sum(A[i][j] * (x[j] - P[i][j] * 1e-4) ** 2 for j in range(6))) for i, a in enumerate(ALPHA))
    return 3.32236801141551 - sum(wells)


def conditional(trial):
    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    rate = trial.suggest_float("rate", 1e-5, 1, log=True)
    loss = (math.log10(rate) + 2) ** 2 / 4
    if kind == "a":
        return 0.5 + loss
    if kind == "b":
        depth = trial.suggest_int("depth", 1, 10)
        return 0.1 + loss + ((depth - 4) / 6) ** 2 + (trial.suggest_float("drop", 0, 1) - 0.3) ** 2
    drop = trial.suggest_float("drop", 0, 1)
    return loss + (drop - 0.7) ** 2 + 4 * (trial.suggest_float("mix", 0, 1) - 0.2) ** 2


def regret(function, seed):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(function, n_trials=TRIALS)
    return study.best_value


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    functions = {"branin": branin, "hartmann6": hartmann6, "conditional": conditional}
    medians = {name: statistics.median(regret(f, seed) for seed in range(seeds)) for name, f in functions.items()}
    print(json.dumps({"optuna": optuna.__version__, "trials": TRIALS, "seeds": seeds, "median": medians}))


main()
