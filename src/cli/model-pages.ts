/** What there is to say about models and their options, from the registry and the option schemas. */
import { z } from 'zod';
import { objectSchema } from '../core/options.ts';
import { textTable, wrapTable } from '../evaluation/text-table.ts';
import { formTitles } from '../examples/forms.ts';
import type { AnyModel, Paper, TrainingDefaults } from '../examples/model.ts';
import { resolveTraining } from '../examples/settings.ts';
import { findModel, models } from '../models/index.ts';
import type { Terminal } from './terminal.ts';

interface OptionPage {
  /** As `--set` takes it. */
  readonly key: string;
  readonly default: unknown;
  readonly range: string;
  readonly doc: string;
}

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
  const model = findModel(name);
  const options = pagesOf(objectSchema(model.options), '');
  const training = trainingOf(model);
  const heads = [`${model.title} (${model.name}), ${kindOf(model)}`, paperLine(model.paper)].filter(Boolean);
  const width = pageWidth(terminal);
  const parts = [...heads, '', optionTable(options, width)];
  if (training.length > 0) parts.push('', 'training', optionTable(training, width));
  terminal.print(parts.join('\n'));
  terminal.document({ ...headOf(model), options, training });
}

function headOf({ name, title, form, learn, paper }: AnyModel) {
  return { name, title, form, examples: learn.by === 'gradients' ? learn.examples.name : null, paper };
}

/** What it learns from, in words. */
export function kindOf({ form, learn }: AnyModel): string {
  const how = learn.by === 'gradients' ? `trained on ${learn.examples.name}` : 'fitted without epochs';
  return `${formTitles[form].replace('models ', '')}, ${how}`;
}

/** The settings of the model's training; none for models with a solver. */
function trainingOf(model: AnyModel): OptionPage[] {
  const { learn } = model;
  if (learn.by === 'solver') return [];
  const { optimizer, ...shape } = learn.examples.settings.shape;
  const pages = pagesOf(z.object(shape), 'training.');
  if (optimizer !== undefined) pages.push(...pagesOf(objectSchema(optimizer), 'optimizer.'));
  const { training } = resolveTraining(model, {});
  return bySize(
    learn.defaultsForData?.({ nInteractions: 1, nUsers: 1, nItems: 1 }) ?? {},
    withDefaults(pages, training ?? {}),
  );
}

/** Defaults that follow the size of the data are told as such. */
function bySize({ optimizer = {}, ...training }: TrainingDefaults, pages: OptionPage[]): OptionPage[] {
  const keys = [
    ...Object.keys(training).map((key) => `training.${key}`),
    ...Object.keys(optimizer).map((key) => `optimizer.${key}`),
  ];
  return pages.map((page) => (keys.includes(page.key) ? { ...page, default: 'by size of the data' } : page));
}

function paperLine(paper: Paper | null): string {
  return paper === null ? '' : `${paper.authors}: ${paper.title}. ${paper.venue} ${paper.year}`;
}

/** The settings as they are resolved for the model. */
function withDefaults(pages: OptionPage[], settings: object): OptionPage[] {
  const { optimizer, ...general } = settings as Readonly<Record<string, unknown>>;
  const values = new Map([
    ...Object.entries(general).map(([key, value]): [string, unknown] => [`training.${key}`, value]),
    ...Object.entries(optimizer ?? {}).map(([key, value]): [string, unknown] => [`optimizer.${key}`, value]),
  ]);
  return pages.map((page) => ({ ...page, default: values.get(page.key) ?? page.default }));
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
