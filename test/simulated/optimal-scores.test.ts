/** The best possible score is right: against an oracle written from the docs' formulas, fresh draws, and rival scorers. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type SimulatedWorld, simulateFilmClub } from '../../src/data/simulated/film-club.ts';
import { bestPossible, heldOutItem, optimalScores, redrawEvent } from '../../src/data/simulated/optimal-scores.ts';
import type { FilmClubInput } from '../../src/data/simulated/options.ts';
import { preference } from '../../src/data/simulated/taste.ts';
import { type Event, historiesOf, itemCounts, mean, ndcg, standardDeviation, sum } from './measures.ts';

const day = 86400;

/** Strong context, so that a mistake in any channel shows. */
const lively: FilmClubInput = {
  nUsers: 40,
  nItems: 30,
  activity: 8,
  newReleases: 0.3,
  days: 120,
  friends: 6,
  sessionInfluence: 0.3,
  socialInfluence: 0.3,
  premiereInfluence: 0.2,
};

/** Acceptance of docs/simulated-world.md, from the world's true parameters. */
function acceptOracle(world: SimulatedWorld, user: number, item: number, time: number): number {
  const { options, films, people } = world;
  const n = films.traits.length / options.nItems;
  const angle = (options.drift * Math.PI * (time - 1672531200)) / (2 * options.days * day);
  let match = 0;
  for (let k = 0; k < n; k++) {
    const taste = Math.cos(angle) * people.tasteStart[user * n + k] + Math.sin(angle) * people.tasteEnd[user * n + k];
    match += taste * films.traits[item * n + k];
  }
  const era = people.corner[2 * user] - films.mapPosition[2 * item];
  const mood = people.corner[2 * user + 1] - films.mapPosition[2 * item + 1];
  const corner = (Math.exp(-(era ** 2 + mood ** 2) / (2 * 0.35 ** 2)) - 0.2) / 0.28;
  const logit =
    -3.6 + options.quality * films.quality[item] + options.tasteStrength * (match + options.nonlinearity * corner);
  return (1 - options.noise) / (1 + Math.exp(-logit)) + options.noise * 0.1;
}

/** Films that friends talked about: on arriving, those of the evening before; from the data set's rows alone. */
function heardOracle(world: SimulatedWorld, histories: Event[][], user: number, time: number): number[] {
  const { from, to } = world.dataset.social!;
  return Array.from(to).flatMap((friend, edge) => {
    if (from[edge] !== user) return [];
    const evenings = [...new Set(histories[friend].map((event) => event.session))].map((session) =>
      histories[friend].filter((event) => event.session === session),
    );
    return evenings.flatMap((events, n) => {
      const arrival = events[0].time;
      const isHeard = n > 0 && arrival < time && arrival >= time - 30 * day;
      return isHeard ? evenings[n - 1].map((event) => event.item) : [];
    });
  });
}

/** p(i | u, context) of docs/simulated-world.md for the event at `position` (≥ 0) of a member's history. */
function oracle(world: SimulatedWorld, histories: Event[][], user: number, position: number): number[] {
  const { options, films, channels } = world;
  const event = histories[user][position];
  const evening = histories[user].filter((other) => other.session === event.session);
  const time = evening[0].time;
  const exposure = new Array<number>(options.nItems).fill(0);
  let popularity = 1;
  const addChannel = (share: number, items: number[], weights: number[]) => {
    if (items.length === 0) return;
    popularity -= share;
    for (const [n, item] of items.entries()) exposure[item] += (share * weights[n]) / sum(weights);
  };
  const ones = (items: number[]) => items.map(() => 1);
  const heard = heardOracle(world, histories, user, time);
  const all = Array.from({ length: options.nItems }, (_, item) => item);
  const isPremiere = (item: number) => films.releaseTime[item] <= time && films.releaseTime[item] > time - 28 * day;
  const premieres = all.filter(isPremiere);
  if (event !== evening[0]) {
    const previous = histories[user][position - 1].item;
    const related = Array.from(
      channels.related.subarray(previous * channels.nRelated, (previous + 1) * channels.nRelated),
    );
    addChannel(
      options.sessionInfluence,
      related,
      related.map((_, rank) => 1 / (rank + 1)),
    );
  }
  addChannel(options.socialInfluence, heard, ones(heard));
  addChannel(options.premiereInfluence, premieres, ones(premieres));
  const seen = new Set(histories[user].slice(0, position).map((other) => other.item));
  const weights = all.map((item) => {
    const isPossible = !seen.has(item) && films.releaseTime[item] <= time;
    return isPossible
      ? (exposure[item] + popularity * films.exposure[item]) * acceptOracle(world, user, item, time)
      : 0;
  });
  return weights.map((weight) => weight / sum(weights));
}

describe('optimalScores', () => {
  const world = simulateFilmClub(lively);
  const histories = historiesOf(world);

  it('is the probability that the docs state, at every event', () => {
    let contexts = 0;
    for (const [user, events] of histories.entries())
      for (let position = 0; position < events.length; position++) {
        const expected = oracle(world, histories, user, position);
        const found = optimalScores(world, user, { position });
        const worst = Math.max(...expected.map((p, item) => Math.abs(p - found[item])));
        if (!(worst < 1e-9)) expect.fail(`user ${user}, event ${position}: differs by ${worst}`);
        expect(heldOutItem(world, user, position)).toBe(events[position].item);
        contexts++;
      }
    expect(contexts).toBe(world.dataset.interactions.length);
  });

  it('takes the last event unless told, and counts negative positions from the end', () => {
    const last = histories[3].length - 1;
    expect(optimalScores(world, 3)).toEqual(optimalScores(world, 3, { position: last }));
    expect(optimalScores(world, 3, { position: -2 })).toEqual(optimalScores(world, 3, { position: last - 1 }));
  });

  it('leaves out evening and friends with context none, which is all there is when these play no part', () => {
    const bare = simulateFilmClub({ ...lively, sessionInfluence: 0, socialInfluence: 0 });
    for (let user = 0; user < 40; user++)
      expect(optimalScores(bare, user, { context: 'none' })).toEqual(optimalScores(bare, user));
    const differs = histories.filter((_, user) => {
      const full = optimalScores(world, user);
      return optimalScores(world, user, { context: 'none' }).some((p, item) => Math.abs(p - full[item]) > 1e-3);
    });
    expect(differs.length).toBeGreaterThan(20);
  });

  it("depends on nobody's last evening: no part of the record gives a held-out event away", () => {
    const { userStart, eventStart } = world.calendar;
    const watched = world.watched.slice();
    for (let user = 0; user < 40; user++) {
      const [from, to] = [eventStart[userStart[user + 1] - 1], eventStart[userStart[user + 1]]];
      for (let event = from; event < to; event++) watched[event] = (watched[event] + 1) % 30;
    }
    for (let user = 0; user < 40; user++) {
      const firstOfLast = eventStart[userStart[user + 1] - 1] - eventStart[userStart[user]];
      for (let position = 0; position <= firstOfLast; position++)
        expect(optimalScores({ ...world, watched }, user, { position })).toEqual(
          optimalScores(world, user, { position }),
        );
    }
  });

  const bad: [string, (w: SimulatedWorld) => unknown, string][] = [
    ['user beyond the last', (w) => optimalScores(w, 40), 'not-found'],
    ['negative user', (w) => optimalScores(w, -1), 'not-found'],
    ['fractional user', (w) => optimalScores(w, 0.5), 'not-found'],
    ['event beyond the last', (w) => heldOutItem(w, 0, 10_000), 'not-found'],
    ['event before the first', (w) => optimalScores(w, 0, { position: -10_000 }), 'not-found'],
    ['fractional event', (w) => optimalScores(w, 0, { position: 0.5 }), 'not-found'],
    ['cutoff 0', (w) => bestPossible(w, 0), 'config'],
  ];
  it.each(bad)('refuses: %s', (_, call, code) => {
    expect(() => call(world)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the record follows the stated distribution', () => {
  it('fresh draws of held-out events: chi-square', () => {
    const world = simulateFilmClub(lively);
    const random = new RandomStream(11, 'redraw');
    const nDraws = 6000;
    let chiSquare = 0;
    let degrees = 0;
    for (const user of [0, 7, 14, 21, 28, 35]) {
      const expected = optimalScores(world, user).map((p) => p * nDraws);
      const counts = new Float64Array(30);
      for (let n = 0; n < nDraws; n++) counts[redrawEvent(world, user, random)]++;
      const rare = { expected: 0, count: 0 };
      const add = (count: number, e: number) => (chiSquare += (count - e) ** 2 / e);
      for (const [item, e] of expected.entries()) {
        if (e >= 5) {
          add(counts[item], e);
          degrees++;
        } else {
          rare.expected += e;
          rare.count += counts[item];
        }
        if (e === 0) expect(counts[item]).toBe(0);
      }
      if (rare.expected > 5) add(rare.count, rare.expected);
      else degrees--;
    }
    // Wilson–Hilferty: the cube root is near normal; |z| > 4 has probability below 1e-4.
    const spread = 2 / (9 * degrees);
    const z = (Math.cbrt(chiSquare / degrees) - (1 - spread)) / Math.sqrt(spread);
    expect(Math.abs(z)).toBeLessThan(4);
  });

  it('the record itself, over all events: log-probabilities have their expected mean', () => {
    const world = simulateFilmClub({ ...lively, nUsers: 150, seed: 3 });
    let excess = 0;
    let variance = 0;
    for (const [user, events] of historiesOf(world).entries())
      for (const [position, event] of events.entries()) {
        const p = optimalScores(world, user, { position }).filter((probability) => probability > 0);
        const logs = p.map(Math.log);
        const expected = sum(p.map((probability, n) => probability * logs[n]));
        variance += sum(p.map((probability, n) => probability * (logs[n] - expected) ** 2));
        excess += Math.log(optimalScores(world, user, { position })[event.item]) - expected;
      }
    expect(Math.abs(excess / Math.sqrt(variance))).toBeLessThan(4);
  });

  it('draws by enumeration where showing films would take too long, from the same distribution', () => {
    // Nearly everything shown is refused: one film is liked, and it is hardly ever shown.
    const world = simulateFilmClub({ nUsers: 4, nItems: 12, popularityExponent: 3, tasteStrength: 5, noise: 0 });
    const random = new RandomStream(12, 'redraw');
    const counts = new Float64Array(12);
    const p = optimalScores(world, 1, { position: 3 });
    for (let n = 0; n < 4000; n++) counts[redrawEvent(world, 1, random, { position: 3 })]++;
    for (const [item, count] of counts.entries())
      expect(Math.abs(count - 4000 * p[item])).toBeLessThanOrEqual(
        4.5 * Math.sqrt(4000 * p[item] * (1 - p[item])) + 1e-9,
      );
  });
});

describe('no scorer beats it', () => {
  const world = simulateFilmClub({ nUsers: 250, nItems: 120, activity: 20, seed: 5 });
  const random = new RandomStream(13, 'rivals');
  const counts = itemCounts(world);
  const rivals: Record<string, (user: number) => ArrayLike<number>> = {
    'a little noise': (user) => optimalScores(world, user).map((p) => Math.log(p) + 0.3 * random.normal()),
    'much noise': (user) => optimalScores(world, user).map((p) => Math.log(p) + random.normal()),
    popularity: () => counts,
    exposure: () => world.films.exposure,
    'preference without exposure': (user) => preference(world, user),
    'no context': (user) => optimalScores(world, user, { context: 'none' }),
    'preference on the first day, times exposure': (user) =>
      preference(world, user, 1672531200).map((accepted, item) => accepted * world.films.exposure[item]),
  };
  const nDraws = 60;
  const held = Array.from({ length: 250 }, (_, user) =>
    Array.from({ length: nDraws }, () => redrawEvent(world, user, random)),
  );
  const histories = historiesOf(world);
  /** Mean NDCG@10 of each member over the fresh draws of the held-out event. */
  const measure = (score: (user: number) => ArrayLike<number>) =>
    held.map((items, user) => {
      const scores = score(user);
      const excluded = new Set(histories[user].slice(0, -1).map((event) => event.item));
      return mean(items.map((item) => ndcg(scores, item, excluded)));
    });
  const optimum = measure((user) => optimalScores(world, user));

  it.each(Object.entries(rivals))('%s', (_, score) => {
    const rival = measure(score);
    const lead = optimum.map((value, user) => value - rival[user]);
    expect(mean(lead) / (standardDeviation(lead) / Math.sqrt(lead.length))).toBeGreaterThan(3);
  });

  it('scores what bestPossible expects', () => {
    const best = bestPossible(world, 10);
    const byHand = mean(
      held.map((_, user) => {
        const sorted = Array.from(optimalScores(world, user)).sort((a, b) => b - a);
        return sum(sorted.slice(0, 10).map((p, n) => p / Math.log2(n + 2)));
      }),
    );
    expect(best.ndcg).toBeCloseTo(byHand, 10);
    expect(best.hitRate).toBeGreaterThan(best.ndcg);
    // A draw's NDCG lies in [0, 1]: its standard deviation is at most 1/2. 250 · 60 independent draws.
    expect(Math.abs(mean(optimum) - best.ndcg)).toBeLessThan((4 * 0.5) / Math.sqrt(250 * nDraws));
  });
});

describe('the default club is hard and worth modelling', () => {
  it('popularity is far below the optimum', () => {
    const world = simulateFilmClub();
    const histories = historiesOf(world);
    const training = new Float64Array(1200);
    for (const events of histories) for (const event of events.slice(0, -1)) training[event.item]++;
    const popularity = mean(
      histories.map((events) => {
        const seen = new Set(events.slice(0, -1).map((event) => event.item));
        return ndcg(training, events.at(-1)!.item, seen);
      }),
    );
    const best = bestPossible(world, 10);
    expect(popularity).toBeGreaterThan(0.03);
    expect(popularity).toBeLessThan(0.06);
    expect(best.ndcg / popularity).toBeGreaterThan(2.5);
    expect(best.ndcg).toBeLessThan(0.3);
  });
});
