/** `deeptaste tune` as users run it: side by side, killed and gone on with, from a file, with bad input. */
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { filmsCsv, until, workplace } from './command-line.ts';

const place = workplace();
const args = (out: string, ...rest: string[]) => [
  ...[
    'tune',
    '--data',
    'films.csv',
    '--models',
    'ease,bpr-mf',
    '--split',
    'leave-one-out',
    '--set',
    'bpr-mf.training.epochs=24',
  ],
  ...['--set', 'bpr-mf.training.batchSize=64', '--trials', '16', '--out', out, '--seed', '2', ...rest],
];
interface Trial {
  readonly number: number;
  readonly value: number | null;
  readonly settings: object;
  readonly seconds: number;
}
const told = (stdout: string) => {
  const { trials, winner } = JSON.parse(stdout);
  return { trials: trials.map(({ seconds: _, ...trial }: Trial) => trial), winner: winner.number };
};

beforeAll(() => {
  place.write('films.csv', filmsCsv(60));
});

describe('tune', () => {
  it('searches side by side, saves the winner, and says whether it was worth it', async () => {
    const { code, stdout, stderr } = await place.run(args('study', '--workers', '2'));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/the tuned \S+ (beats|does not beat|is worse than)|not worth it/);
    expect(stdout).toMatch(/validation flatters the choice/);
    expect(stdout).toMatch(/16 trials \(\d+ to their end, \d+ stopped early\), \d+ epochs/);
    const lines = readFileSync(place.path('study', 'trials.csv'), 'utf8').trim().split('\n');
    expect(lines[0]).toMatch(/^trial,model,kind,status,ndcg@10,best_epoch,epochs,seconds,reason,/);
    expect(lines).toHaveLength(17);
    expect(readFileSync(place.path('study', 'best.svg'), 'utf8')).toMatch(/^<svg/);
    expect(existsSync(place.path('study', 'trials.parquet'))).toBe(true);
    expect(await place.run(['recommend', 'study/winner', '--user', 'u1'])).toMatchObject({ code: 0 });
    const kept = JSON.parse(readFileSync(place.path('study', 'winner', 'tuning.json'), 'utf8'));
    expect(stdout).toContain(kept.worthIt[0]);
    expect(kept.trials).toHaveLength(16);
    const values = kept.trials.flatMap(({ value }: Trial) => value ?? []);
    expect(kept.trials[kept.winner - 1].value).toBe(Math.max(...values));
    expect(kept.curve.at(-1).value).toBe(Math.max(...values));
    const command = /repeat it with\n {2}(.+)/.exec(stdout)![1];
    const again = command
      .replace(/^deeptaste /, '')
      .replace('train …', 'train --data films.csv --split leave-one-out --seed 2 --out again')
      .split(' ');
    const { code: trained, stdout: measured } = await place.run([
      ...again.map((word) => word.replaceAll("'", '')),
      '--json',
    ]);
    expect(trained).toBe(0);
    const stored = JSON.parse(readFileSync(place.path('study', 'winner', 'evaluation.json'), 'utf8'));
    expect(JSON.parse(measured).result.metrics['ndcg@10'].mean).toBeCloseTo(stored.metrics['ndcg@10'].mean, 6);
  });

  it('ends with the same trials and winner after kill -9 at any moment and --resume, with --deterministic', async () => {
    const whole = await place.run(args('whole', '--workers', '2', '--deterministic', '--json'));
    expect(whole).toMatchObject({ code: 0 });
    const started = performance.now();
    await place.run(args('timed', '--workers', '2', '--deterministic', '--json'));
    const duration = performance.now() - started;
    const killed = args('killed', '--workers', '2', '--deterministic', '--json');
    for (const share of [0.35, 0.5, 0.65, 0.8]) {
      const { child, outcome } = place.start(existsSync(place.path('killed')) ? [...killed, '--resume'] : killed);
      await new Promise((resolve) => setTimeout(resolve, share * duration));
      child.kill('SIGKILL');
      await outcome;
    }
    const { code, stdout, stderr } = await place.run([...killed, '--resume']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(told(stdout)).toEqual(told(whole.stdout));
  }, 240_000);

  it('says on Ctrl-C how to go on, and exits with 130', async () => {
    const { child, outcome } = place.start(args('stopped', '--workers', '2'));
    const journal = place.path('stopped', 'journal.jsonl');
    await until(() => existsSync(journal) && readFileSync(journal, 'utf8').split('\n').length > 6);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(/interrupted; stopped holds the study: repeat the command with --resume to go on/);
    const resumed = await place.run(args('stopped', '--workers', '1', '--resume', '--json'));
    expect(resumed).toMatchObject({ code: 0 });
    expect(told(resumed.stdout).trials).toHaveLength(16);
  });

  it('reads a study from a file, with ranges', async () => {
    place.write(
      'study.yaml',
      [
        'name: evening',
        'data: { files: [films.csv] }',
        'split: { method: leave-one-out }',
        'models:',
        '  ease: { search: { regularization: { low: 1, high: 100 } } }',
        '  item-knn: { config: { weighting: idf } }',
        'budget: { trials: 12 }',
        'metric: hr@5',
      ].join('\n'),
    );
    const { code, stdout, stderr } = await place.run([
      'tune',
      'study.yaml',
      '--workers',
      '1',
      '--no-final',
      '--json',
      '--json-progress',
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ study: 'studies/evening', metric: 'hr@5' });
    for (const { model, point, settings } of document.trials) {
      if (model === 'item-knn') expect(settings.config.weighting).toBe('idf');
      if (model === 'ease' && 'config.regularization' in point)
        expect(point['config.regularization']).toBeLessThanOrEqual(100);
    }
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.filter(({ event }) => event === 'trial')).toHaveLength(12);
    for (const name of ['winner', 'trials.csv', 'study.json'])
      expect(existsSync(place.path('studies/evening', name))).toBe(true);
  });

  it.each([
    [['study.yaml', '--data', 'films.csv'], /needs data or the file of a study, found both/],
    [[], /found neither/],
    [['--data', 'films.csv', '--models', 'ease', '--metric', 'rmse'], /rmse/],
    [['--data', 'films.csv', '--models', 'ease', '--metric', 'coverag@10'], /coverage/],
    [
      ['--data', 'films.csv', '--models', 'ease', '--search', 'regularization=10..1'],
      /low must be below high, found low 10 and high 1/,
    ],
    [['--data', 'films.csv', '--models', 'ease', '--search', 'factors=1..10'], /none of the models has this option/],
    [['--data', 'films.csv', '--models', 'ease', '--search', 'regularization'], /must be key=LOW\.\.HIGH/],
    [['--data', 'films.csv', '--models', 'ease', '--search', 'ials.factors=1..10'], /"ials" is not among --models/],
    [
      ['--data', 'films.csv', '--models', 'ease', '--set', 'ease.regularization=3', '--search', 'regularization=1..10'],
      /searched or set, found both/,
    ],
    [['--data', 'films.csv', '--models', 'auto,ease'], /auto alone/],
    [['--data', 'films.csv', '--models', 'ease', '--trials', '3'], /--trials must be more than the 3 models/],
    [['--data', 'films.csv', '--models', 'ease', '--deterministic', '--minutes', '1'], /must not depend on time/],
    [['--data', 'films.csv', '--models', 'ease', '--deterministic'], /a budget must end the search/],
    [['--data', 'films.csv', '--models', 'ease', '--minutes', '0'], /--minutes must be more than 0/],
    [['--data', 'films.csv', '--models', 'ease', '--trials', '9', '--out', 'study'], /holds a study already/],
    [['study.yaml', '--models', 'ease'], /belongs into the file of the study/],
  ])('refuses %j', async (bad, message) => {
    const { code, stdout, stderr } = await place.run(['tune', ...bad]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('refuses data without a validation part, with one class only, and those of another study', async () => {
    const none = await place.run([
      'tune',
      '--data',
      'films.csv',
      '--models',
      'ease',
      '--split',
      'none',
      '--trials',
      '9',
      '--out',
      'none',
    ]);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringMatching(/validation part/) });
    place.write(
      'clicks.csv',
      `user,item,label\n${Array.from({ length: 60 }, (_, n) => `u${n % 6},i${n % 10},1`).join('\n')}\n`,
    );
    const one = await place.run([
      'tune',
      '--data',
      'clicks.csv',
      '--label',
      'label',
      '--models',
      'lr',
      '--split',
      'ratio',
      '--metric',
      'auc',
      '--trials',
      '9',
      '--out',
      'one',
    ]);
    expect(one.code).not.toBe(0);
    expect(one.stderr).toMatch(/labels|label/);
    place.write('others.csv', filmsCsv(50));
    const other = await place.run([
      ...args('study', '--resume').map((word) => (word === 'films.csv' ? 'others.csv' : word)),
    ]);
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/study of something else: the data are others/),
    });
  });
});
