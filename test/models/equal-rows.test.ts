/** A row's score is a function of the row: equal rows get equal bytes, wherever they stand, however many there are. */
import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensor, NamedTensors } from '../../src/core/named-tensors.ts';
import { RandomStream } from '../../src/core/random.ts';
import { type FieldExamples, gatherRows } from '../../src/data/features/field-examples.ts';
import type { FieldRows } from '../../src/data/features/field-rows.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import { isPairModel } from '../../src/examples/pairs.ts';
import type { RecentModel } from '../../src/examples/recent.ts';
import { isRowModel } from '../../src/examples/rows.ts';
import type { SessionModel } from '../../src/examples/sessions.ts';
import type { WindowModel } from '../../src/examples/windows.ts';
import type { ParameterDeclaration } from '../../src/layers/parameters.ts';
import { caser } from '../../src/models/caser.ts';
import { gru4rec } from '../../src/models/gru4rec.ts';
import { modelsOf } from '../../src/models/index.ts';
import { sasrec } from '../../src/models/sasrec.ts';
import { trainedRowPredictor } from '../../src/scoring/row-scorer.ts';
import { crossedLayout, layout, makeWorld, smallConfigs } from './field-world.ts';
import { scorerOf } from './scorer-of.ts';

// with a system BLAS where there is one: it takes products with 128 weights or more
const engines = [
  new Engine({ threads: 1, blas: 'off' }),
  new Engine({ threads: 2 }),
  new Engine({ threads: 2, kernels: 'simd' }),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});
const titles = engines.map((engine) => ({
  engine,
  title: `${engine.threads} threads, ${engine.build}, ${engine.blas ? 'BLAS' : 'no BLAS'}`,
}));

/** Batches of every small size, and of those around tiles and pieces. */
const sizes = [...Array.from({ length: 67 }, (_, n) => n + 1), 127, 128, 129, 511, 512, 513, 1000];

function drawn(declarations: readonly ParameterDeclaration[], sameRowsOf: readonly string[] = []): NamedTensors {
  const random = new RandomStream(11, 'equal rows');
  return new Map(
    declarations.map(({ name, shape, table }): [string, NamedTensor] => {
      const stream = random.child(name);
      const n = shape.reduce((product, size) => product * size, 1);
      const draw = () => (name.endsWith('.variance') ? 0.2 + stream.uniform() : 0.6 * (2 * stream.uniform() - 1));
      const data = Float32Array.from({ length: n }, draw);
      if (table && sameRowsOf.includes(table)) for (let k = shape[1]; k < n; k++) data[k] = data[k % shape[1]];
      return [name, { shape, data }];
    }),
  );
}

const bitsOf = (values: Float32Array) => new Set(new Uint32Array(values.buffer, values.byteOffset, values.length));

const repeat = (rows: FieldRows, row: number, n: number) => gatherRows(rows, new Int32Array(n).fill(row), 0, n);

function repeated(of: FieldExamples, e: number, n: number): FieldExamples {
  return {
    ...of,
    nRows: n,
    user: of.user && new Int32Array(n).fill(of.user[e]),
    item: of.item && new Int32Array(n).fill(of.item[e]),
    context: of.context && repeat(of.context, e, n),
    crosses: of.crosses && repeat(of.crosses, e, n),
    label: new Float32Array(n),
  };
}

/** Wide enough for a BLAS, and ragged. */
const wide: Readonly<Record<string, unknown>> = {
  hidden: [45, 19, 8],
  hidden1: [45, 19],
  hidden2: [37],
  gateHidden: [33],
  factors: 13,
};
const widened = (name: string) =>
  smallConfigs[name].map((given) => ({
    ...given,
    ...Object.fromEntries(Object.entries(wide).filter(([key]) => given[key])),
    ...('heads' in given ? { hidden1: [45, 18], hidden2: [36], heads: 3 } : {}),
  }));

describe.each(titles)('$title', ({ engine }) => {
  const world = makeWorld(1000);

  it.each(modelsOf('rows').filter(isRowModel))(
    '$name: one row is predicted alike in batches of any size, at any place',
    (model) => {
      for (const given of widened(model.name)) {
        const config = model.options.parse(given);
        const weights = drawn(model.parameters(config, crossedLayout));
        const predictor = trainedRowPredictor(engine, model, config, crossedLayout, weights);
        const all = predictor.logits(world.examples);
        for (const e of [0, 7, 999]) {
          const [alone] = predictor.logits(repeated(world.examples, e, 1));
          expect(all[e]).toBe(alone);
          if (e === 7)
            for (const n of sizes)
              expect(bitsOf(predictor.logits(repeated(world.examples, e, n))), `${n} rows`).toEqual(
                bitsOf(Float32Array.of(alone)),
              );
        }
        predictor.free();
      }
    },
  );

  it.each(modelsOf('rows').filter(isRowModel))(
    '$name: equal items tie in a ranking, however many there are',
    (model) => {
      for (const given of widened(model.name)) {
        const config = model.options.parse(given);
        const predictor = trainedRowPredictor(engine, model, config, layout, drawn(model.parameters(config, layout)));
        const { users, items, examples } = world;
        const requests = {
          nRequests: 3,
          users: repeat(users, 2, 3),
          context: repeat(examples.context as FieldRows, 5, 3),
        };
        const seen = new Set<number>();
        for (const n of [1, 2, 5, 31, 67, 127, 129, 300]) {
          const ranking = predictor.ranking(repeat(items, 4, n));
          const tables = new RankingTables(engine, ranking.scorer(requests).form, n);
          const { scores } = tables.rank({ users: Int32Array.of(0, 1, 2), allScores: true });
          for (const bits of bitsOf(scores)) seen.add(bits);
          tables.free();
          ranking.free();
        }
        expect(seen.size).toBe(1);
        predictor.free();
      }
    },
  );

  const configs: Readonly<Record<string, object>> = {
    gmf: { factors: 21 },
    mlp: { factors: 17, hidden: [45, 19] },
    neumf: { factors: 21, mlpFactors: 17, hidden: [45, 19] },
    'bpr-mf': { factors: 21 },
    mf: { factors: 21 },
    ials: { factors: 21 },
  };

  it.each(modelsOf('pairs').filter(({ name }) => name in configs))(
    '$name: equal people and equal items score equally, in all rankings',
    (model) => {
      const seen = new Set<number>();
      for (const n of [1, 2, 3, 7, 17, 67, 129, 300]) {
        const config = model.options.parse(configs[model.name]);
        const sizesOf = { nUsers: n, nItems: n };
        const vectors: ParameterDeclaration[] = ['W', 'H'].map((name) => ({
          name,
          shape: [n, 21],
          table: name === 'W' ? 'user' : 'item',
          initializer: () => 0,
        })) as unknown as ParameterDeclaration[];
        const declared = isPairModel(model) ? model.parameters(config, sizesOf) : vectors;
        const weights = drawn(declared, ['user', 'item']);
        const nobody = sparseRows(n, new Int32Array(0), new Int32Array(0));
        const scorer = scorerOf(engine, { model, config, sizes: sizesOf, weights }, nobody);
        const tables = new RankingTables(engine, scorer.form, n);
        const users = Int32Array.from({ length: n }, (_, u) => u);
        for (const ranked of [users, users.subarray(0, 1)])
          for (const bits of bitsOf(tables.rank({ users: ranked, allScores: true }).scores)) seen.add(bits);
        tables.free();
        scorer.free();
      }
      expect(seen.size).toBe(1);
    },
  );

  const sequenceConfigs: Readonly<Record<string, object>> = {
    gru4rec: { hidden: [37] },
    sasrec: { factors: 36, heads: 3, blocks: 2, maxLength: 11 },
    caser: { factors: 21, maxLength: 4 },
  };

  it.each([gru4rec, sasrec, caser] as (SessionModel | WindowModel | RecentModel)[])(
    '$name: a sequence scores alike beside any others',
    (model) => {
      const nItems = 41;
      const config = model.options.parse(sequenceConfigs[model.name]);
      const weights = drawn(model.parameters(config as never, { nItems, nUsers: 0 }));
      const scorer = model.scorerOf(() => engine, { config, weights, about: { nItems } });
      const random = new RandomStream(5, 'others');
      const events = [3, 17, 8, 3, 40];
      const seen = new Set<string>();
      for (const n of [1, 2, 3, 5, 8, 13, 31, 32, 33, 67, 130]) {
        const running = scorer.open(2 * n);
        for (let t = 0; t < events.length; t++) {
          running.feed(
            Int32Array.from({ length: n }, (_, k) => 2 * k),
            new Int32Array(n).fill(events[t]),
          );
          const others = Int32Array.from({ length: n }, (_, k) => 2 * k + 1).filter(() => random.below(3) > 0);
          running.feed(
            others,
            others.map(() => random.below(nItems)),
          );
        }
        const scores = new Float32Array(2 * n * nItems);
        running.score(
          Int32Array.from({ length: 2 * n }, (_, k) => k),
          scores,
        );
        for (let k = 0; k < n; k++) seen.add(scores.subarray(2 * k * nItems, (2 * k + 1) * nItems).join());
        running.free();
      }
      scorer.free();
      expect(seen.size).toBe(1);
    },
  );
});
