/** What the store counts for those who run the server: feedback in time, and what became of the lists of a scenario. */
import type { EventCount, Following, VariantCount } from './records.ts';
import { type Database, statement, type Value } from './sql.ts';

export async function eventCounts(database: Database, since: number, stretch: number): Promise<EventCount[]> {
  const [rows] = await database.run([
    // times are whole, hence so is the division
    statement(
      `SELECT time / ${Math.round(stretch)} AS place, type, COUNT(*) AS n FROM events WHERE time >= ? GROUP BY 1, 2 ORDER BY 1, 2`,
      since,
    ),
  ]);
  return rows.map(({ place, type, n }) => ({
    time: Number(place) * Math.round(stretch),
    type: type as string,
    n: Number(n),
  }));
}

export async function variantCounts(
  database: Database,
  scenario: string,
  since: number,
  following: Following,
): Promise<VariantCount[]> {
  const { condition, values } = followed(following);
  const [rows] = await database.run([
    statement(
      `SELECT variant, COUNT(*) AS lists, SUM(did) AS followed, COUNT(DISTINCT person) AS people,
         COUNT(DISTINCT CASE WHEN did = 1 THEN person END) AS followers
       FROM (SELECT variant, person, CASE WHEN EXISTS (SELECT 1 FROM events WHERE recommendation = given.id${condition})
               THEN 1 ELSE 0 END AS did
             FROM recommendations AS given WHERE scenario = ? AND time >= ?) AS lists
       GROUP BY variant ORDER BY variant`,
      ...values,
      scenario,
      since,
    ),
  ]);
  return rows.map((row) => ({
    variant: row.variant as string | null,
    lists: Number(row.lists),
    followedLists: Number(row.followed),
    people: Number(row.people),
    followers: Number(row.followers),
  }));
}

function followed({ otherTypes, atLeast }: Following): {
  readonly condition: string;
  readonly values: readonly Value[];
} {
  const values: Value[] = [...otherTypes];
  let condition = otherTypes.length > 0 ? ` AND type NOT IN (${otherTypes.map(() => '?').join(', ')})` : '';
  for (const [type, least] of Object.entries(atLeast)) {
    condition += ' AND NOT (type = ? AND value IS NOT NULL AND value < ?)';
    values.push(type, least);
  }
  return { condition, values };
}
