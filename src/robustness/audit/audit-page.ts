/** An audit as a page: sections of sentences and tables, as text or as Markdown. */
import { textTable } from '../../evaluation/text-table.ts';
import { type Audit, LISTED } from './audit.ts';

interface Section {
  readonly title: string;
  readonly text: readonly string[];
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const chance = (p: number): string => (p < 1e-12 ? '< 1e-12' : p.toExponential(1));
const many = (n: number): string => n.toLocaleString('en-US');
const day = (seconds: number): string =>
  Math.abs(seconds) > 8.64e12 ? String(seconds) : new Date(1000 * seconds).toISOString().slice(0, 10);

/** For terminals. */
export function auditText(audit: Audit): string {
  const lines = sectionsOf(audit).flatMap(({ title, text, table }) => {
    const columns = table?.head.map((header, c) => ({
      header,
      align: c === 0 ? ('left' as const) : ('right' as const),
      cells: table.rows.map((row) => row[c]),
    }));
    const drawn = columns && textTable(columns);
    return [title, ...text.map((line) => `  ${line}`), ...(drawn ? [drawn.header, drawn.rule, ...drawn.rows] : []), ''];
  });
  return [`Audit of ${audit.data}`, '', ...lines].join('\n').trimEnd();
}

/** For a file. */
export function auditMarkdown(audit: Audit): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const lines = sectionsOf(audit).flatMap(({ title, text, table }) => [
    `## ${title}`,
    ...text,
    ...(table
      ? [
          '',
          `| ${table.head.join(' | ')} |`,
          `|${table.head.map(() => '---').join('|')}|`,
          ...table.rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
        ]
      : []),
    '',
  ]);
  return `# Audit of ${audit.data}\n\n${lines.join('\n')}`;
}

function sectionsOf(audit: Audit): Section[] {
  return [
    people(audit),
    common(audit),
    ...groups(audit),
    rises(audit),
    ...(audit.pushing ? [pushing(audit.pushing)] : []),
  ];
}

function people({ suspects, suspicious, above, threshold, people: n, learned, rows, items }: Audit): Section {
  const [{ from }] = learned;
  const told = learned.map(({ from: name, auc, share, isUsed }) => {
    const of = learned.length > 1 || from !== 'labels' ? `${name}: ` : '';
    return `${of}AUC ${auc.mean.toFixed(3)} [${auc.low.toFixed(3)}, ${auc.high.toFixed(3)}], ${isUsed ? `${percent(share)} of the people taken to be such` : 'not used: too many real people are like them'}`;
  });
  const source =
    from === 'labels'
      ? 'The detector learned from the labels'
      : 'Nobody is labelled: detectors learned from fake people that were put into a copy of the data';
  return {
    title: 'Suspicious people',
    text: [
      `${many(rows)} rows of ${many(n)} people and ${many(items)} items. ${source}, cross-fitted.`,
      ...told,
      `${many(suspicious)} people (${percent(suspicious / n)}) are called suspicious${
        above > suspicious
          ? `, those with the highest of ${many(above)} scores from ${threshold} on: no more than one in a hundred is, unless a recipe finds more fakes than clean data seem to have`
          : `: their score is ${threshold} or more`
      }. It is a reason to look, no proof.`,
    ],
    table: {
      head: ['user', 'score', 'suspicious', 'items', 'what stands out (share of people beyond)'],
      rows: suspects.map(({ user, score, isSuspicious, items: own, stands }) => [
        user,
        score.toFixed(3),
        isSuspicious ? 'yes' : '',
        String(own),
        stands.map(({ feature, beyond }) => `${feature} (${percent(beyond)})`).join(', '),
      ]),
    },
  };
}

function common({ common: found }: Audit): Section {
  const title = 'Items that suspicious people have in common';
  if (found.length === 0)
    return { title, text: ['None beyond chance, among the most suspicious twentieth of all people.'] };
  const hasTimes = found[0].when !== null;
  return {
    title,
    text: [
      `${many(found.length)}, of the most suspicious twentieth of all people; the middle half of their times where there are some.`,
    ],
    table: {
      head: ['item', 'people', 'suspicious', 'by chance', 'p', ...(hasTimes ? ['when'] : [])],
      rows: found
        .slice(0, LISTED)
        .map((each) => [
          each.title,
          String(each.people),
          String(each.suspicious),
          each.expected.toFixed(1),
          chance(each.pValue),
          ...(each.when ? [`${day(each.when.from)} to ${day(each.when.to)}`] : []),
        ]),
    },
  };
}

function groups({ groups: found }: Audit): Section[] {
  if (found.length === 0) return [];
  const some = (ids: readonly string[]) => ids.slice(0, 8).join(', ') + (ids.length > 8 ? ', …' : '');
  return [
    {
      title: 'Groups of suspicious people with the same items',
      text: [`${many(found.length)} found.`],
      table: {
        head: ['people', 'who', 'items', 'which'],
        rows: found
          .slice(0, LISTED)
          .map(({ items, people: who }) => [String(who.length), some(who), String(items.length), some(items)]),
      },
    },
  ];
}

function rises({ rises: found }: Audit): Section {
  const title = 'Items that rose by new people, or by people with three rows or fewer';
  if (!found) return { title, text: ['The rows have no times.'] };
  const all = `Since ${day(found.since)} ${percent(found.byNew)} of the rows are by new people, ${percent(found.byFew)} by people with few rows`;
  const text = [`${all}; ${many(found.risen)} items rose, of which ${many(found.items.length)} stand out.`];
  if (found.items.length === 0) return { title, text };
  return {
    title,
    text,
    table: {
      head: ['item', 'rows', 'as before', 'by new', 'by few', 'p'],
      rows: found.items
        .slice(0, LISTED)
        .map((each) => [
          each.title,
          String(each.rows),
          each.expected.toFixed(1),
          percent(each.byNew),
          percent(each.byFew),
          chance(each.pValue),
        ]),
    },
  };
}

function pushing(found: NonNullable<Audit['pushing']>): Section {
  const { title: item, attack, model, wanted, enough, tried, clean, defences, fakes, metric } = found;
  const lists = `${percent(wanted)} of the top-10 lists of real people`;
  const took =
    enough === null
      ? `${many(tried[tried.length - 1].fakes)} fake people (${attack}) are not enough`
      : `it takes ${many(enough)} fake people (${attack})`;
  return {
    title: `Pushing an unpopular item with ${model}`,
    text: [
      ...(enough === 0
        ? [
            `To bring “${item}” into ${lists} no fake people are needed: it is in ${percent(clean.hits)} without any, and other unpopular items that were drawn are in no fewer.`,
          ]
        : [
            `To bring “${item}” into ${lists} ${took}; without any it is in ${percent(clean.hits)}.`,
            `Tried: ${tried.map((each) => `${each.fakes} → ${percent(each.hits)}`).join(', ')}.`,
          ]),
      `What each defence makes of ${many(fakes)} fake people:`,
    ],
    table: {
      head: ['defence', 'lists with the item', metric, 'left out: real, fake', 'setting'],
      rows: defences.map(({ name, hits, accuracy, leftOut, how }) => [
        name,
        percent(hits),
        accuracy === null ? '' : accuracy.toFixed(4),
        leftOut ? `${leftOut.real}, ${leftOut.fake}` : '',
        how,
      ]),
    },
  };
}
