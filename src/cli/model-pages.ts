/** What there is to say about models and their options, from the registry and the option schemas. */
import { z } from 'zod';
import { textTable, wrapTable } from '../evaluation/text-table.ts';
import type { FieldModel } from '../models/field-model.ts';
import { type AnyModel, type AnySequenceModel, allModels, familyOf, findAnyModel } from '../models/index.ts';
import type { GradientModel, Paper } from '../models/model.ts';
import { fieldTrainingOptions, resolveFieldTraining } from '../training/field-options.ts';
import { resolveTraining, trainingOptions } from '../training/options.ts';
import { sequenceTrainers, sequenceTrainingOf } from '../training/train-sequence-model.ts';
import type { Terminal } from './terminal.ts';

interface OptionPage {
  /** As `--set` takes it. */
  readonly key: string;
  readonly default: unknown;
  readonly range: string;
  readonly doc: string;
}

/** The models that the command line trains: all. */
const models = allModels;

/** Pages are for reading: where no terminal says its width, lines keep to one that fits most. */
function pageWidth({ width }: Terminal): number {
  return Number.isFinite(width) ? width : 120;
}

export function listModels(terminal: Terminal): void {
  const column = (header: string, cells: string[]) => ({ header, align: 'left' as const, cells });
  const columns = [
    column(
      'name',
      models.map(({ name }) => name),
    ),
    column(
      'title',
      models.map(({ title }) => title),
    ),
    column('kind', models.map(kindOf)),
    column(
      'paper',
      models.map(({ paper }) => paperLine(paper)),
    ),
  ];
  const { header, rule, rows } = textTable(wrapTable(columns, pageWidth(terminal)));
  terminal.print([header, rule, ...rows, '', 'deeptaste models NAME prints the options of one'].join('\n'));
  terminal.document({ models: models.map(headOf) });
}

export function describeModel(terminal: Terminal, name: string): void {
  const model = findAnyModel(name);
  const options = pagesOf(model.options as unknown as z.ZodObject, '');
  const training = trainingOf(model);
  const heads = [`${model.title} (${model.name}), ${kindOf(model)}`, paperLine(model.paper)].filter(Boolean);
  const width = pageWidth(terminal);
  const parts = [...heads, '', optionTable(options, width)];
  if (training.length > 0) parts.push('', 'training', optionTable(training, width));
  terminal.print(parts.join('\n'));
  terminal.document({ ...headOf(model), options, training });
}

function headOf(model: AnyModel) {
  const { name, title, kind, paper } = model;
  return { name, title, family: familyOf(model), kind, paper };
}

function kindOf(model: AnyModel): string {
  switch (familyOf(model)) {
    case 'users':
      return model.kind === 'gradient' ? `trained by gradients, ${model.loss}` : 'fitted without epochs';
    case 'sequences':
      return `of sequences, ${trainingOf(model).length > 0 ? 'trained by epochs' : 'fitted without epochs'}`;
    case 'fields':
      return 'over feature fields: clicks, ratings, rankings';
  }
}

/** The settings of the model's training; none for models that are fitted. */
function trainingOf(model: AnyModel): OptionPage[] {
  switch (familyOf(model)) {
    case 'users':
      return model.kind === 'gradient'
        ? bySize(model, trainingPages(trainingOptions, resolveTraining(model.trainingDefaults, {})))
        : [];
    case 'fields': {
      const settings = resolveFieldTraining((model as FieldModel).trainingDefaults, {});
      return trainingPages(fieldTrainingOptions, settings).filter(({ key }) => key !== 'training.task');
    }
    case 'sequences': {
      const own = model as AnySequenceModel;
      const { settings } = sequenceTrainers[own.kind];
      return settings === null ? [] : withDefaults(pagesOf(settings, 'training.'), sequenceTrainingOf(own, {}) ?? {});
    }
  }
}

/** Defaults that follow the size of the data are told as such. */
function bySize({ defaultsForData }: GradientModel, pages: OptionPage[]): OptionPage[] {
  if (!defaultsForData) return pages;
  const { optimizer = {}, ...training } = defaultsForData({ nInteractions: 1, nUsers: 1, nItems: 1 });
  const keys = [
    ...Object.keys(training).map((key) => `training.${key}`),
    ...Object.keys(optimizer).map((key) => `optimizer.${key}`),
  ];
  return pages.map((page) => (keys.includes(page.key) ? { ...page, default: 'by size of the data' } : page));
}

function paperLine(paper: Paper | null): string {
  return paper === null ? '' : `${paper.authors}: ${paper.title}. ${paper.venue} ${paper.year}`;
}

/** The general settings with the model's own defaults. */
function trainingPages(options: typeof trainingOptions | typeof fieldTrainingOptions, resolved: object): OptionPage[] {
  const { optimizer, ...shape } = options.shape;
  const inner = (optimizer as unknown as { _zod: { def: { innerType: z.ZodObject } } })._zod.def.innerType;
  const { optimizer: own, ...general } = resolved as Record<string, unknown> & { optimizer: Record<string, unknown> };
  return [
    ...withDefaults(pagesOf(z.object(shape), 'training.'), general),
    ...withDefaults(pagesOf(inner, 'optimizer.'), own),
  ];
}

function withDefaults(pages: OptionPage[], values: object): OptionPage[] {
  const of = (key: string) => (values as Record<string, unknown>)[key.slice(key.indexOf('.') + 1)];
  return pages.map((page) => ({ ...page, default: of(page.key) ?? page.default }));
}

interface JsonOption {
  readonly default?: unknown;
  readonly doc?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: JsonOption;
}

function pagesOf(schema: z.ZodObject, prefix: string): OptionPage[] {
  return Object.entries(schema.shape).map(([name, option]) => {
    const json = z.toJSONSchema(option as z.ZodType, { io: 'input', unrepresentable: 'any' }) as JsonOption;
    const doc = ((option as z.ZodType).meta()?.doc as string | undefined) ?? '';
    return { key: prefix + name, default: json.default ?? null, range: rangeOf(json), doc };
  });
}

/** `1 … 4096`, `> 0`, `a | b`, `list of 1 … 4096`. */
function rangeOf({ enum: choices, type, items, ...bounds }: JsonOption): string {
  if (choices) return choices.join(' | ');
  if (type === 'boolean') return 'true | false';
  if (type === 'array' && items) return `list of ${rangeOf(items)}`;
  if (type !== 'integer' && type !== 'number') return type ?? '';
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = bounds;
  const top = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  const bottom = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const from = bottom !== undefined ? `${bottom} …` : exclusiveMinimum !== undefined ? `> ${exclusiveMinimum} …` : '';
  const to = top ?? (exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`);
  const range = `${from} ${to}`.trim();
  return type === 'integer' ? `integer ${range}`.trim() : range || 'number';
}

function optionTable(options: readonly OptionPage[], width: number): string {
  if (options.length === 0) return 'no options';
  const column = (header: string, cells: string[]) => ({ header, align: 'left' as const, cells });
  const columns = [
    column(
      '--set',
      options.map(({ key }) => key),
    ),
    column(
      'default',
      options.map((option) => (option.default === null ? '' : JSON.stringify(option.default))),
    ),
    column(
      'range',
      options.map(({ range }) => range),
    ),
    column(
      'what',
      options.map(({ doc }) => doc),
    ),
  ];
  const { header, rule, rows } = textTable(wrapTable(columns, width));
  return [header, rule, ...rows].join('\n');
}
