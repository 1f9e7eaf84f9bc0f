/**
 * The simulated film club: a data set in which everything is invented and everything is known. The embedded default of
 * DeepTaste, and the ground truth of tests and labs. Mechanisms with their formulas: docs/simulated-world.md.
 */
import { RandomStream } from '../../core/random.ts';
import type { Dataset, FieldTable, Interactions, SocialGraph } from '../dataset.ts';
import { hashInteractions } from '../interaction-hash.ts';
import type { ColumnKind, ColumnOwner, ColumnSchema, Role, Schema } from '../schema.ts';
import type { SparseRows } from '../sparse-rows.ts';
import { Vocabulary } from '../vocabulary.ts';
import { type Calendar, makeCalendar } from './calendar.ts';
import { makeChannels } from './exposure.ts';
import { type Films, makeFilms } from './films.ts';
import { makeFriendships } from './friendships.ts';
import { type FilmClubInput, parseFilmClubOptions } from './options.ts';
import { makePeople, type People } from './people.ts';
import { eveningOrder, simulateViewings, type ViewingWorld } from './viewing.ts';

/** A data set together with the world it came from. Dense indices are the data set's own. */
export interface SimulatedWorld extends ViewingWorld {
  readonly dataset: Dataset;
  /** Item of every event in the calendar's order: by member, then by time. */
  readonly watched: Int32Array; // [N]
}

/**
 * Invents a film club and its record of who watched what and when, in order of time.
 * Same options, same bytes (`dataset.hash`). The default, 3,000 members and 1,200 films, takes about a second.
 * @throws DeepTasteError 'config' when an option is unknown or out of range
 */
export function simulateFilmClub(input: FilmClubInput = {}): SimulatedWorld {
  const options = parseFilmClubOptions(input);
  const random = new RandomStream(options.seed, 'film-club');
  const films = makeFilms(options, random.child('films'));
  const people = makePeople(options, random.child('people'));
  const friends = makeFriendships(options, people, random.child('friendships'));
  const calendar = makeCalendar(options, films, random.child('calendar'));
  const channels = makeChannels(films, random.child('channels'));
  const world: ViewingWorld = { options, films, people, friends, calendar, channels };
  const watched = simulateViewings(world, random.child('viewings'));
  return { ...world, watched, dataset: makeDataset(world, watched) };
}

function makeDataset(world: ViewingWorld, watched: Int32Array): Dataset {
  const users = new Vocabulary(numberedIds('m', world.options.nUsers));
  const items = new Vocabulary(numberedIds('f', world.options.nItems));
  const interactions = recordByTime(world.calendar, watched);
  const userFields = describePeople(world.people);
  const itemFields = describeFilms(world.films);
  return {
    name: 'film-club',
    users,
    items,
    interactions,
    userFields,
    itemFields,
    social: socialEdges(world.friends),
    schema: describeColumns(userFields, itemFields),
    hash: hashInteractions(users, items, interactions),
    warnings: [],
  };
}

/** `m0001`, `m0002`, … with as many digits as the last one needs, at least four. */
function numberedIds(prefix: string, n: number): string[] {
  const digits = Math.max(4, String(n).length);
  return Array.from({ length: n }, (_, index) => prefix + String(index + 1).padStart(digits, '0'));
}

/** Events in order of time (then of member); sessions are evenings, numbered by their beginning. */
function recordByTime(calendar: Calendar, watched: Int32Array): Interactions {
  const { userStart, eventStart, eventTime } = calendar;
  const userOf = new Int32Array(watched.length);
  const sessionOf = new Int32Array(watched.length);
  for (let user = 0; user < userStart.length - 1; user++)
    userOf.fill(user, eventStart[userStart[user]], eventStart[userStart[user + 1]]);
  for (const [session, evening] of eveningOrder(calendar).entries())
    sessionOf.fill(session, eventStart[evening], eventStart[evening + 1]);
  const order = Int32Array.from({ length: watched.length }, (_, event) => event);
  order.sort((a, b) => eventTime[a] - eventTime[b] || a - b);
  return {
    length: watched.length,
    userIndex: order.map((event) => userOf[event]),
    itemIndex: order.map((event) => watched[event]),
    rating: null,
    time: Float64Array.from(order, (event) => eventTime[event]),
    session: order.map((event) => sessionOf[event]),
  };
}

function describePeople(people: People): FieldTable {
  return {
    nRows: people.names.length,
    title: 'name',
    fields: [
      { name: 'name', kind: 'text', values: people.names },
      { name: 'age_band', kind: 'categorical', values: people.ageBands },
      { name: 'region', kind: 'categorical', values: people.regions },
      { name: 'favourite_genre', kind: 'categorical', values: people.favouriteGenres },
    ],
  };
}

function describeFilms(films: Films): FieldTable {
  return {
    nRows: films.titles.length,
    title: 'title',
    fields: [
      { name: 'title', kind: 'text', values: films.titles },
      { name: 'genres', kind: 'multi', values: films.genres },
      { name: 'year', kind: 'numeric', values: films.years },
      { name: 'director', kind: 'categorical', values: films.directors },
    ],
  };
}

function socialEdges(friends: SparseRows): SocialGraph {
  const from = new Int32Array(friends.columns.length);
  for (let user = 0; user < friends.nRows; user++) from.fill(user, friends.rowStart[user], friends.rowStart[user + 1]);
  return { from, to: friends.columns, weight: null };
}

function describeColumns(userFields: FieldTable, itemFields: FieldTable): Schema {
  const column = (name: string, role: Role, kind: ColumnKind, owner: ColumnOwner): ColumnSchema => {
    return { name, role, kind, owner, guessed: false };
  };
  const fields = (table: FieldTable, owner: ColumnOwner) =>
    table.fields.map((field) => column(field.name, field.name === 'title' ? 'title' : 'field', field.kind, owner));
  return {
    columns: [
      column('user', 'user', 'id', 'interaction'),
      column('item', 'item', 'id', 'interaction'),
      column('time', 'time', 'time', 'interaction'),
      column('session', 'session', 'id', 'interaction'),
      ...fields(userFields, 'user'),
      ...fields(itemFields, 'item'),
    ],
  };
}
