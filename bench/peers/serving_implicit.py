"""FastAPI + implicit as people write it by hand: serving_implicit.py FOLDER PORT. One process, as ours is."""

import sys

import numpy
import uvicorn
from fastapi import FastAPI, HTTPException
from implicit.cpu.matrix_factorization_base import MatrixFactorizationBase
from pydantic import BaseModel
from scipy.sparse import csr_matrix

from serving_tables import load

folder, port = sys.argv[1], int(sys.argv[2])
item_ids, titles, items, user_index, users, seen = load(folder)
columns = numpy.concatenate(seen)
starts = numpy.concatenate([[0], numpy.cumsum([len(each) for each in seen])])
taken = csr_matrix((numpy.ones(len(columns), dtype=numpy.float32), columns, starts), shape=(len(users), len(items)))


class Factors(MatrixFactorizationBase):
    """Vectors that were fitted elsewhere."""

    def fit(self, user_items, show_progress=True, callback=None):
        raise NotImplementedError

    def save(self, file):
        raise NotImplementedError


model = Factors(num_threads=1)
model.user_factors = users
model.item_factors = items
app = FastAPI()


class Request(BaseModel):
    user: str
    k: int = 10


@app.post("/recommend")
async def recommend(request: Request):
    user = user_index.get(request.user)
    if user is None:
        raise HTTPException(404, "unknown user")
    ids, scores = model.recommend(user, taken[user], N=request.k, filter_already_liked_items=True)
    return {
        "items": [
            {"id": item_ids[item], "title": titles[item], "score": score}
            for item, score in zip(ids.tolist(), scores.tolist())
        ]
    }


uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
