import { describe, expect, it } from 'vitest';
import { lineProgress, shortNumber, shortTime } from '../../src/cli/terminal-progress.ts';
import { shellWord } from '../../src/core/shell-word.ts';

describe('lineProgress', () => {
  it('prints notes no more often than every two seconds, and how the task ended', () => {
    const lines: string[] = [];
    let ms = 0;
    const task = lineProgress(
      (line) => lines.push(line),
      () => ms,
    ).start('training', 1000, 'examples');
    for (const [at, done, note] of [
      [1000, 100, 'epoch 1'],
      [2000, 200, 'epoch 2'],
      [3000, 300, 'epoch 3'],
      [4500, 450, undefined],
      [5000, 500, 'epoch 5'],
    ] as const) {
      ms = at;
      task.update(done, note);
    }
    ms = 10_000;
    task.end('5 epochs');
    expect(lines).toEqual([
      'training: 20 %  epoch 2  100 examples/s  8.0 s left',
      'training: 50 %  epoch 5  100 examples/s  5.0 s left',
      'training: 5 epochs, 10 s, 100 examples/s',
    ]);
  });
});

describe('time left', () => {
  it('is told from the first hundredth on, where the total is known', () => {
    const lines: string[] = [];
    let ms = 0;
    const progress = lineProgress(
      (line) => lines.push(line),
      () => ms,
    );
    const task = progress.start('training', 1000);
    const endless = progress.start('reading');
    for (const [at, done] of [
      [0, 0],
      [3000, 9],
      [6000, 500],
    ]) {
      ms = at;
      task.update(done, 'note');
      endless.update(done, 'note');
    }
    expect(lines).toEqual([
      'training: 1 %  note',
      'reading: note',
      'training: 50 %  note  6.0 s left',
      'reading: note',
    ]);
  });
});

describe('speed', () => {
  it('leaves out what a resumed run had done before', () => {
    const lines: string[] = [];
    let ms = 0;
    const task = lineProgress(
      (line) => lines.push(line),
      () => ms,
    ).start('training', 2000, 'rows');
    for (const [at, done] of [
      [100, 1000],
      [2100, 1200],
    ]) {
      ms = at;
      task.update(done, 'note');
    }
    expect(lines).toEqual(['training: 60 %  note  100 rows/s  8.0 s left']);
  });
});

describe('texts', () => {
  it.each([
    [0, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [60 + 5, '1 min 05 s'],
    [2 * 3600 + 7 * 60, '2 h 07 min'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(shortTime(seconds)).toBe(text);
  });

  it.each([
    [7, '7.00'],
    [1234, '1.23 k'],
    [2_500_000, '2.50 M'],
  ])('%d is %s', (value, text) => {
    expect(shortNumber(value)).toBe(text);
  });

  it.each([
    ['plain-1.x', 'plain-1.x'],
    ['a b', "'a b'"],
    ["it's", "'it'\\''s'"],
    ['-k', "'-k'"],
    ['', "''"],
  ])('%j is the shell word %s', (word, quoted) => {
    expect(shellWord(word)).toBe(quoted);
  });
});
