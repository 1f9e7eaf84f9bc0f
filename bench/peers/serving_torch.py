"""FastAPI + PyTorch as people write it by hand: serving_torch.py FOLDER PORT. One process, as ours is."""

import sys

import torch
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from serving_tables import load

folder, port = sys.argv[1], int(sys.argv[2])
item_ids, titles, items, user_index, users, seen = load(folder)
items = torch.from_numpy(items)
users = torch.from_numpy(users)
seen = [torch.from_numpy(each) for each in seen]
torch.set_num_threads(1)
app = FastAPI()


class Request(BaseModel):
    user: str
    k: int = 10


@app.post("/recommend")
async def recommend(request: Request):
    user = user_index.get(request.user)
    if user is None:
        raise HTTPException(404, "unknown user")
    with torch.inference_mode():
        scores = items @ users[user]
        scores[seen[user]] = -torch.inf
        best = torch.topk(scores, request.k)
    return {
        "items": [
            {"id": item_ids[item], "title": titles[item], "score": score}
            for item, score in zip(best.indices.tolist(), best.values.tolist())
        ]
    }


uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
