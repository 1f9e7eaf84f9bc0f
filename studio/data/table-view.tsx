/** What a table holds: counts, columns with their roles, how rows are spread, warnings. */
import { useEffect } from 'preact/hooks';
import { Choice } from '../parts/field.tsx';
import { bytes, count, day, percent, wholeNumber } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { RowName, Table } from '../parts/table.tsx';
import { useWork } from '../parts/work.ts';
import { Histogram } from './histogram.tsx';
import type { Reading, Upload } from './page.tsx';
import { ReadingForm } from './reading-form.tsx';
import type { Schema } from './schema.ts';

interface ViewParts {
  readonly upload: Upload;
  readonly read: Reading;
  /** JSON Schema of how a table may be read. */
  readonly schema: Schema;
  change(upload: Upload, read: Reading): void;
  /** Told when the table is being read anew, and when it has been. */
  tellReading(isGoingOn: boolean): void;
}

type Data = NonNullable<Upload['data']>;

/** Roles that can be given to columns here. */
const ROLES = ['user', 'item', 'rating', 'label', 'time', 'session', 'title'] as const;
type Role = (typeof ROLES)[number];

export function TableView({ upload, read, schema, change, tellReading }: ViewParts) {
  const { data, problem, name } = upload;
  const work = useWork();
  useEffect(() => tellReading(work.isGoingOn), [work.isGoingOn]);
  const readAs = (next: Reading): Promise<void> =>
    work.start(
      (client) => client.readUpload(upload.id, next),
      (found) => change(found, next),
    );
  return (
    <section class="card stack">
      <div class="head">
        <h2>{name}</h2>
        <span class="muted small">{bytes(upload.bytes)}</span>
      </div>
      <Problem text={problem} />
      <ReadingForm
        schema={schema}
        isBusy={work.isGoingOn}
        readAs={(said) => readAs({ ...said, ...(read.columns && { columns: read.columns }) })}
      />
      <div aria-live="polite">{work.isGoingOn && <p class="note">Reading the table anew …</p>}</div>
      <Problem text={work.problem} />
      {data && (
        <>
          <Counts data={data} />
          <Columns
            data={data}
            isBusy={work.isGoingOn}
            assign={(column, role) => readAs({ ...read, columns: assigned(data, column, role) })}
          />
          {data.warnings.length > 0 && (
            <ul class="warnings">
              {data.warnings.map((warning) => (
                <li key={warning}>{warning}</li>
              ))}
            </ul>
          )}
          <Histograms data={data} />
        </>
      )}
    </section>
  );
}

/** All roles as they are, with a column in another one; what played the role before plays none. */
function assigned({ columns }: Data, column: string, role: string): Partial<Record<Role, string | null>> {
  const roles: Partial<Record<Role, string | null>> = {};
  for (const each of ROLES) {
    const now = columns.find((known) => known.role === each)?.name;
    if (now !== undefined && now !== column) roles[each] = now;
    else if (now === column) roles[each] = null;
  }
  const chosen = ROLES.find((each) => each === role);
  return chosen === undefined ? roles : { ...roles, [chosen]: column };
}

function Counts({ data }: { readonly data: Data }) {
  const { nUsers, nItems, nInteractions, density, interactionsPerUser, time } = data;
  const counts: [string, string][] = [
    [wholeNumber(nInteractions), nInteractions === 1 ? 'interaction' : 'interactions'],
    [wholeNumber(nUsers), nUsers === 1 ? 'user' : 'users'],
    [wholeNumber(nItems), nItems === 1 ? 'item' : 'items'],
    ...(interactionsPerUser
      ? ([[String(interactionsPerUser.median), 'items of a user, median']] as [string, string][])
      : []),
    ...(density === null ? [] : ([[percent(density, 2), 'of all pairs occur']] as [string, string][])),
    ...(time === null ? [] : ([[`${day(time.from)} – ${day(time.to)}`, 'time']] as [string, string][])),
  ];
  return (
    <dl class="counts">
      {counts.map(([value, label]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ColumnsParts {
  readonly data: Data;
  readonly isBusy: boolean;
  assign(column: string, role: string): void;
}

function Columns({ data, isBusy, assign }: ColumnsParts) {
  const becomes = new Map(data.fields.map((field) => [field.name, field.becomes]));
  return (
    <Table
      label="Columns of the table"
      heads={['Column', 'Role', 'Examples', { number: 'Different' }, { number: 'Missing' }, 'In models over fields']}
    >
      {data.columns.map(({ name, role, kind, samples, nDistinct, nMissing }, n) => (
        <tr key={name}>
          <RowName>
            {name}
            <div class="tiny muted">{kind}</div>
          </RowName>
          <td class="role">
            <Choice
              id={`role-${n}`}
              label={`Role of ${name}`}
              value={ROLES.find((each) => each === role) ?? ''}
              options={[
                { value: '', text: role === 'field' ? 'field' : 'none' },
                ...ROLES.map((each) => ({ value: each, text: each })),
              ]}
              disabled={isBusy}
              choose={(chosen) => assign(name, chosen)}
            />
          </td>
          <td class="samples">{samples.join(' · ')}</td>
          <td class="number">{nDistinct === null ? '–' : wholeNumber(nDistinct)}</td>
          <td class="number">{nMissing === null ? '–' : wholeNumber(nMissing)}</td>
          <td class="muted">{becomes.get(name) ?? ''}</td>
        </tr>
      ))}
    </Table>
  );
}

function Histograms({ data }: { readonly data: Data }) {
  const { perUser, perItem, rating, time } = data.histograms;
  return (
    <div class="histograms">
      {perUser && (
        <Histogram title="Users by their interactions" classes={perUser} unit={(n) => count(n, 'user')} isCounted />
      )}
      {perItem && (
        <Histogram title="Items by their interactions" classes={perItem} unit={(n) => count(n, 'item')} isCounted />
      )}
      {rating && <Histogram title="Ratings" classes={rating} unit={(n) => count(n, 'row')} />}
      {time && (
        <Histogram title="Rows in time" classes={time} unit={(n) => count(n, 'row')} isTime={isCalendar(data)} />
      )}
    </div>
  );
}

/** Files may count time in numbers of their own. */
function isCalendar({ time }: Data): boolean {
  return time !== null && /^\d{4}-/.test(time.from);
}
