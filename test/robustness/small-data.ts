/** A small data set written down by hand-made rules: people of three tastes over items of three kinds. */
import { RandomStream } from '../../src/core/random.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { hashInteractions } from '../../src/data/interaction-hash.ts';
import { categoricalColumn } from '../../src/data/value-columns.ts';
import { Vocabulary } from '../../src/data/vocabulary.ts';

export interface SmallDataOptions {
  readonly nUsers?: number;
  readonly nItems?: number;
  readonly ratings?: boolean;
  readonly times?: boolean;
  readonly context?: boolean;
  readonly seed?: number;
}

/** Person u likes items i with i ≡ u (mod 3): takes three in four rows of these, rated 4 or 5, others 1 to 3. */
export function smallData({
  nUsers = 60,
  nItems = 40,
  ratings = true,
  times = true,
  context = false,
  seed = 1,
}: SmallDataOptions = {}): Dataset {
  const random = new RandomStream(seed, 'small data');
  const rows: { user: number; item: number; rating: number; time: number }[] = [];
  for (let user = 0; user < nUsers; user++) {
    const own = new Set<number>();
    const length = 5 + random.below(10);
    while (own.size < length) {
      const isLiked = random.uniform() < 0.75;
      // popular items have low numbers
      const item = Math.floor(nItems * random.uniform() ** 2);
      if ((item % 3 === user % 3) === isLiked) own.add(item);
    }
    for (const item of own)
      rows.push({
        user,
        item,
        rating: item % 3 === user % 3 ? 4 + random.below(2) : 1 + random.below(3),
        time: 1_000_000 + random.below(1_000_000),
      });
  }
  const users = new Vocabulary(Array.from({ length: nUsers }, (_, u) => `u${u}`));
  const items = new Vocabulary(Array.from({ length: nItems }, (_, i) => `i${i}`));
  const interactions = {
    length: rows.length,
    userIndex: Int32Array.from(rows, ({ user }) => user),
    itemIndex: Int32Array.from(rows, ({ item }) => item),
    rating: ratings ? Float32Array.from(rows, ({ rating }) => rating) : null,
    time: times ? Float64Array.from(rows, ({ time }) => time) : null,
    session: null,
    ...(context && {
      context: [
        categoricalColumn(
          'device',
          rows.map((_, n) => ['phone', 'tv'][n % 2]),
        ),
      ],
    }),
  };
  return {
    name: 'small',
    users,
    items,
    interactions,
    userFields: {
      nRows: nUsers,
      title: null,
      fields: [{ name: 'age', kind: 'numeric', values: Array.from({ length: nUsers }, (_, u) => 20 + u) }],
    },
    itemFields: {
      nRows: nItems,
      title: null,
      fields: [
        { name: 'kind', kind: 'categorical', values: Array.from({ length: nItems }, (_, i) => `kind ${i % 3}`) },
      ],
    },
    social: null,
    schema: { columns: [] },
    distinctPairs: true,
    hash: hashInteractions(users, items, interactions),
    warnings: [],
  };
}
