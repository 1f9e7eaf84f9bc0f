/** Runs that are killed, stopped and resumed, and runs on one thread or two, end in the same bytes. */
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { filmsCsv, until, workplace } from './command-line.ts';

const place = workplace();
const train = (model: string, epochs: number, ...rest: string[]) => [
  ...['train', '--data', 'films.csv', '--model', model, '--epochs', String(epochs), '--set', 'training.patience=0'],
  ...['--set', 'training.batchSize=64', '--split', 'leave-one-out', '--seed', '3', ...rest],
];
const weights = (run: string) => readFileSync(place.path(run, 'weights.safetensors')).toString('base64');

beforeAll(() => {
  place.write('films.csv', filmsCsv());
});

describe('training', () => {
  it('ends in the same bytes after kill -9 and --resume', async () => {
    const epochs = 120;
    const args = train('neumf', epochs, '--checkpoint-seconds', '0');
    expect(await place.run([...args, '--out', 'whole'])).toMatchObject({ code: 0 });
    const { child, outcome } = place.start([...args, '--out', 'killed']);
    const log = place.path('killed.partial', 'epochs.jsonl');
    await until(() => existsSync(log) && readFileSync(log, 'utf8').split('\n').length > 10);
    child.kill('SIGKILL');
    await outcome;
    expect(existsSync(place.path('killed'))).toBe(false);
    const resumed = await place.run([...args, '--out', 'killed', '--resume']);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toMatch(/resuming after epoch \d+/);
    expect(weights('killed')).toBe(weights('whole'));
    expect(existsSync(place.path('killed.partial'))).toBe(false);
    const records = readFileSync(place.path('killed', 'epochs.jsonl'), 'utf8').trim().split('\n');
    expect(records.map((line) => JSON.parse(line).epoch)).toEqual(Array.from({ length: epochs }, (_, n) => n + 1));
  });

  it('keeps the checkpoint of a run that is going on from a second run with the same --out', async () => {
    const args = train('gmf', 100_000, '--checkpoint-seconds', '0', '--out', 'busy');
    const { child, outcome } = place.start(args);
    const checkpoint = place.path('busy.partial', 'checkpoint.safetensors');
    await until(() => existsSync(checkpoint));
    for (const [model, ...more] of [['gmf'], ['gmf', '--resume'], ['popularity']]) {
      const second = await place.run(['train', '--data', 'films.csv', '--model', model, ...more, '--out', 'busy']);
      expect([model, second.code]).toEqual([model, 2]);
      expect(second.stderr).toMatch(
        new RegExp(`busy\\.partial: another run must not be .* process ${child.pid}; choose another --out`),
      );
      expect(existsSync(place.path('busy'))).toBe(false);
    }
    child.kill('SIGKILL');
    await outcome;
    expect(existsSync(checkpoint)).toBe(true);
    const third = await place.run(['train', '--data', 'films.csv', '--model', 'popularity', '--out', 'busy']);
    expect(third).toMatchObject({ code: 0 });
    expect(third.stderr).toMatch(/busy\.partial holds the checkpoint of an unfinished run, which this run replaces/);
    expect(place.names().filter((name) => name.startsWith('busy'))).toEqual(['busy']);
  });

  it('says on Ctrl-C where the checkpoint is, and exits with 130', async () => {
    const args = train('gmf', 100_000, '--out', 'stopped', '--checkpoint-seconds', '3600');
    const { child, outcome } = place.start(args);
    let told = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      told += chunk;
    });
    await until(() => told.includes('epoch'));
    child.kill('SIGINT');
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(
      /interrupted; the checkpoint (after epoch|within epoch \d+, after step) \d+ is in stopped\.partial: .*--resume/,
    );
    expect(existsSync(place.path('stopped.partial', 'checkpoint.safetensors'))).toBe(true);
    expect(existsSync(place.path('stopped'))).toBe(false);
  });

  it('makes a recommender of the checkpoint with --finish, by the whole command or by --out alone', async () => {
    const whole = train('gmf', 100_000, '--out', 'stopped');
    expect(await place.run([...whole, '--finish', '--resume'])).toMatchObject({ code: 2 });
    for (const args of [
      [...whole, '--finish'],
      ['train', '--finish', '--out', 'stopped'],
    ]) {
      const { code, stdout, stderr } = await place.run([...args, '--json']);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const { training, bestEpoch, epochs, saved, result } = JSON.parse(stdout);
      expect(training.cutOff).toBeNull();
      expect([`after epoch ${epochs}`, `within epoch ${epochs + 1}`]).toContain(training.finishedAt.split(',')[0]);
      expect(bestEpoch).toBeGreaterThan(0);
      expect(saved).toMatchObject({ measuredHere: true });
      expect(result.metrics).toHaveProperty('hr@10');
      expect(stderr).not.toMatch(/training GMF:/);
      expect(stderr).toMatch(/stopped\.partial stays/);
    }
    const user = readFileSync(place.path('films.csv'), 'utf8').split('\n')[1].split(',')[0];
    expect(await place.run(['recommend', 'stopped', '--user', user])).toMatchObject({ code: 0 });
  });

  it.each([
    [['--finish', '--out', 'never'], /must be the checkpoint of a run in never\.partial, found none/],
    [['--finish'], /say which run with --out RUN/],
    [['--finish', '--out', 'stopped', '--seed', '4'], /found "seed" beside it/],
    [
      ['--finish', '--data', 'films.csv'],
      /must have the whole command of the run, or --out RUN alone, found no --model/,
    ],
    [['--finish', '--data', 'films.csv', '--model', 'popularity', '--out', 'fitted'], /fitted at once/],
    [['--finish', '--data', 'films.csv', '--model', 'gmf', '--refit', '--out', 'stopped'], /refit keeps no checkpoint/],
    [['--model', 'gmf'], /required option '--data <file\.\.\.>' not specified/],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await place.run(['train', ...flags]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });

  it.each(['resume', 'finish'])('refuses to %s another run', async (wanted) => {
    const other = await place.run(train('gmf', 99_999, '--out', 'stopped', `--${wanted}`));
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain('belongs to another run: training.epochs was 100000 and is 99999 now;');
    expect(other.stderr).toContain(`start anew without --${wanted}`);
    expect(other.stderr).not.toMatch(/resuming/);
  });

  it.each(['gmf', 'bpr-mf', 'ials'])('gives the same bytes on one thread and on two: %s', async (model) => {
    const args =
      model === 'ials'
        ? ['train', '--data', 'films.csv', '--model', model, '--split', 'leave-one-out']
        : train(model, 5);
    for (const threads of ['1', '2'])
      expect(await place.run([...args, '--threads', threads, '--out', `${model}-${threads}`])).toMatchObject({
        code: 0,
      });
    expect(weights(`${model}-1`)).toBe(weights(`${model}-2`));
  });
});
