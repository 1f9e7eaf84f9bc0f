import { expect, it } from 'vitest';
import { cutOffNotes } from '../../src/cli/cut-off-notes.ts';

const run = (model: string, isCut: boolean) => ({
  model,
  run: {
    account: {
      cutOff: isCut ? { setting: 'training.epochs' as const, epochs: 5, from: 0.1, to: 0.2 } : null,
      finishedAt: null,
      chosenDefaults: null,
    },
  },
});

it('names the compared models whose training was cut off, and with how many seeds', () => {
  expect(cutOffNotes([run('ease', false), run('mf', false), run('mf', true), run('gmf', true)])).toEqual([
    'mf: training was cut off at epochs = 5: validation was still rising (0.1000 → 0.2000); raise --epochs (training.epochs) (with 1 of 2 seeds)',
    'gmf: training was cut off at epochs = 5: validation was still rising (0.1000 → 0.2000); raise --epochs (training.epochs)',
  ]);
});
