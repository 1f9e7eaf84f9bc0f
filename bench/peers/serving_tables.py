"""What both servers have in memory: vectors as `deeptaste export` wrote them, titles, and what everybody took."""

import csv

import numpy
import pyarrow.parquet


def vectors(path):
    table = pyarrow.parquet.read_table(path)
    columns = [name for name in table.column_names if name[0] == "d" and name[1:].isdigit()]
    values = numpy.stack([table[name].to_numpy() for name in columns], axis=1).astype(numpy.float32)
    ids = [str(each) for each in table["id"].to_pylist()]
    titles = table["title"].to_pylist() if "title" in table.column_names else ids
    return ids, titles, values


def load(folder):
    item_ids, titles, items = vectors(f"{folder}/items.parquet")
    user_ids, _, users = vectors(f"{folder}/users.parquet")
    item_index = {each: n for n, each in enumerate(item_ids)}
    user_index = {each: n for n, each in enumerate(user_ids)}
    taken = [[] for _ in user_ids]
    with open(f"{folder}/ratings.csv", newline="") as file:
        for row in csv.DictReader(file):
            user = user_index.get(row["user_id"])
            item = item_index.get(row["item_id"])
            if user is not None and item is not None:
                taken[user].append(item)
    seen = [numpy.array(sorted(set(each)), dtype=numpy.int64) for each in taken]
    return item_ids, titles, items, user_index, users, seen
