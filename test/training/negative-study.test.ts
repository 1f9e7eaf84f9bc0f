/** What drawn negatives teach: the study of samplers on a small film club, whose tastes are known. */
import { afterAll, describe, expect, it } from 'vitest';
import { type SimulatedWorld, simulateFilmClub } from '../../src/data/simulated/film-club.ts';
import { preference } from '../../src/data/simulated/taste.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { slopesAt } from '../../src/engine/gradient.ts';
import * as o from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { negativePlot } from '../../src/runs/negative-plot.ts';
import { studyNegatives } from '../../src/runs/negative-study.ts';
import type { NegativeStudy } from '../../src/runs/negative-study-schema.ts';
import { renderNegatives } from '../../src/runs/negative-table.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { thrownCode } from '../models/thrown-code.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

const world: SimulatedWorld = simulateFilmClub({ nUsers: 200, nItems: 150, seed: 3 });
const split = splitDataset(world.dataset, { method: 'leave-one-out', by: 'time' });
const nItems = split.dataset.items.size;

function study(samplers: Readonly<Record<string, object>>, model = 'bpr-mf'): Promise<NegativeStudy> {
  const settings = parseRunSettings({
    data: { simulated: {} },
    model,
    config: {},
    training: { epochs: 6, patience: 0, keepBest: false, optimizer: { learningRate: 0.01 } },
    evaluation: { metrics: ['ndcg@10'] },
    final: false,
    seed: 4,
  });
  return studyNegatives({ engine, split, settings, samplers, preference: (user) => preference(world, user) });
}

describe('a study of samplers', async () => {
  const found = await study({ uniform: {}, dns: { negativeSampler: 'dns', candidates: 8 } });
  const [uniform, dns] = found.samplers;

  it('knows what uniform draws of items that were not taken would give', () => {
    const taken = Array.from({ length: 200 }, () => new Set<number>());
    const { train, validation, test } = split;
    for (let row = 0; row < train.length; row++) taken[train.userIndex[row]].add(train.itemIndex[row]);
    let [rows, wanted, heldOut] = [0, 0, 0];
    taken.forEach((own, user) => {
      const likes = preference(world, user);
      const others = Array.from({ length: nItems }, (_, item) => item).filter((item) => !own.has(item));
      const later = new Set(
        [validation!, test!].flatMap((part) =>
          Array.from({ length: part.length }, (_, row) => row)
            .filter((row) => part.userIndex[row] === user)
            .map((row) => part.itemIndex[row]),
        ),
      );
      rows += own.size;
      wanted += (own.size * others.reduce((sum, item) => sum + likes[item], 0)) / others.length;
      heldOut += (own.size * others.filter((item) => later.has(item)).length) / others.length;
    });
    expect(found.chance.falseNegatives).toBeCloseTo(wanted / rows, 10);
    expect(found.chance.heldOut).toBeCloseTo(heldOut / rows, 10);
  });

  it('finds that in the negatives of the uniform sampler, and more of it in hard ones', () => {
    for (const look of uniform.looks) {
      // some thousand draws of a number whose standard deviation is twice its mean
      expect(Math.abs(look.falseNegatives! / found.chance.falseNegatives! - 1)).toBeLessThan(0.2);
      expect(look.negatives).toBeGreaterThan(2000);
    }
    expect(dns.looks[5].falseNegatives!).toBeGreaterThan(1.3 * found.chance.falseNegatives!);
  });

  it('finds that uniform negatives teach less and less, and hard ones more', () => {
    expect(uniform.looks.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    // before training all scores are near 0
    expect(uniform.looks[0].meanSlope).toBeCloseTo(0.5, 1);
    expect(uniform.looks[5].meanSlope).toBeLessThan(0.4);
    expect(dns.looks[5].meanSlope).toBeGreaterThan(uniform.looks[5].meanSlope + 0.05);
    for (const { looks } of found.samplers)
      for (const { slopes } of looks)
        expect(slopes.p10 <= slopes.p50 && slopes.p50 <= slopes.p90 && slopes.p90 < 1).toBe(true);
  });

  it('does not change the training that it looks at', async () => {
    const again = await study({ uniform: {} });
    expect(again.samplers[0]).toEqual(uniform);
  });

  it('is told as a table and a picture', () => {
    const table = renderNegatives(found);
    expect(table).toMatch(/^sampler +epoch +mean slope .*below 0.01 +held out +would take +ndcg@10$/m);
    expect(table).toMatch(/^dns +1 /m);
    const picture = negativePlot(found);
    expect(picture).toMatch(/^<svg /);
    expect(picture.match(/<polyline /g)).toHaveLength(4);
    expect(picture).not.toMatch(/NaN|Infinity/);
    expect(() => negativePlot({ ...found, samplers: [] })).toThrow(/epochs/);
  });
});

it.each(['mf', 'neumf', 'lightgcn'])('%s can be looked at, too', async (model) => {
  const { samplers } = await study({ dns: { negativeSampler: 'dns', candidates: 3, epochs: 1 } }, model);
  expect(samplers[0].looks).toHaveLength(1);
  expect(samplers[0].looks[0].meanSlope).toBeGreaterThan(0.2);
});

it('refuses models that draw no negatives for pairs', async () => {
  expect(await thrownCode(() => study({ uniform: {} }, 'ease'))).toBe('usage');
  expect(await thrownCode(() => study({ uniform: {} }, 'ultragcn'))).toBe('usage');
});

it('slopes by a score in the middle of an expression are those of the formula', () => {
  const w = o.parameter('w', [1]);
  const [x, y] = [o.input('x', [1]), o.input('y', [1])];
  const [i, j] = [x, y].map((leaf) => o.rowDot(leaf, o.broadcastRow(w)));
  const loss = o.negativeLogSigmoid(o.subtract(i, j));
  const [slope] = slopesAt(loss, [j]);
  const given = new Map<Tensor, Float64Array>([
    [w, Float64Array.of(2)],
    [x, Float64Array.of(0.3, -1)],
    [y, Float64Array.of(0.1, 4)],
  ]);
  const values = evaluateReference([slope], given, 2).get(slope)!;
  [0.3 - 0.1, -1 - 4].forEach((difference, r) => {
    expect(values[r]).toBeCloseTo(1 / (1 + Math.exp(2 * difference)), 12);
  });
});
