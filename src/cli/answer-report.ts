/** Recommendations as a table for people and as a document for scripts. */
import { displayName } from '../data/dataset.ts';
import { rowOf } from '../data/sparse-rows.ts';
import { fitText, tableWidth, textTable } from '../evaluation/text-table.ts';
import type { Answer, Recommendation, Recommender } from '../recommender/recommender.ts';
import type { Terminal } from './terminal.ts';

export interface GivenAnswer {
  readonly path: string;
  readonly recommender: Recommender;
  /** Null when the person was given by a history. */
  readonly user: string | null;
  readonly history: readonly string[];
  readonly answer: Answer;
}

/** Who is asked for, the list, and how it was made. */
export function answerReport(terminal: Terminal, given: GivenAnswer): string {
  const { answer, user, recommender } = given;
  const { how, recommendations, unknownItems } = answer;
  const notes = [
    how === 'trained'
      ? `made by ${recommender.model.title}, which knows this user from its training`
      : `made by ${recommender.model.title} for somebody new: ${how}`,
    ...(unknownItems.length > 0 ? [`not known, hence left out: ${unknownItems.join(', ')}`] : []),
  ];
  const person = user === null ? newPerson(given) : knownPerson(recommender, user);
  const list =
    recommendations.length > 0 ? recommendationTable(recommendations, terminal) : 'no item is left to recommend';
  return [terminal.strong(person), '', list, '', ...notes].join('\n');
}

function knownPerson({ parts }: Recommender, user: string): string {
  const index = parts.users.indexOf(user) as number;
  const name = displayName(parts.users, parts.userFields, index);
  const n = rowOf(parts.seen, index).length;
  return `For ${name === user ? `user ${user}` : `${name} (${user})`}, who took ${n} ${n === 1 ? 'item' : 'items'} in the training data`;
}

function newPerson({ history, recommender, answer }: GivenAnswer): string {
  const known = history.filter((id) => !answer.unknownItems.includes(id));
  return `For somebody who took ${known.map((id) => itemTitle(recommender, id)).join('; ')}`;
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
  const reasons = list.map(({ because }) => because.map(({ title }) => title).join(' · '));
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

export function answerDocument({ path, recommender, user, history, answer }: GivenAnswer): object {
  const { users, userFields } = recommender.parts;
  const index = user === null ? undefined : users.indexOf(user);
  return {
    run: path,
    model: recommender.model.name,
    user,
    name: index === undefined ? null : displayName(users, userFields, index),
    history: history.map((item) => ({ item, title: itemTitle(recommender, item) })),
    ...answerBody(answer),
  };
}

export function answerBody({ how, unknownItems, recommendations }: Answer): object {
  return { how, unknownItems, recommendations: recommendations.map((each, n) => ({ rank: n + 1, ...each })) };
}
