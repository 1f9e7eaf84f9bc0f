"""Times training steps of a Bi-LSTM with attention and of a full-softmax policy gradient in PyTorch on the CPU; a peer of
`deeptaste bench models --peers`.

lstm: S sequences of T steps an example, embeddings of a table of `rows` rows, nn.LSTM in both directions over all S * B sequences,
attention over the steps, one hidden layer over the joined sequences, squared loss, Adam. policy: mean of the embeddings of a
history, one layer, logits over all items by one product with the same table, reward times cross-entropy, Adam.

What is in PyTorch's favour: batches are ready-made tensors, sequences are all of full length (nothing is packed or masked), neither
making data nor compilation is timed, and the best of all settings (`torch_steps.py`) is the one to be compared with.

Prints one JSON document on standard output.
"""

from torch_steps import main

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
    model = BiLstm()
    return model, pool, [model.e.weight]


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
    return Policy(), pool, []


main(dict(lstm=lstm, policy=policy))
