/** From rows of the database to what they stand for. */
import type { Cells, FeedbackEvent, GivenRecommendation, StoredItem, StoredUser } from './records.ts';
import type { Row } from './sql.ts';

export function userOf(row: Row): StoredUser {
  return { id: row.id as string, fields: cellsOf(row) };
}

export function cellsOf({ fields }: Row): Cells {
  return JSON.parse(fields as string);
}

export function eventOf(row: Row): FeedbackEvent {
  return {
    id: row.id as string,
    user: row.person as string | null,
    item: row.item as string,
    type: row.type as string,
    value: row.value === null ? null : Number(row.value),
    time: Number(row.time),
    session: row.session as string | null,
    recommendation: row.recommendation as string | null,
  };
}

export function itemOf(row: Row): StoredItem {
  return {
    id: row.id as string,
    fields: cellsOf(row),
    available: Number(row.available) === 1,
    deleted: Number(row.deleted) === 1,
    version: Number(row.version),
  };
}

export function answerOf(row: Row): GivenRecommendation {
  const body = JSON.parse(row.body as string) as Omit<GivenRecommendation, 'id' | 'time' | 'user' | 'session'>;
  const [user, session] = [row.person as string | null, row.session as string | null];
  return { ...body, id: row.id as string, time: Number(row.time), user, session };
}
