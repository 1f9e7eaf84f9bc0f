/** From files to a data set: read, assign roles, check, clean, encode, describe users and items. */
import { basename } from 'node:path';
import type { Progress } from '../core/progress.ts';
import { cleanRows } from './clean-rows.ts';
import { checkedDataOptions, type DataOptions, parseDataOptions, type ResolvedDataOptions } from './data-options.ts';
import type { Dataset } from './dataset.ts';
import { encodeRows } from './encoded-rows.ts';
import { describeEntities } from './entities.ts';
import { hashInteractions } from './interaction-hash.ts';
import {
  dropRows,
  interactionSchema,
  lostColumns,
  type PartFiles,
  presentColumns,
  type ReadPart,
  readParts,
} from './read-parts.ts';
import { Database } from './readers/database.ts';
import { withRowsAsFiles } from './rows-in-memory.ts';
import { suspicions } from './suspicions.ts';

/** A data set with the part that each of its rows came from. */
interface LoadedParts {
  readonly dataset: Dataset;
  readonly part: Uint8Array; // [length of the interactions]
  /** What was read; the files' tables are gone unless they were to be kept. */
  readonly read: readonly ReadPart[];
}

interface LoadHooks {
  /** Items to add to the vocabulary although no row has them (listed candidates). */
  readonly moreItemIds?: readonly string[];
  /** Rows that name sessions and no users are taken as they are: each session is somebody. */
  readonly anonymousSessions?: boolean;
  /** Keep the files' tables as long as the database lives; else each goes as soon as its rows are gathered. */
  readonly keepTables?: boolean;
  /** Rows are taken as positive feedback: those labelled 0 are left out. */
  readonly takenOnly?: boolean;
  /** Hears how far the reading of many rows is. */
  readonly progress?: Progress;
}

/**
 * Reads a data set. Cleaning, in this order: bad rows are refused or skipped, of repeated pairs one is kept, rows rated
 * below `minRating` go, then the k-core. Vocabularies are in the order of first appearance among the kept rows.
 * @throws DeepTasteError `config`: an option; `data`: a file
 * @example await loadDataset({ files: ['ratings.csv'], minRating: 4, kCore: { user: 5, item: 5 } })
 * @example await loadDataset({ interactions: [{ user: 5, item: 'a', time: new Date() }] })
 */
export async function loadDataset(options: DataOptions, progress?: Progress): Promise<Dataset> {
  return loadRows(options, { progress });
}

/** `loadDataset` with hooks. */
export async function loadRows(
  options: DataOptions,
  hooks: Pick<LoadHooks, 'progress' | 'takenOnly' | 'anonymousSessions'>,
): Promise<Dataset> {
  checkedDataOptions(options); // before rows are written to a file
  return withRowsAsFiles(options, async (ofFiles) => {
    const resolved = parseDataOptions(ofFiles);
    return Database.use(async (database) => {
      const parts = [{ name: 'interactions', files: resolved.files }];
      return (await loadParts(database, parts, resolved, hooks)).dataset;
    }, resolved.readMemory);
  });
}

/**
 * Reads several sets of files into one data set with shared vocabularies. A rating, time or session column that some
 * part lacks is left out. Repeated pairs are looked for within each part.
 */
export async function loadParts(
  database: Database,
  parts: readonly PartFiles[],
  options: ResolvedDataOptions,
  { moreItemIds = [], keepTables = false, anonymousSessions = false, takenOnly = false, progress }: LoadHooks = {},
): Promise<LoadedParts> {
  const { read, plan } = await readParts(database, parts, options, { keepTables, anonymousSessions });
  const present = presentColumns(read, plan);
  const unnamed = (['user', 'item'] as const).filter((role) => read[0].roles[role] === null);
  const encoded = await encodeRows(database, present, options, progress);
  await dropRows(database, read, keepTables);
  const cleaned = cleanRows(encoded, options, { label: plan.label?.column ?? null, unnamed, takenOnly });
  const isMerged = options.duplicates === 'sum' || options.duplicates === 'count';
  const { users } = cleaned;
  const items = cleaned.items.with(moreItemIds);
  const side = await describeEntities(database, options, read[0], users, items, cleaned);
  const dataset = {
    name: options.name ?? nameOf(read[0].table.source),
    users,
    items,
    interactions: cleaned.interactions,
    userFields: side.userFields,
    itemFields: side.itemFields,
    social: side.social,
    schema: { columns: [...interactionSchema(read[0].roles, plan), ...side.schema.columns] },
    ...(plan.label && !isMerged && { label: { column: plan.label.column, positive: plan.label.positive } }),
    ...(plan.label?.isRarer && { openLabel: { column: plan.label.column, positive: plan.label.positive } }),
    ...(cleaned.distinctPairs && parts.length === 1 && { distinctPairs: true }),
    ...(unnamed.length > 0 && { unnamed }),
    hash: hashInteractions(users, items, cleaned.interactions),
  };
  const warnings = [
    ...read.flatMap((each) => each.warnings),
    ...lostColumns(read, parts, plan),
    ...cleaned.warnings,
    ...side.warnings,
  ];
  return {
    dataset: {
      ...dataset,
      warnings: [...warnings, ...suspicions(dataset, { isGiven: parts.length > 1, takenOnly: cleaned.takenOnly })],
    },
    part: cleaned.part,
    read,
  };
}

function nameOf(path: string): string {
  return basename(path)
    .replace(/\.(gz|zip)$/i, '')
    .replace(/\.[^.]+$/, '');
}
