/** Fits the feature pipeline on training rows, and on nothing else. */
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { parseOptions } from '../../core/options.ts';
import { counted } from '../counted.ts';
import type { Dataset, Interactions } from '../dataset.ts';
import type { ValueColumn } from '../value-columns.ts';
import { type FieldCodes, type FittedCross, fitCross } from './cross.ts';
import { encodingRows, isDiscrete } from './encodings.ts';
import { asNumbers, contextColumn, entityColumn, type FeatureColumn, featureColumns } from './feature-columns.ts';
import { FeatureEncoder, fieldCodes } from './feature-encoder.ts';
import {
  type CrossOptions,
  type FeatureOptions,
  featureOptions,
  type ResolvedFeatureOptions,
} from './feature-options.ts';
import type { FieldOwner } from './field-rows.ts';
import { type FitNotes, fitEncoding } from './fit-encoding.ts';
import type { FittedField } from './fitted-features.ts';
import { type PlannedField, planFields, type UnusedColumn } from './plan-fields.ts';

export interface FittedPipeline {
  readonly encoder: FeatureEncoder;
  readonly unused: readonly UnusedColumn[];
  /** One line each, for people: fields of one value, cells that were cut. */
  readonly warnings: readonly string[];
  /** What else is worth saying of a training run: values that share a row. */
  readonly notes: readonly string[];
}

/**
 * Fits on the training rows: what describes a user or an item counts once for each of its rows, and users and items
 * without training rows do not count. Linear in rows × columns.
 * @throws DeepTasteError `config`: an option, a column that is not there, a cross of numbers; `data`: no field is left
 */
export function fitFeatures(dataset: Dataset, train: Interactions, options: FeatureOptions = {}): FittedPipeline {
  const resolved = parseOptions(featureOptions, options, 'features');
  const fit = new Fit(dataset, train, resolved);
  const { fields: planned, unused } = planFields(featureColumns(dataset), resolved, (column) => fit.cells(column));
  for (const field of planned) checkBuckets(field);
  checkNames(planned, resolved.crosses);
  const fields = planned.map((field) => fit.field(field));
  const crosses = resolved.crosses.map((cross) => fit.cross(cross, fields));
  if (fields.every((field) => field.crossOnly))
    throw new DeepTasteError(
      'data',
      'features: at least one column must become a field, found none; see deeptaste data',
    );
  const used = new Set(fields.map(({ key }) => key));
  const columns = [...dataset.schema.columns.map(({ name }) => name), ...featureColumns(dataset).map(({ key }) => key)];
  const otherColumns = [...new Set(columns)].filter((name) => !used.has(name));
  const encoder = new FeatureEncoder({ version: 1, fields, crosses, otherColumns });
  return { encoder, unused, warnings: fit.warnings, notes: fit.notes };
}

function checkBuckets({ name, options }: PlannedField): void {
  if (options.encode !== 'buckets' || !options.boundaries || options.nBuckets === undefined) return;
  throw new DeepTasteError(
    'config',
    `features: field "${name}": has nBuckets or boundaries, found both; leave one of them out`,
  );
}

function checkNames(planned: readonly PlannedField[], crosses: readonly CrossOptions[]): void {
  const names = planned.map(({ name }) => name);
  const repeated = names.find((name, k) => names.indexOf(name) !== k);
  if (repeated !== undefined)
    throw new DeepTasteError('config', `features: two fields are called "${repeated}"; rename one`);
  for (const { fields, minCount, nBuckets } of crosses) {
    const where = `features: cross of ${fields.join(' and ')}`;
    if (minCount !== undefined && nBuckets !== undefined)
      throw new DeepTasteError('config', `${where}: has minCount or nBuckets, found both; leave one of them out`);
    for (const name of fields)
      if (!names.includes(name))
        throw new DeepTasteError('config', `${where}: there is no field "${name}"${suggestion(name, names)}`);
    if (new Set(fields).size < fields.length)
      throw new DeepTasteError('config', `${where}: its fields must differ, found one of them twice`);
  }
  const crossNames = crosses.map(nameOfCross);
  const twice = crossNames.find((name, k) => crossNames.indexOf(name) !== k || names.includes(name));
  if (twice !== undefined) throw new DeepTasteError('config', `features: "${twice}" is there twice; leave one out`);
}

function nameOfCross({ fields }: CrossOptions): string {
  return fields.join(' × ');
}

class Fit {
  readonly warnings: string[] = [];
  readonly #rare: { readonly name: string; readonly nRare: number }[] = [];
  readonly #dataset: Dataset;
  readonly #train: Interactions;
  readonly #options: ResolvedFeatureOptions;
  /** Training rows of each user and item. */
  readonly #weight: { readonly user: Int32Array; readonly item: Int32Array };

  constructor(dataset: Dataset, train: Interactions, options: ResolvedFeatureOptions) {
    this.#dataset = dataset;
    this.#train = train;
    this.#options = options;
    this.#weight = {
      user: rowsOf(train.userIndex, dataset.users.size),
      item: rowsOf(train.itemIndex, dataset.items.size),
    };
  }

  cells(column: Pick<FeatureColumn, 'owner' | 'source' | 'name'>): ValueColumn {
    if (column.owner === 'context') return contextColumn(column, this.#train)!;
    return entityColumn(column, this.#dataset)!;
  }

  field({ name, column, options, crossOnly }: PlannedField): FittedField {
    const { owner, source, key } = column;
    const cells = this.cells(column);
    const weight = owner === 'context' ? null : this.#weight[owner];
    const { fitted: encoding, notes } = fitEncoding(cells, weight, options, this.#options);
    this.#note(name, isDiscrete(encoding) ? encodingRows(encoding) : differentNumbers(cells), notes);
    return { name, owner, source, column: column.name, key, kind: cells.kind, crossOnly, encoding };
  }

  #note(name: string, nRows: number, { nRare, nLongCells }: FitNotes): void {
    const where = `field "${name}"`;
    if (nRows === 0) this.warnings.push(`${where} has no value in the training rows`);
    if (nRows === 1 && nRare === 0) this.warnings.push(`${where} has one value only: it tells nothing apart`);
    if (nRare > 0) this.#rare.push({ name, nRare });
    if (nLongCells > 0)
      this.warnings.push(`${where}: ${counted(nLongCells, 'cell')} with more values than are looked at (maxValues)`);
  }

  get notes(): string[] {
    if (this.#rare.length === 0) return [];
    const most = [...this.#rare].sort((a, b) => b.nRare - a.nRare);
    const shown = most.slice(0, 5).map(({ name, nRare }) => `${name} (${nRare.toLocaleString('en-US')})`);
    const rest = most.length > shown.length ? ` and ${counted(most.length - shown.length, 'more field')}` : '';
    return [`values with fewer training rows than minCount share one row: ${shown.join(', ')}${rest}`];
  }

  cross(options: CrossOptions, fields: readonly FittedField[]): FittedCross {
    const parts = options.fields.map((name) => fields.find((field) => field.name === name)!);
    const name = nameOfCross(options);
    const number = parts.find(({ encoding }) => !isDiscrete(encoding));
    if (number)
      throw new DeepTasteError(
        'config',
        `features: cross ${name}: needs fields of categories, "${number.name}" is a number; give it buckets, ` +
          'or make a second field of its column with crossOnly',
      );
    const owner = parts.every((part) => part.owner === parts[0].owner) ? parts[0].owner : 'context';
    const { minCount = 1, nBuckets = null, maxValues } = options;
    const codes = parts.map((part) => this.#codes(part));
    return fitCross({ name, fields: options.fields, owner }, codes, this.#train.length, {
      minCount,
      nBuckets,
      maxValues,
    });
  }

  #codes(field: FittedField): FieldCodes {
    const { userIndex, itemIndex } = this.#train;
    const rowOf = { user: (row: number) => userIndex[row], item: (row: number) => itemIndex[row], context: same };
    return fieldCodes(field, this.cells({ ...field, name: field.column }), rowOf[field.owner as FieldOwner]);
  }
}

/** 0, 1, or 2 for more. */
function differentNumbers(column: ValueColumn): number {
  const { value } = asNumbers(column, 'numeric');
  let one = Number.NaN;
  for (let row = 0; row < value.length; row++) {
    if (Number.isNaN(value[row]) || value[row] === one) continue;
    if (!Number.isNaN(one)) return 2;
    one = value[row];
  }
  return Number.isNaN(one) ? 0 : 1;
}

function same(row: number): number {
  return row;
}

function rowsOf(index: Int32Array, size: number): Int32Array {
  const count = new Int32Array(size);
  for (const value of index) count[value]++;
  return count;
}
