/** Recommendations as a table for people and as a document for scripts. */
import { counted } from '../data/counted.ts';
import { displayName, type FieldTable } from '../data/dataset.ts';
import { noFields } from '../data/side-information.ts';
import { rowOf, type SparseRows } from '../data/sparse-rows.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import { fitText, tableWidth, textTable } from '../evaluation/text-table.ts';
import { type Answer, type Recommendation, Recommender } from '../recommender/recommender.ts';
import type { SequenceRecommender } from '../recommender/sequence-recommender.ts';
import type { Terminal } from './terminal.ts';

/** Those that know people by their ids or by the items they took. */
export type AnyRecommender = Recommender | SequenceRecommender;

export interface GivenAnswer {
  readonly path: string;
  readonly recommender: AnyRecommender;
  /** Null when the person was given by a history. */
  readonly user: string | null;
  readonly history: readonly string[];
  readonly answer: Answer;
}

/** Who is asked for, the list, and how it was made. */
export function answerReport(terminal: Terminal, given: GivenAnswer): string {
  const { answer, user, recommender } = given;
  const { recommendations, unknownItems } = answer;
  const notes = [
    howNote(recommender, answer),
    ...answer.notes,
    ...(unknownItems.length > 0 ? [`not known, hence left out: ${unknownItems.join(', ')}`] : []),
  ];
  const person = user === null ? newPerson(given) : knownPerson(recommender, user);
  const list =
    recommendations.length > 0 ? recommendationTable(recommendations, terminal) : 'no item is left to recommend';
  return [terminal.strong(person), '', list, '', ...notes].join('\n');
}

function howNote({ model }: AnyRecommender, { how }: Answer): string {
  if (model.form === 'sequences') return how;
  if (how === 'trained') return `made by ${model.title}, which knows this user from its training`;
  return `made by ${model.title} for somebody new: ${how}`;
}

interface People {
  readonly users: Vocabulary;
  readonly fields: FieldTable;
  readonly seen: SparseRows;
  readonly heldOut?: SparseRows;
}

/** The people that a recommender knows; null where it knows nobody. */
function peopleOf(recommender: AnyRecommender): People | null {
  if (recommender instanceof Recommender) {
    const { users, userFields, seen, heldOut } = recommender.parts;
    return { users, fields: userFields, seen, heldOut };
  }
  const { histories } = recommender.parts;
  return histories && { users: histories.users, fields: noFields(histories.users.size), seen: histories.rows };
}

function knownPerson(recommender: AnyRecommender, user: string): string {
  const { users, fields, seen, heldOut } = peopleOf(recommender) as People;
  const hasHistories = !(recommender instanceof Recommender);
  const index = users.indexOf(user) as number;
  const name = displayName(users, fields, index);
  const trained = counted(rowOf(seen, index).length, 'item');
  const held = heldOut ? rowOf(heldOut, index).length : 0;
  const where = held > 0 ? `in the training data and ${held} in held-out rows` : 'in the training data';
  return `For ${name === user ? `user ${user}` : `${name} (${user})`}, who took ${trained} ${hasHistories ? 'in the data' : where}`;
}

function newPerson({ history, recommender, answer }: GivenAnswer): string {
  const known = history.filter((id) => !answer.unknownItems.includes(id));
  return `For somebody who took ${known.map((id) => itemTitle(recommender, id)).join('; ')}`;
}

export function itemTitle({ parts }: AnyRecommender, id: string): string {
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

export function answerDocument({ path, recommender, user, history, answer }: GivenAnswer): object {
  const people = peopleOf(recommender);
  const index = user === null ? undefined : people?.users.indexOf(user);
  return {
    run: path,
    model: recommender.model.name,
    user,
    name: people === null || index === undefined ? null : displayName(people.users, people.fields, index),
    history: history.map((item) => ({ item, title: itemTitle(recommender, item) })),
    ...answerBody(answer),
  };
}

export function answerBody({ how, unknownItems, notes, recommendations }: Answer): object {
  return { how, unknownItems, notes, recommendations: recommendations.map((each, n) => ({ rank: n + 1, ...each })) };
}
