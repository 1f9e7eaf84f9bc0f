"""Times training steps of DSCF and GraphRec in PyTorch on the CPU; a peer of `deeptaste bench models --peers`.

dscf: L walks of K tokens (user, item, level of the rating) an example, two layers a token, nn.LSTM in both directions over all walks,
attention over the steps of a walk and over the walks, with the pair of user and item as query, MLP with dropout, squared loss, Adam.
graphrec: `cap` rated items, friends and raters an example, two layers for an opinion, three attentions, MLP with dropout, squared
loss, Adam. Both without biases of users and items.

What is in PyTorch's favour: batches are ready-made tensors, all lists are full (nothing is masked), neither making data nor
compilation is timed, and the best of all settings (`torch_steps.py`) is the one to be compared with.

Prints one JSON document on standard output.
"""

from torch_steps import main

N_POOL = 8


def parts(torch, size, sparse):
    """What both models are made of: tables, layers that are followed by a rectifier, attention, and the output."""
    nn, functional = torch.nn, torch.nn.functional
    d = size["dims"]

    def table(n):
        e = nn.Embedding(n, d, sparse=sparse)
        nn.init.normal_(e.weight, std=0.1)
        return e

    class Opinion(nn.Module):
        def __init__(self, inputs):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(inputs, d), nn.ReLU(), nn.Linear(d, d), nn.ReLU())

        def forward(self, *vectors):
            return self.layers(torch.cat(vectors, -1))

    class Attention(nn.Module):
        def __init__(self, width, query):
            super().__init__()
            self.of_vector, self.of_query = nn.Linear(width, d), nn.Linear(query, d, bias=False)
            self.w = nn.Linear(d, 1, bias=False)

        def forward(self, h, query):
            """h [B, ..., T, width], query [B, q] -> [B, ..., width]"""
            q = self.of_query(query).view(len(query), *[1] * (h.dim() - 2), d)
            alpha = torch.softmax(self.w(torch.tanh(self.of_vector(h) + q)), -2)
            return (alpha * h).sum(-2)

    def output(inputs):
        layers = []
        for n in size["hidden"]:
            layers += [nn.Linear(inputs, n), nn.ReLU(), nn.Dropout(0.5)]
            inputs = n
        return nn.Sequential(*layers, nn.Linear(inputs, 1))

    loss = lambda y, label: functional.mse_loss(y.squeeze(1), label)
    draw = lambda n, *shape: torch.randint(n, (size["batchSize"], *shape))
    labels = lambda: 4 * torch.rand(size["batchSize"]) - 2
    return table, Opinion, Attention, output, loss, draw, labels


def dscf(torch, size, sparse):
    nn = torch.nn
    d, walks, steps, batch = size["dims"], size["walks"], size["steps"], size["batchSize"]
    table, opinion, attention, output, loss, draw, labels = parts(torch, size, sparse)

    class Dscf(nn.Module):
        def __init__(self):
            super().__init__()
            self.p, self.q, self.e = table(size["nUsers"]), table(size["nItems"]), nn.Embedding(size["nLevels"], d)
            self.token = opinion(3 * d)
            self.lstm = nn.LSTM(d, d, batch_first=True, bidirectional=True)
            self.of_steps, self.of_walks = attention(2 * d, 2 * d), attention(2 * d, 2 * d)
            self.out = output(4 * d)

        def forward(self, user, item, users, items, levels, label):
            pair = torch.cat([self.p(user), self.q(item)], 1)
            h, _ = self.lstm(self.token(self.p(users), self.q(items), self.e(levels)).view(batch * walks, steps, d))
            friends = self.of_walks(self.of_steps(h.view(batch, walks, steps, 2 * d), pair), pair)
            return loss(self.out(torch.cat([pair, friends], 1)), label)

    tokens = walks * steps
    pool = [
        (draw(size["nUsers"]), draw(size["nItems"]), draw(size["nUsers"], tokens), draw(size["nItems"], tokens),
         draw(size["nLevels"], tokens), labels())
        for _ in range(N_POOL)
    ]
    model = Dscf()
    return model, pool, [model.p.weight, model.q.weight]


def graphrec(torch, size, sparse):
    nn, relu = torch.nn, torch.nn.functional.relu
    d, cap = size["dims"], size["cap"]
    table, opinion, attention, output, loss, draw, labels = parts(torch, size, sparse)

    class GraphRec(nn.Module):
        def __init__(self):
            super().__init__()
            self.p, self.q, self.e = table(size["nUsers"]), table(size["nItems"]), nn.Embedding(size["nLevels"], d)
            self.rated, self.raters = opinion(2 * d), opinion(2 * d)
            self.of_rated, self.of_friends, self.of_raters = (attention(d, d) for _ in range(3))
            self.by_items, self.by_friends, self.user, self.item = (nn.Linear(2 * d, d) for _ in range(4))
            self.out = output(2 * d)

        def forward(self, user, item, items, item_levels, friends, users, user_levels, label):
            p, q = self.p(user), self.q(item)
            rated = self.of_rated(self.rated(self.q(items), self.e(item_levels)), p)
            raters = self.of_raters(self.raters(self.p(users), self.e(user_levels)), q)
            by_items = relu(self.by_items(torch.cat([p, rated], 1)))
            by_friends = relu(self.by_friends(torch.cat([p, self.of_friends(self.p(friends), p)], 1)))
            h = relu(self.user(torch.cat([by_items, by_friends], 1)))
            z = relu(self.item(torch.cat([q, raters], 1)))
            return loss(self.out(torch.cat([h, z], 1)), label)

    users, items, levels = size["nUsers"], size["nItems"], size["nLevels"]
    pool = [
        (draw(users), draw(items), draw(items, cap), draw(levels, cap), draw(users, cap), draw(users, cap),
         draw(levels, cap), labels())
        for _ in range(N_POOL)
    ]
    model = GraphRec()
    return model, pool, [model.p.weight, model.q.weight]


main(dict(dscf=dscf, graphrec=graphrec))
