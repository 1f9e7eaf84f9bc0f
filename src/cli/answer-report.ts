/** Recommendations as a table for people and as a document for scripts. */
import { counted } from '../data/counted.ts';
import { displayName } from '../data/dataset.ts';
import { rowOf } from '../data/sparse-rows.ts';
import { fitText, tableWidth, textTable } from '../evaluation/text-table.ts';
import type { Answer, Recommendation } from '../recommender/answer.ts';
import type { Recommender } from '../recommender/recommender.ts';
import type { Terminal } from './terminal.ts';

export interface GivenAnswer {
  readonly path: string;
  readonly recommender: Recommender;
  /** Null when the person was given otherwise. */
  readonly user: string | null;
  readonly history: readonly string[];
  readonly row: Readonly<Record<string, unknown>>;
  readonly answer: Answer;
}

/** Who is asked for, the list, and how it was made. */
export function answerReport(terminal: Terminal, given: GivenAnswer): string {
  const { answer, user, recommender, history } = given;
  const { recommendations, unknownItems } = answer;
  const notes = [
    howNote(recommender, answer),
    ...answer.notes,
    ...(unknownItems.length > 0 ? [`not known, hence left out: ${unknownItems.join(', ')}`] : []),
  ];
  const person =
    user !== null ? namedPerson(recommender, user) : history.length > 0 ? newPerson(given) : 'somebody new';
  const list =
    recommendations.length > 0 ? recommendationTable(recommendations, terminal) : 'no item is left to recommend';
  return [terminal.strong(`For ${person}`), '', list, '', ...notes].join('\n');
}

function howNote({ model, asks }: Recommender, { how }: Answer): string {
  if (how === 'trained') return `made by ${model.title}, which knows this user from its training`;
  if (how.startsWith(`${model.title} `)) return how;
  return `made by ${model.title}${asks.by.includes('row') ? ', for' : ' for somebody new:'} ${how}`;
}

function namedPerson({ parts, asks }: Recommender, user: string): string {
  const { users, userFields, seen, heldOut } = parts;
  const index = users.indexOf(user);
  if (index === undefined) return `user ${user}`;
  const name = displayName(users, userFields, index);
  const trained = counted(rowOf(seen, index).length, 'item');
  const held = heldOut ? rowOf(heldOut, index).length : 0;
  const where = held > 0 ? `in ${asks.takenIn} and ${held} in held-out rows` : `in ${asks.takenIn}`;
  return `${name === user ? `user ${user}` : `${name} (${user})`}, who took ${trained} ${where}`;
}

function newPerson({ history, recommender, answer }: GivenAnswer): string {
  const known = history.filter((id) => !answer.unknownItems.includes(id));
  if (known.length === 0) return 'somebody of whom nothing is known';
  return `somebody who took ${known.map((id) => itemTitle(recommender, id)).join('; ')}`;
}

export function itemTitle({ parts }: Recommender, id: string): string {
  const index = parts.items.indexOf(id);
  return index === undefined ? id : displayName(parts.items, parts.itemFields, index);
}

/** rank, title, id, score, reasons; reasons are shortened to the terminal's width. */
export function recommendationTable(list: readonly Recommendation[], { width }: Pick<Terminal, 'width'>): string {
  const hasTitles = list.some(({ item, title }) => title !== item);
  const left = (header: string, cells: readonly string[]) => ({ header, align: 'left', cells }) as const;
  const right = (header: string, cells: readonly string[]) => ({ header, align: 'right', cells }) as const;
  const columns = [
    right(
      '',
      list.map((_, n) => String(n + 1)),
    ),
    ...(hasTitles
      ? [
          left(
            'title',
            list.map(({ title }) => fitText(title, 48)),
          ),
        ]
      : []),
    left(
      'item',
      list.map(({ item }) => fitText(item, 24)),
    ),
    right(
      'score',
      list.map(({ score }) => score.toPrecision(4)),
    ),
  ];
  const reasons = list.map(({ because, byPopularity }) =>
    byPopularity ? '(by popularity)' : because.map(({ title }) => title).join(' · '),
  );
  const room = Math.max(16, width - tableWidth(columns) - 2);
  if (reasons.some((reason) => reason !== ''))
    columns.push(
      left(
        'because of',
        reasons.map((text) => fitText(text, room)),
      ),
    );
  const { header, rule, rows } = textTable(columns);
  return [header, rule, ...rows].join('\n');
}

export function answerDocument({ path, recommender, user, history, row, answer }: GivenAnswer): object {
  const { parts, asks, model } = recommender;
  const { users, userFields } = parts;
  const index = user === null ? undefined : users.indexOf(user);
  return {
    run: path,
    model: model.name,
    user,
    name: index === undefined ? null : displayName(users, userFields, index),
    ...(asks.by.includes('history') && {
      history: history.map((item) => ({ item, title: itemTitle(recommender, item) })),
    }),
    ...(asks.by.includes('row') && { row }),
    ...answerBody(answer),
  };
}

export function answerBody({ how, unknownItems, notes, recommendations }: Answer): object {
  return { how, unknownItems, notes, recommendations: recommendations.map((each, n) => ({ rank: n + 1, ...each })) };
}
