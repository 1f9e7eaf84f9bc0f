/** Ranges that somebody gives instead of those that options declare: values to choose from, or two ends. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { quotedNames } from '../core/shown.ts';
import { choice, type Domain, range } from './domain.ts';

const ends = z.strictObject({
  low: z.number().meta({ doc: 'smallest value' }),
  high: z.number().meta({ doc: 'largest value' }),
  scale: z
    .enum(['auto', 'linear', 'log'])
    .default('auto')
    .meta({ doc: 'auto: log where the ends are above 0 and a factor of 10 or more apart' }),
});

/** By the name of an option, with that of a model before it where others have it too: `factors`, `bpr-mf.optimizer.l2`. */
export const searchRanges = z.record(z.string(), z.union([z.array(z.unknown()).min(1), ends]));

export type SearchRanges = z.input<typeof searchRanges>;

/** Factor between the ends from which on numbers are searched on a logarithmic scale. */
const WIDE = 10;

export function isWide(low: number, high: number): boolean {
  return low > 0 && high / low >= WIDE * (1 - 1e-9);
}

/**
 * The domain of a range.
 * @param name opens messages
 * @param schema of the option: what lies outside of it is refused
 * @throws 'config' for a range upside down, one value alone, and values that the option does not take
 */
export function givenDomain(name: string, given: unknown, schema: z.core.$ZodType, isInteger: boolean): Domain {
  const where = `search ${quotedNames([name])}`;
  const parsed = parseOptions(searchRanges.valueType, given, where);
  const fits = (value: unknown): void => {
    const checked = z.safeParse(schema, value);
    if (checked.success) return;
    const { message } = checked.error.issues[0];
    throw new DeepTasteError(
      'config',
      `${where}: the option must take every value of its range, found ${JSON.stringify(value)} (${message}); choose others`,
      { key: name },
    );
  };
  if (Array.isArray(parsed)) {
    const values = [...new Map(parsed.map((value) => [JSON.stringify(value), value])).values()];
    if (values.length < 2)
      throw new DeepTasteError(
        'config',
        `${where}: there must be two different values to choose from, found ${JSON.stringify(parsed)}; fix the option with --set instead`,
        { key: name },
      );
    values.forEach(fits);
    const isOrdered = values.every((value) => typeof value === 'number');
    return choice(isOrdered ? values.sort((a, b) => Number(a) - Number(b)) : values, isOrdered);
  }
  const { low, high, scale } = parsed;
  if (!(low < high))
    throw new DeepTasteError(
      'config',
      `${where}: low must be below high, found low ${low} and high ${high}; ${low > high ? 'turn them around' : 'fix the option with --set instead'}`,
      { key: name },
    );
  if (scale === 'log' && low <= 0)
    throw new DeepTasteError(
      'config',
      `${where}: a logarithmic scale must begin above 0, found ${low}; raise it, or take scale linear`,
      { key: name },
    );
  [low, high].forEach(fits);
  return range(low, high, { integer: isInteger, log: scale === 'auto' ? isWide(low, high) : scale === 'log' });
}
