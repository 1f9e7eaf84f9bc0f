/** The settings file of a server: scenarios, and what feedback means. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { parseOptions } from '../core/options.ts';
import { hashName } from '../core/random.ts';
import { listShape } from './api/asking.ts';
import { name } from './api/values.ts';
import { PROVIDERS } from './scoring/question.ts';

const listSettings = {
  model: name.optional().meta({ description: 'name of a run that is served; default: the first' }),
  ...listShape,
  providers: z
    .array(z.strictObject({ from: z.enum(PROVIDERS), weight: z.number().positive().max(1000).default(1) }))
    .min(1)
    .max(PROVIDERS.length)
    .optional()
    .meta({ description: 'lists that are merged by their shares; default: the model alone' }),
  fallback: z
    .array(z.enum(PROVIDERS))
    .max(PROVIDERS.length)
    .optional()
    .meta({ description: 'what fills the places that are left, in this order; default: content, popular' }),
} as const;

const variant = z.strictObject({
  name,
  share: z.number().min(0).max(1).meta({ description: 'of the users, by a hash of their ids' }),
  ...listSettings,
});

const scenario = z
  .strictObject({ ...listSettings, variants: z.array(variant).max(10).default([]) })
  .refine(
    ({ variants }) => variants.reduce((sum, { share }) => sum + share, 0) <= 1 + 1e-9,
    'the shares of variants must add up to at most 1',
  );

const limit = z.int().min(1).nullable().default(null);

const settingsSchema = z.strictObject({
  scenarios: z.record(name, scenario).default({}),
  feedback: z
    .strictObject({
      shown: z.array(name).default(['impression']).meta({ description: 'types of events that say nothing of taste' }),
      refusing: z
        .array(name)
        .default(['dislike', 'hide'])
        .meta({ description: 'types that keep the item out of lists' }),
      atLeast: z.record(name, z.number()).default({}).meta({
        description: 'type → the least value with which an event counts as taken; below it, it refuses the item',
      }),
    })
    .prefault({}),
  protection: z
    .strictObject({
      eventsPerMinute: limit.meta({
        description: 'events of one person (or session) a minute; further ones are held back',
      }),
      newPersonEvents: limit.meta({
        description:
          'events a day that count of somebody on whom no recommender was trained; further ones are held back',
      }),
      newPeoplePerItem: limit.meta({
        description: 'such people that may take one item within an hour; events of further ones are held back',
      }),
      exposure: z
        .strictObject({
          places: z
            .int()
            .min(1)
            .default(100)
            .meta({ description: 'times shown in an hour below which there is no alarm' }),
          factor: z.number().min(1).default(5).meta({ description: 'of the share of the 24 hours before' }),
        })
        .nullable()
        .prefault({})
        .meta({ description: 'alarm for items whose exposure jumps; null = none' }),
    })
    .prefault({}),
});

export type ServerSettings = z.output<typeof settingsSchema>;
export type Scenario = z.output<typeof scenario>;
export type ListSettings = Omit<Scenario, 'variants'>;

/** @throws DeepTasteError `config` */
export function parseServerSettings(value: unknown, where = 'settings'): ServerSettings {
  return parseOptions(settingsSchema, value ?? {}, where);
}

/** @throws DeepTasteError `io`: the file cannot be read; `config`: it holds no settings */
export async function readServerSettings(path: string): Promise<ServerSettings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw ioError('reading', path, error);
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new DeepTasteError(
      'config',
      `${path}: must be YAML, found otherwise (${(cause as Error).message})`,
      {},
      { cause },
    );
  }
  return parseServerSettings(value, path);
}

/**
 * The list settings of a scenario for somebody. Variants have shares of the interval [0, 1) in their order; where somebody stands in it
 * is a hash of the scenario and the id, hence stays.
 * @param person null = nobody by name: served without a variant
 */
export function settingsFor(
  scenarioName: string,
  { variants, ...common }: Scenario,
  person: string | null,
): { readonly list: ListSettings; readonly variant: string | null } {
  const place = person === null ? 1 : hashName(`${scenarioName}\u0000${person}`) / 2 ** 32;
  let sum = 0;
  for (const { name: variantName, share, ...own } of variants) {
    sum += share;
    if (place >= sum) continue;
    const given = Object.entries(own).filter(([, value]) => value !== undefined);
    return { list: { ...common, ...Object.fromEntries(given) }, variant: variantName };
  }
  return { list: common, variant: null };
}
