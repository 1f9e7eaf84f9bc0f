/** Flags of settings: meaning, range and choices from the schema, values at the setting's address. */
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addSettingFlags, foreignFlag, type SettingFlag, settingsOf } from '../../src/cli/setting-flags.ts';

const one = z.strictObject({
  part: z
    .strictObject({
      n: z.int().min(2).max(9).default(4).meta({ doc: 'how many' }),
      width: z.number().positive().optional().meta({ doc: 'how wide' }),
      column: z.string().nullable().optional().meta({ doc: 'a column; null = none' }),
      isOn: z.boolean().default(true).meta({ doc: 'whether it is on' }),
      list: z.array(z.string()).default([]).meta({ doc: 'names; [] = all' }),
    })
    .prefault({}),
  split: z.discriminatedUnion('method', [
    z.strictObject({ method: z.literal('a'), by: z.enum(['x', 'y']).default('x').meta({ doc: 'order' }) }),
    z.strictObject({ method: z.literal('b'), by: z.enum(['y', 'z']).default('z').meta({ doc: 'order' }) }),
  ]),
});
const other = z.strictObject({ part: z.strictObject({ count: z.int().min(0).meta({ doc: 'number' }) }) });

const flags = {
  n: { flag: '--n <n>', at: ['part.n', 'part.count'] },
  width: { flag: '--width <x>', at: 'part.width' },
  column: { flag: '--column <name>', at: 'part.column', none: true },
  isOn: { flag: '--is-on', at: 'part.isOn', none: true },
  list: { flag: '--list <a,b>', at: 'part.list' },
  method: { flag: '--method <m>', at: 'split.method', doc: 'which way' },
  by: { flag: '--by <order>', at: 'split.by' },
} as const satisfies Record<string, SettingFlag>;

function command(): Command {
  return addSettingFlags(new Command('c').exitOverride().configureOutput({ writeErr: () => {} }), 'Flags:', flags, [
    one,
    other,
  ]);
}

function given(...args: string[]) {
  const parsed = command().parse(args, { from: 'user' });
  return settingsOf(flags, parsed.opts(), one);
}

describe('flags of settings', () => {
  it('put values at the address of the setting, read as the schema says', () => {
    expect(given()).toEqual({});
    expect(given('--n', '3', '--width', '1.5', '--list', 'p, q', '--method', 'b', '--by', 'z')).toEqual({
      part: { n: 3, width: 1.5, list: ['p', 'q'] },
      split: { method: 'b', by: 'z' },
    });
    expect(given('--column', 'c', '--is-on')).toEqual({ part: { column: 'c', isOn: true } });
    expect(given('--no-column', '--no-is-on')).toEqual({ part: { column: null, isOn: false } });
  });

  it('take the first address that the settings have', () => {
    expect(settingsOf(flags, { n: 7 }, other)).toEqual({ part: { count: 7 } });
    expect(foreignFlag(flags, { n: 7, width: 2 }, other)?.flag).toBe('--width <x>');
    expect(foreignFlag(flags, { n: 7, width: 2 }, one)).toBeUndefined();
  });

  it.each([
    [['--n', '1'], 'whole number'],
    [['--n', '2.5'], 'whole number'],
    [['--width', '0'], 'above 0'],
    [['--width', 'wide'], 'number'],
    [['--by', 'w'], 'x, y, z'],
    [['--method', 'c'], 'a, b'],
    [['--list', ','], 'list'],
  ])('refuse %j', (args, message) => {
    expect(() => given(...args)).toThrow(message);
  });

  it('say what the schema says', () => {
    const help = command().helpInformation();
    expect(help).toMatch(/--n <n> +how many/);
    expect(help).toMatch(/--column <name> +a column; --no-column = none/);
    expect(help).toMatch(/--list <a,b> +names; '' = all/);
    expect(help).not.toMatch(/^ +--no-column/m);
  });

  it('must be settings', () => {
    const wrong = { x: { flag: '--x', at: 'part.nothing' } };
    expect(() => addSettingFlags(new Command(), 'Flags:', wrong, [one])).toThrow('internal');
  });
});
