/** Every option does what its doc says: one statistic each, with the mechanism weak and strong. */
import { describe, expect, it } from 'vitest';
import { type SimulatedWorld, simulateFilmClub } from '../../src/data/simulated/film-club.ts';
import { genres } from '../../src/data/simulated/genres.ts';
import { type FilmClubInput, type FilmClubOptions, filmClubSchema } from '../../src/data/simulated/options.ts';
import { preference } from '../../src/data/simulated/taste.ts';
import { correlation, gini, historiesOf, itemCounts, mean, median, standardDeviation } from './measures.ts';

const day = 86400;
const nGenres = genres.length;
const traitsOf = (world: SimulatedWorld, item: number) => {
  const n = world.films.traits.length / world.options.nItems;
  return world.films.traits.subarray(item * n, (item + 1) * n);
};
const tasteOf = (world: SimulatedWorld, tastes: Float32Array, user: number) => {
  const n = tastes.length / world.options.nUsers;
  return tastes.subarray(user * n, (user + 1) * n);
};
const dot = (a: Float32Array, b: Float32Array) => a.reduce((total, value, k) => total + value * b[k], 0);
const allEvents = (world: SimulatedWorld) => historiesOf(world).flat();
const eventsPerUser = (world: SimulatedWorld) => historiesOf(world).map((events) => events.length);

/** How well watched films fit their member's first-day taste (genres and styles), in units of about one deviation. */
const fitToTaste = (world: SimulatedWorld) =>
  mean(
    allEvents(world).map(({ user, item }) => dot(tasteOf(world, world.people.tasteStart, user), traitsOf(world, item))),
  );

/** Mean distance on the map between watched films and the member's favourite corner. */
function distanceToCorner(world: SimulatedWorld): number {
  const { people, films } = world;
  return mean(
    allEvents(world).map(({ user, item }) =>
      Math.hypot(
        people.corner[2 * user] - films.mapPosition[2 * item],
        people.corner[2 * user + 1] - films.mapPosition[2 * item + 1],
      ),
    ),
  );
}

/** Fit of the films of the last quarter of the record to the last-day taste, less their fit to the first-day taste. */
function lateShift(world: SimulatedWorld): number {
  const { people, dataset } = world;
  const late = dataset.interactions.time![0] + 0.75 * world.options.days * day;
  const events = allEvents(world).filter((event) => event.time > late);
  return mean(
    events.map(({ user, item }) => {
      const traits = traitsOf(world, item);
      return dot(tasteOf(world, people.tasteEnd, user), traits) - dot(tasteOf(world, people.tasteStart, user), traits);
    }),
  );
}

/** Trait agreement of neighbouring films of one evening, less that of neighbouring films of different evenings. */
function sessionAgreement(world: SimulatedWorld): number {
  const within: number[] = [];
  const across: number[] = [];
  for (const events of historiesOf(world))
    for (let n = 1; n < events.length; n++) {
      const agreement = dot(traitsOf(world, events[n - 1].item), traitsOf(world, events[n].item));
      (events[n].session === events[n - 1].session ? within : across).push(agreement);
    }
  return mean(within) - mean(across);
}

/** How often a film is one that a friend watched in the 40 days before, over how often it is one of a random member. */
function friendsLift(world: SimulatedWorld): number {
  const histories = historiesOf(world);
  const { from, to } = world.dataset.social!;
  let hits = 0;
  let randomHits = 0;
  const sharesFilm = (user: number, other: number) => {
    let count = 0;
    for (const a of histories[user])
      for (const b of histories[other]) if (a.item === b.item && b.time < a.time && b.time > a.time - 40 * day) count++;
    return count;
  };
  for (const [n, user] of from.entries()) {
    hits += sharesFilm(user, to[n]);
    randomHits += sharesFilm(user, (user + 1 + ((n * 37) % (world.options.nUsers - 1))) % world.options.nUsers);
  }
  return hits / randomHits;
}

/** Mean cosine of friends' tastes less that of members and the friends of other members. */
function friendsAlike(world: SimulatedWorld): number {
  const { from, to } = world.dataset.social!;
  const cosine = (a: number, b: number) => {
    const x = tasteOf(world, world.people.tasteStart, a);
    const y = tasteOf(world, world.people.tasteStart, b);
    return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
  };
  const friends = Array.from(from, (user, n) => cosine(user, to[n]));
  const others = Array.from(from, (user, n) => cosine(user, to[(n + 997) % to.length]));
  return mean(friends) - mean(others);
}

/** Share of stated favourite genres that are among the member's three best liked. */
function honestFields(world: SimulatedWorld): number {
  const honest: number[] = [];
  for (const [user, stated] of world.people.favouriteGenres.entries()) {
    if (stated === null) continue;
    const affinities = Array.from(tasteOf(world, world.people.tasteStart, user).subarray(0, nGenres));
    const place = affinities.filter((a) => a > affinities[genres.findIndex((g) => g.name === stated)]).length;
    honest.push(place < 3 ? 1 : 0);
  }
  return mean(honest);
}

function premiereShare(world: SimulatedWorld): number {
  return mean(allEvents(world).map(({ item, time }) => (time - world.films.releaseTime[item] < 29 * day ? 1 : 0)));
}

function spanInDays({ dataset }: SimulatedWorld): number {
  const time = dataset.interactions.time!;
  return (time[time.length - 1] - time[0]) / day;
}

interface Mechanism {
  readonly measure: (world: SimulatedWorld) => number;
  readonly weak: FilmClubInput;
  readonly strong: FilmClubInput;
  /** Range of the statistic with the weak and with the strong setting. */
  readonly weakRange: readonly [number, number];
  readonly strongRange: readonly [number, number];
}

const mechanisms: Record<Exclude<keyof FilmClubOptions, 'seed'>, Mechanism> = {
  nUsers: {
    measure: (world) => world.dataset.users.size,
    weak: { nUsers: 50 },
    strong: { nUsers: 90 },
    weakRange: [50, 50],
    strongRange: [90, 90],
  },
  nItems: {
    measure: (world) => world.dataset.items.size,
    weak: { nItems: 50 },
    strong: { nItems: 90 },
    weakRange: [50, 50],
    strongRange: [90, 90],
  },
  days: {
    measure: spanInDays,
    weak: { days: 60 },
    strong: { days: 600 },
    weakRange: [55, 61],
    strongRange: [570, 601],
  },
  activity: {
    measure: (world) => median(eventsPerUser(world)),
    weak: { activity: 12 },
    strong: { activity: 45 },
    weakRange: [10, 14],
    strongRange: [40, 50],
  },
  activitySpread: {
    measure: (world) => standardDeviation(eventsPerUser(world).map(Math.log)),
    weak: { activitySpread: 0 },
    strong: { activitySpread: 0.4 },
    weakRange: [0, 1e-9],
    strongRange: [0.35, 0.45],
  },
  tasteStrength: {
    measure: fitToTaste,
    weak: { tasteStrength: 0 },
    strong: { tasteStrength: 2 },
    weakRange: [-0.05, 0.05],
    strongRange: [0.5, 1.5],
  },
  nonlinearity: {
    measure: distanceToCorner,
    weak: { nonlinearity: 0 },
    strong: { nonlinearity: 2 },
    weakRange: [0.8, 1.1],
    strongRange: [0.4, 0.75],
  },
  quality: {
    measure: (world) => correlation(itemCounts(world), world.films.quality),
    weak: { quality: 0 },
    strong: { quality: 2 },
    weakRange: [-0.15, 0.15],
    strongRange: [0.45, 1],
  },
  drift: { measure: lateShift, weak: { drift: 0 }, strong: { drift: 1 }, weakRange: [-2, -0.5], strongRange: [0.4, 2] },
  noise: {
    measure: (world) => standardDeviation(Array.from(preference(world, 0))),
    weak: { noise: 0 },
    strong: { noise: 1 },
    weakRange: [0.1, 0.5],
    strongRange: [0, 0],
  },
  popularityExponent: {
    measure: (world) => gini(itemCounts(world)),
    weak: { popularityExponent: 0, quality: 0 },
    strong: { popularityExponent: 1.5 },
    weakRange: [0, 0.25],
    strongRange: [0.35, 0.9],
  },
  newReleases: {
    measure: (world) => mean(Array.from(world.films.releaseTime, (t) => (t > 0 ? 1 : 0))),
    weak: { newReleases: 0 },
    strong: { newReleases: 0.4 },
    weakRange: [0, 0],
    strongRange: [0.4, 0.4],
  },
  premiereInfluence: {
    measure: premiereShare,
    weak: { premiereInfluence: 0 },
    strong: { premiereInfluence: 0.6 },
    weakRange: [0, 0.02],
    strongRange: [0.03, 0.5],
  },
  sessionLength: {
    measure: (world) => world.watched.length / world.calendar.eveningTime.length,
    weak: { sessionLength: 1 },
    strong: { sessionLength: 4 },
    weakRange: [1, 1],
    strongRange: [3.6, 4],
  },
  sessionInfluence: {
    measure: sessionAgreement,
    weak: { sessionInfluence: 0 },
    strong: { sessionInfluence: 0.6 },
    weakRange: [-0.06, 0.06],
    strongRange: [0.2, 2],
  },
  socialInfluence: {
    measure: friendsLift,
    weak: { socialInfluence: 0, homophily: 0 },
    strong: { socialInfluence: 0.6, homophily: 0 },
    weakRange: [0.8, 1.2],
    strongRange: [1.5, 9],
  },
  friends: {
    measure: (world) => world.dataset.social!.from.length / world.options.nUsers,
    weak: { friends: 2 },
    strong: { friends: 10 },
    weakRange: [1.7, 2.3],
    strongRange: [8.5, 11],
  },
  homophily: {
    measure: friendsAlike,
    weak: { homophily: 0 },
    strong: { homophily: 8 },
    weakRange: [-0.04, 0.04],
    strongRange: [0.2, 1],
  },
  fieldNoise: {
    measure: honestFields,
    weak: { fieldNoise: 0 },
    strong: { fieldNoise: 1 },
    weakRange: [0.75, 1],
    strongRange: [0.15, 0.35],
  },
};

describe('every option does something', () => {
  it('has a test for each (the seed has its own)', () => {
    expect(['seed', ...Object.keys(mechanisms)].sort()).toEqual(Object.keys(filmClubSchema.shape).sort());
  });

  const base: FilmClubInput = { nUsers: 300, nItems: 150, activity: 25, activitySpread: 0.5 };
  it.each(Object.entries(mechanisms))('%s', (_, { measure, weak, strong, weakRange, strongRange }) => {
    const found = [measure(simulateFilmClub({ ...base, ...weak })), measure(simulateFilmClub({ ...base, ...strong }))];
    for (const [n, [low, high]] of [weakRange, strongRange].entries()) {
      expect(found[n]).toBeGreaterThanOrEqual(low);
      expect(found[n]).toBeLessThanOrEqual(high);
    }
  });
});

describe('fields hint at taste', () => {
  it('younger members favour newer films, unless the field is noise', () => {
    const ageAgainstEra = (fieldNoise: number) => {
      const { people } = simulateFilmClub({ nUsers: 600, nItems: 20, fieldNoise });
      const ages = people.ageBands.map((band) => Number(band.slice(0, 2)));
      return correlation(
        ages,
        Array.from(ages, (_, user) => people.corner[2 * user]),
      );
    };
    expect(ageAgainstEra(0)).toBeLessThan(-0.7);
    expect(Math.abs(ageAgainstEra(1))).toBeLessThan(0.15);
  });

  it('regions lean to different genres, unless the field is noise', () => {
    const spreadOfRegions = (fieldNoise: number) => {
      const world = simulateFilmClub({ nUsers: 600, nItems: 20, fieldNoise });
      const { regions, tasteStart } = world.people;
      const groups = [...new Set(regions)].map((region) => regions.flatMap((r, user) => (r === region ? [user] : [])));
      const leaning = (group: number[], g: number) => mean(group.map((user) => tasteOf(world, tasteStart, user)[g]));
      return mean(genres.map((_, g) => standardDeviation(groups.map((group) => leaning(group, g))) ** 2));
    };
    // A region's own variance is 0.15; the means of 100 members scatter with a variance of about 0.01.
    expect(spreadOfRegions(0)).toBeGreaterThan(0.08);
    expect(spreadOfRegions(1)).toBeLessThan(0.03);
  });
});
