import { describe, expect, it } from 'vitest';
import type { DataOptions } from '../../src/data/data-options.ts';
import { dateForms } from '../../src/data/date-forms.ts';
import { loadDataset } from '../../src/data/load.ts';
import { Database } from '../../src/data/readers/database.ts';
import { loadSplit } from '../../src/data/splits/split-dataset.ts';
import { testRandom } from './made-data.ts';
import { codeOf, messageOf, temporaryFolder } from './temporary-files.ts';

const { folder, write } = temporaryFolder();
let n = 0;

function file(cells: readonly string[], { name = 'time', quote = true } = {}): string {
  const rows = cells.map((cell, k) => `u${k % 3},i${k},${quote ? `"${cell}"` : cell}`);
  return write(`dates${n++}.csv`, `user,item,${name}\n${rows.join('\n')}\n`);
}

async function timesOf(cells: readonly string[], options: Partial<DataOptions> = {}): Promise<number[]> {
  return [...(await loadDataset({ files: [file(cells)], ...options })).interactions.time!];
}

async function warningsOf(cells: readonly string[], options: Partial<DataOptions> = {}): Promise<string> {
  return (await loadDataset({ files: [file(cells)], ...options })).warnings.join('\n');
}

const seconds = (text: string): number => Date.parse(`${text}Z`) / 1000;

/** Times between 2001 and 2037, to whole minutes or seconds. */
function someTimes(count: number, step: number, seed = 7): number[] {
  const random = testRandom(seed);
  return Array.from({ length: count }, () => 978_307_200 + Math.floor(random(1_150_000_000) / step) * step);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const longMonths = 'January February March April May June July August September October November December'.split(' ');
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const two = (x: number): string => String(x).padStart(2, '0');

/** A time in the parts that people write. */
function parts(time: number) {
  const date = new Date(time * 1000);
  const [y, m, d] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  const [hour, minute, second] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  const half = `${hour % 12 === 0 ? 12 : hour % 12}:${two(minute)}:${two(second)} ${hour < 12 ? 'AM' : 'PM'}`;
  return { y, m, d, hour, minute, second, half, weekday: weekdays[date.getUTCDay()] };
}
type Parts = ReturnType<typeof parts>;

const clock = ({ hour, minute, second }: Parts): string => `${two(hour)}:${two(minute)}:${two(second)}`;
const utc = (time: number): string => new Date(time * 1000).toISOString();

const writers: [string, number, (p: Parts, time: number) => string][] = [
  ['d/m/Y', 86_400, ({ d, m, y }) => `${two(d)}/${two(m)}/${y}`],
  ['d/m/Y without zeros', 86_400, ({ d, m, y }) => `${d}/${m}/${y}`],
  ['m/d/Y', 86_400, ({ d, m, y }) => `${m}/${d}/${y}`],
  ['d.m.Y', 86_400, ({ d, m, y }) => `${two(d)}.${two(m)}.${y}`],
  ['d-m-Y', 86_400, ({ d, m, y }) => `${two(d)}-${two(m)}-${y}`],
  ['Y/m/d', 86_400, ({ d, m, y }) => `${y}/${two(m)}/${two(d)}`],
  ['Y.m.d', 86_400, ({ d, m, y }) => `${y}.${two(m)}.${two(d)}`],
  ['Y-m-d', 86_400, (_, time) => utc(time).slice(0, 10)],
  ['Ymd', 86_400, ({ d, m, y }) => `${y}${two(m)}${two(d)}`],
  ['YmdHM', 60, ({ d, m, y, hour, minute }) => `${y}${two(m)}${two(d)}${two(hour)}${two(minute)}`],
  [
    'YmdHMS',
    1,
    ({ d, m, y, hour, minute, second }) => `${y}${two(m)}${two(d)}${two(hour)}${two(minute)}${two(second)}`,
  ],
  ['YmdTHMSZ', 1, (_, time) => `${utc(time).slice(0, 19).replace(/[-:]/g, '')}Z`],
  ['d/m/Y H:M', 60, ({ d, m, y, hour, minute }) => `${d}/${m}/${y} ${hour}:${two(minute)}`],
  ['d.m.Y H:M:S', 1, (p) => `${p.d}.${p.m}.${p.y} ${clock(p)}`],
  ['m/d/Y I:M:S p', 1, (p) => `${p.m}/${p.d}/${p.y} ${p.half}`],
  ['m/d/Y I:M:Sp', 1, (p) => `${p.m}/${p.d}/${p.y}, ${p.half.replace(' ', '').toLowerCase()}`],
  ['H:M:S d/m/Y', 1, (p) => `${clock(p)} ${two(p.d)}/${two(p.m)}/${p.y}`],
  ['d b Y', 86_400, ({ d, m, y }) => `${d} ${months[m - 1]} ${y}`],
  ['d-b-Y', 86_400, ({ d, m, y }) => `${two(d)}-${months[m - 1].toUpperCase()}-${y}`],
  ['d-b-y', 86_400, ({ d, m, y }) => `${two(d)}-${months[m - 1]}-${two(y % 100)}`],
  ['dbY', 86_400, ({ d, m, y }) => `${two(d)}${months[m - 1].toUpperCase()}${y}`],
  ['B d, Y', 86_400, ({ d, m, y }) => `${longMonths[m - 1]} ${d}, ${y}`],
  ['d B Y H:M', 60, ({ d, m, y, hour, minute }) => `${d} ${longMonths[m - 1]} ${y} ${two(hour)}:${two(minute)}`],
  ['b d, Y I:M:S p', 1, (p) => `${months[p.m - 1]} ${p.d}, ${p.y} ${p.half}`],
  ['RFC 2822', 1, (p) => `${p.weekday}, ${two(p.d)} ${months[p.m - 1]} ${p.y} ${clock(p)} +0000`],
  ['ctime', 1, (p) => `${p.weekday} ${months[p.m - 1]} ${String(p.d).padStart(2)} ${clock(p)} ${p.y}`],
  ['server logs', 1, (p) => `${two(p.d)}/${months[p.m - 1]}/${p.y}:${clock(p)} +0000`],
  ['ISO with Z', 1, (_, time) => utc(time)],
  ['ISO without seconds', 60, (_, time) => `${utc(time).slice(0, 16)}Z`],
  ['ISO with an offset', 1, (_, time) => `${utc(time - 5400).slice(0, 19)}-01:30`],
  ['ISO with UTC', 1, (_, time) => `${utc(time).slice(0, 19).replace('T', ' ')} UTC`],
  ['seconds', 1, (_, time) => String(time)],
  ['milliseconds', 1, (_, time) => String(time * 1e3)],
  ['microseconds', 1, (_, time) => `${time}000000`],
  ['nanoseconds', 1, (_, time) => `${time}000000000`],
];

const german = 'Januar Februar März April Mai Juni Juli August September Oktober November Dezember'.split(' ');
const germanShort = 'Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez'.split(' ');
const germanDays = ['So', 'Mo', 'Di', 'Mi', 'Do', 'Fr', 'Sa'];
const french = 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre'.split(' ');
const frenchShort = 'janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.'.split(' ');
const spanish = 'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre'.split(' ');
const spanishShort = 'ene feb mar abr may jun jul ago sep oct nov dic'.split(' ');

const foreignWriters: typeof writers = [
  ['German', 86_400, ({ d, m, y }) => `${d}. ${german[m - 1]} ${y}`],
  ['German, capitals', 86_400, ({ d, m, y }) => `${d}. ${german[m - 1].toUpperCase()} ${y}`],
  ['German, short', 86_400, ({ d, m, y }) => `${two(d)} ${germanShort[m - 1]} ${y}`],
  ['German, short, with a point', 86_400, ({ d, m, y }) => `${two(d)}. ${germanShort[m - 1]}. ${y}`],
  [
    'German with the day of the week and a time',
    60,
    (p, time) =>
      `${germanDays[new Date(time * 1000).getUTCDay()]}, ${p.d}. ${german[p.m - 1]} ${p.y}, ${two(p.hour)}:${two(p.minute)} Uhr`,
  ],
  ['French', 86_400, ({ d, m, y }) => `${d === 1 ? '1er' : d} ${french[m - 1]} ${y}`],
  ['French, short', 86_400, ({ d, m, y }) => `${d} ${frenchShort[m - 1]} ${y}`],
  ['French with a time', 60, (p) => `${p.d} ${french[p.m - 1]} ${p.y} à ${two(p.hour)}h${two(p.minute)}`],
  ['Spanish', 86_400, ({ d, m, y }) => `${d} de ${spanish[m - 1]} de ${y}`],
  ['Spanish, short', 86_400, ({ d, m, y }) => `${two(d)}-${spanishShort[m - 1]}-${y}`],
];

describe('dates with names of months in other languages', () => {
  it.each(foreignWriters)('%s', async (_, step, text) => {
    const times = someTimes(100, step);
    expect(await timesOf(times.map((time) => text(parts(time), time)))).toEqual(times);
  });

  it('show a cell as it is written, and are read as told', async () => {
    const cells = ['3. März 2023', '4. Mai 2023'];
    expect(await warningsOf(cells)).toMatch(/"time": read as .*%d\. %B %Y.*e\.g\. 3\. März 2023 = 2023-03-03/);
    expect(await timesOf(cells, { dateFormat: '%d. %B %Y' })).toEqual([
      seconds('2023-03-03T00:00'),
      seconds('2023-05-04T00:00'),
    ]);
  });

  it('stand beside English ones', async () => {
    const cells = ['3 January 2023', '4 März 2023', '5 February 2023', '6 Sept 2023'];
    const days = ['2023-01-03', '2023-03-04', '2023-02-05', '2023-09-06'];
    expect(await timesOf(cells)).toEqual(days.map((day) => seconds(`${day}T00:00`)));
  });
});

const otherMonths: readonly [string, string][] = [
  ['Swedish', 'januari februari mars april maj juni juli augusti september oktober november december'],
  ['Norwegian', 'januar februar mars april mai juni juli august september oktober november desember'],
  ['Danish', 'januar februar marts april maj juni juli august september oktober november december'],
  ['Polish', 'stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia'],
  ['Czech', 'ledna února března dubna května června července srpna září října listopadu prosince'],
  ['Croatian', 'siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada studenoga prosinca'],
  ['Russian', 'января февраля марта апреля мая июня июля августа сентября октября ноября декабря'],
  ['Ukrainian', 'січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня'],
  ['Turkish', 'Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık'],
  ['Romanian', 'ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie'],
  [
    'Finnish',
    'tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta',
  ],
];

describe('months of further languages', () => {
  it.each(otherMonths)('%s', async (_, text) => {
    const names = text.split(' ');
    const cells = names.flatMap((name, m) => [`${m + 3} ${name} 2021`, `${28 - m} ${name} 2023`]);
    const expected = names.flatMap((__, m) => [Date.UTC(2021, m, m + 3) / 1000, Date.UTC(2023, m, 28 - m) / 1000]);
    expect(await timesOf(cells)).toEqual(expected);
  });
});

describe('listopad', () => {
  it('is the month that other months of the column make it, wherever they stand', async () => {
    const many = Array.from(
      { length: 20_500 },
      (_, k) => `${(k % 28) + 1}. listopad ${1971 + (Math.floor(k / 28) % 100)}`,
    );
    const [first] = await timesOf([...many, '3. prosinac 2023']);
    expect(first).toBe(seconds('1971-10-01T00:00'));
    expect((await timesOf(['3. listopad 2023', '3. grudnia 2023']))[0]).toBe(seconds('2023-11-03T00:00'));
  }, 60_000);
  it('alone, or beside months of both languages, is asked about', async () => {
    expect(await messageOf(() => timesOf(['3. listopad 2023', '4. listopada 2023']))).toMatch(
      /"time": listopad is November in Polish and Czech and October in Croatian, and no other month .*write months as numbers/,
    );
    expect(await messageOf(() => timesOf(['3. listopad 2023'], { dateFormat: '%d. %B %Y' }))).toMatch(/listopad is/);
    expect(await messageOf(() => timesOf(['3. listopad 2023', '3. rujna 2023', '4. lutego 2023']))).toMatch(
      /and the column has months of both/,
    );
  });
});

describe('everyday names of times', () => {
  const roleOf = async (name: string, cell: (k: number) => string) => {
    const rows = Array.from({ length: 24 }, (_, k) => `u${k % 5},i${k},${cell(k)}`);
    const path = write(`dates${n++}.csv`, `user,item,${name}\n${rows.join('\n')}\n`);
    const { interactions } = await loadDataset({ files: [path] });
    return interactions.time ? 'time' : interactions.context?.find((column) => column.name === name)?.kind;
  };
  const month = (k: number): string => `2023-${two((k % 12) + 1)}`;
  it.each(['tag', 'data', 'dag'])('%s', async (name) => {
    expect(await roleOf(name, (k) => `${month(k)}-${two(k + 1)}`)).toBe('time');
    expect(await roleOf(name, month)).toBe('categorical');
    expect(await roleOf(name, (k) => (k % 3 ? `${month(k)}-${two(k + 1)}` : 'rock'))).toBe('categorical');
    expect(await roleOf('date', month)).toBe('time');
  });
});

describe('dates as other programs write them', () => {
  const times = someTimes(60, 1);
  const days = times.map((time) => Math.floor(time / 86_400) * 86_400);
  const at = (time: number): Date => new Date(time * 1000);
  const clock = (d: Date, s = ':'): string => [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()].map(two).join(s);
  const compact = (d: Date): string => `${d.getUTCFullYear()}${two(d.getUTCMonth() + 1)}${two(d.getUTCDate())}`;
  it.each<[string, boolean, (d: Date) => string]>([
    ["Amazon's reviews", false, (d) => `${two(d.getUTCMonth() + 1)} ${d.getUTCDate()}, ${d.getUTCFullYear()}`],
    ['20240131-103015', true, (d) => `${compact(d)}-${clock(d, '')}`],
    ['20240131_103015', true, (d) => `${compact(d)}_${clock(d, '')}`],
    ['20240131 10:30:15', true, (d) => `${compact(d)} ${clock(d)}`],
    ['Chinese and Japanese', false, (d) => `${d.getUTCFullYear()}年${d.getUTCMonth() + 1}月${d.getUTCDate()}日`],
    ['Korean', false, (d) => `${d.getUTCFullYear()}년 ${d.getUTCMonth() + 1}월 ${d.getUTCDate()}일`],
    ['2024. 1. 31.', false, (d) => `${d.getUTCFullYear()}. ${d.getUTCMonth() + 1}. ${d.getUTCDate()}.`],
    ['2024.01.31.', false, (d) => `${d.getUTCFullYear()}.${two(d.getUTCMonth() + 1)}.${two(d.getUTCDate())}.`],
    ['31012024', false, (d) => `${two(d.getUTCDate())}${two(d.getUTCMonth() + 1)}${d.getUTCFullYear()}`],
    ['01312024', false, (d) => `${two(d.getUTCMonth() + 1)}${two(d.getUTCDate())}${d.getUTCFullYear()}`],
    [
      'JavaScript',
      true,
      (d) =>
        `${weekdays[d.getUTCDay()]} ${months[d.getUTCMonth()]} ${two(d.getUTCDate())} ${d.getUTCFullYear()} ${clock(d)} GMT+0000 (Coordinated Universal Time)`,
    ],
  ])('%s', async (_, isExact, text) => {
    expect(await timesOf(times.map((time) => text(at(time))))).toEqual(isExact ? times : days);
  });

  it('JavaScript in summer and winter, with its offset', async () => {
    const cells = [
      'Wed Feb 15 2023 01:15:43 GMT+0100 (Central European Standard Time)',
      'Sat Jul 15 2023 01:15:43 GMT+0200 (Central European Summer Time)',
    ];
    expect(await timesOf(cells)).toEqual([seconds('2023-02-15T00:15:43'), seconds('2023-07-14T23:15:43')]);
  });

  it('eight digits that read in two ways are refused', async () => {
    const load = () => timesOf(['05012024', '06022024', '11032023']);
    expect(await messageOf(load)).toMatch(/read in 2 ways: .*--date-format '%d%m%Y' or --date-format '%m%d%Y'/);
    expect(await timesOf(['05012024'], { dateFormat: '%m%d%Y' })).toEqual([seconds('2024-05-01T00:00:00')]);
  });
});

describe('columns under the name of a time or a rating', () => {
  it.each(['2023-W07-3', "ISODate('2023-02-15T01:15:43Z')", '22 days ago'])('that hold %s are told', async (cell) => {
    expect(await warningsOf([cell, cell, cell.replace('2', '3')]).catch((error) => error.message)).toMatch(
      /"time".*(has the name of a time|must hold times)/,
    );
    const path = write(`dates${n++}.csv`, `user,item,eventDate\nu1,a,"${cell}"\nu2,b,"${cell}"\n`);
    expect((await loadDataset({ files: [path] })).warnings.join('\n')).toMatch(
      /"eventDate" has the name of a time, but its cells, such as .* rows have no times; say --time eventDate --date-format/,
    );
  });
  it('that hold words for ratings are told', async () => {
    const path = write(`dates${n++}.csv`, 'user,item,stars\nu1,a,many\nu2,b,few\n');
    expect((await loadDataset({ files: [path] })).warnings.join('\n')).toMatch(
      /"stars" has the name of a rating, but its cells, such as "many", are no numbers/,
    );
  });
});

describe('dates without a day', () => {
  it.each([
    ['2023-01', ['2023-01', '2023-12'], '%Y-%m'],
    ['2023_01', ['2023_01', '2023_12'], '%Y_%m'],
    ['01/2023', ['01/2023', '12/2023'], '%m/%Y'],
    ['Jan 2023', ['Jan 2023', 'Dec 2023'], '%b %Y'],
    ['Januar 2023', ['Januar 2023', 'Dezember 2023'], '%B %Y'],
  ])('are the first of their month: %s', async (_, cells, format) => {
    expect(await timesOf(cells)).toEqual([seconds('2023-01-01T00:00'), seconds('2023-12-01T00:00')]);
    expect(await warningsOf(cells)).toContain(`read as ${format}, e.g. ${cells[0]} = 2023-01-01`);
  });

  it('are categories in further columns, which is told; so are seasons', async () => {
    const path = write('seasons.csv', 'user,item,month,season\nu,a,2023-01,2009-10\nv,b,2023-02,2010-11\n');
    const { interactions, warnings } = await loadDataset({ files: [path] });
    expect(interactions.context!.map(({ kind }) => kind)).toEqual(['categorical', 'categorical']);
    expect(warnings.join('\n')).toMatch(/"month" holds months, which are kept as categories; --time month takes them/);
    expect(warnings.join('\n')).not.toMatch(/"season"/);
  });
});

describe('dates with underscores', () => {
  it.each([
    ['2023_01_02', '2023-01-02T00:00'],
    ['2023_01_02_10_30', '2023-01-02T10:30'],
    ['2023-01-02_10-30-15', '2023-01-02T10:30:15'],
    ['2023-01-02-10-30', '2023-01-02T10:30'],
  ])('%s', async (cell, time) => expect(await timesOf([cell])).toEqual([seconds(time)]));
});

describe('times come back as they were written', () => {
  it.each(writers)('%s', async (_, step, text) => {
    const times = someTimes(120, step);
    expect(await timesOf(times.map((time) => text(parts(time), time)))).toEqual(times);
  });

  it("Excel's days, whole and with the time of day", async () => {
    const days = someTimes(50, 86_400).filter((time) => time < 2_500_000_000);
    expect(await timesOf(days.map((time) => String(time / 86_400 + 25_569)))).toEqual(days);
    const times = someTimes(50, 60);
    const read = await timesOf(times.map((time) => String(time / 86_400 + 25_569)));
    expect(read.map((time) => Math.round(time))).toEqual(times);
  });

  it('forms that stand mixed but leave no doubt', async () => {
    const cells = ['5 Jan 2024', 'January 6, 2024', '2024-01-07', '2024-01-08 10:30', '20240109T103000Z'];
    const days = ['2024-01-05', '2024-01-06', '2024-01-07', '2024-01-08T10:30', '2024-01-09T10:30'];
    expect(await timesOf(cells)).toEqual(days.map((day) => seconds(day.length === 10 ? `${day}T00:00` : day)));
  });

  it.each(['json', 'parquet'])('in %s', async (kind) => {
    const times = someTimes(60, 86_400);
    const cells = times.map((time) => writers[0][2](parts(time), time));
    const rows = cells.map((cell, k) => ({ user: `u${k % 3}`, item: `i${k}`, date: cell }));
    const path = write('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    const parquet = `${folder}/rows.parquet`;
    await Database.use((database) => database.run(`COPY (SELECT * FROM read_json('${path}')) TO '${parquet}'`));
    const { interactions } = await loadDataset({ files: [kind === 'json' ? path : parquet] });
    expect([...interactions.time!]).toEqual(times);
  });

  it('of typed Parquet columns, also dates as integers', async () => {
    const path = `${folder}/typed.parquet`;
    const rows = "SELECT 'u' AS user, 'i' || x AS item, 20240101 + x AS date FROM range(20) t(x)";
    await Database.use((database) => database.run(`COPY (${rows}) TO '${path}'`));
    const { interactions, warnings } = await loadDataset({ files: [path] });
    expect(interactions.time![4]).toBe(seconds('2024-01-05T00:00'));
    expect(warnings.join('\n')).toMatch(/"date": read as %Y%m%d, e.g. 20240101 = 2024-01-01/);
  });
});

describe('what the values do not show', () => {
  it.each([
    [
      'day and month',
      ['05/01/2024', '06/02/2024', '11/12/2023'],
      /2024-01-05 as %d\/%m\/%Y, or 2024-05-01 as %m\/%d\/%Y/,
    ],
    ['day and month with dots', ['5.1.2024', '6.2.2024'], /2024-01-05 as %d\.%m\.%Y/],
    ['day and month before a time', ['05/01/2024 10:30', '06/02/2024 11:00'], /as %d\/%m\/%Y %H:%M, or/],
    ['the year of two digits', ['28/03/23', '27/04/22', '12/11/22'], /as %d\/%m\/%y, or .* as %y\/%m\/%d/],
    ['any part', ['05/01/24', '02/03/23'], /%d\/%m\/%y.*%m\/%d\/%y.*%y\/%m\/%d/],
  ])('is refused with all readings: %s', async (_, cells, message) => {
    expect(await codeOf(() => timesOf(cells))).toBe('data');
    expect(await messageOf(() => timesOf(cells))).toMatch(message);
    expect(await messageOf(() => timesOf(cells))).toMatch(/--date-format '%/);
  });

  it('is read as told', async () => {
    const cells = ['05/01/24', '02/03/23'];
    expect(await timesOf(cells, { dateFormat: '%d/%m/%y' })).toEqual([
      seconds('2024-01-05T00:00'),
      seconds('2023-03-02T00:00'),
    ]);
    expect(await timesOf(cells, { dateFormat: { time: '%m/%d/%y' } })).toEqual([
      seconds('2024-05-01T00:00'),
      seconds('2023-02-03T00:00'),
    ]);
    expect(await messageOf(() => timesOf(cells, { dateFormat: '%Y-%m-%d' }))).toMatch(/no cell reads as %Y-%m-%d/);
    expect(await codeOf(() => timesOf(cells, { dateFormat: '%Q' }))).toBe('config');
    expect(await codeOf(() => timesOf(cells, { dateFormat: 'dd/mm/yy' }))).toBe('config');
  });

  it('does not matter where both readings agree', async () => {
    expect(await timesOf(['05/05/2024', '06/06/2024'])).toEqual([
      seconds('2024-05-05T00:00'),
      seconds('2024-06-06T00:00'),
    ]);
  });

  it('is settled by one cell, and by a year above 31', async () => {
    expect(await timesOf(['05/01/2024', '13/02/2024'])).toEqual([
      seconds('2024-01-05T00:00'),
      seconds('2024-02-13T00:00'),
    ]);
    expect(await timesOf(['05/13/98', '02/03/97'])).toEqual([seconds('1998-05-13T00:00'), seconds('1997-02-03T00:00')]);
  });

  it('is refused where cells contradict each other', async () => {
    const cells = ['13/01/2024', '01/13/2024', '14/01/2024', '01/14/2024'];
    expect(await messageOf(() => timesOf(cells))).toMatch(/must stand in one order/);
  });

  it('is settled by the training file for held-out files', async () => {
    const train = file(['13/01/2024', '14/02/2024', '01/03/2024', '02/03/2024'], { name: 'date' });
    const test = file(['05/04/2024', '06/04/2024', '07/04/2024'], { name: 'date' });
    const split = await loadSplit({ files: [train] }, { method: 'given', test });
    expect(split.test!.time![0]).toBe(seconds('2024-04-05T00:00'));
  });
});

describe('numbers as times', () => {
  it('that count 100 ns since other years are refused, unless the unit is told', async () => {
    for (const [first, title] of [
      ['638399250000000000', /ticks of \.NET/],
      ['133493922000000000', /Windows file times/],
    ] as const) {
      const cells = Array.from({ length: 5 }, (_, k) => String(BigInt(first) + BigInt(k) * 10_000_000n));
      expect(await messageOf(() => timesOf(cells))).toMatch(title);
      const told = await timesOf(cells, { dateFormat: 'nanoseconds' });
      expect(told[1] - told[0]).toBeCloseTo(0.01, 6);
    }
  });

  it('of mixed units are refused with both', async () => {
    const message = await messageOf(() => timesOf(['1704450600', '1704450700000', '1704450800']));
    expect(message).toMatch(/seconds and milliseconds mixed \(1704450600 and 1704450700000\)/);
    expect(await timesOf(['1704450600', '1704450700000'], { dateFormat: 'counter' })).toEqual([
      1704450600, 1704450700000,
    ]);
  });

  it.each([
    ['numbers', ['9000000000', '9000000100']],
    ['dates', ['2150-01-05', '2024-01-05']],
    ['old dates', ['1024-01-05', '2024-01-05']],
  ])('outside 1970–2100 are refused: %s', async (_, cells) => {
    expect(await messageOf(() => timesOf(cells))).toMatch(/between 1970 and 2100, found/);
  });

  it('outside 1970–2100 are taken where the format is told', async () => {
    expect(await timesOf(['1954-01-05', '1960-01-05'], { dateFormat: '%Y-%m-%d' })).toEqual([-504576000, -315273600]);
  });

  it('that are small are an order, and said to be', async () => {
    expect(await timesOf(['3', '1', '2'])).toEqual([3, 1, 2]);
    expect(await warningsOf(['3', '1', '2'])).toMatch(/small numbers \(1 to 3\) are taken for an order/);
    expect(await timesOf(['45296', '45297'], { dateFormat: 'counter' })).toEqual([45296, 45297]);
  });

  it('print what they are taken for', async () => {
    expect(await warningsOf(['45296', '45297.5'])).toMatch(/Excel's days, e.g. 45296 = 2024-01-05/);
    expect(await warningsOf(['1704450600', '1704450601'])).not.toMatch(/read as/);
  });

  it('near 0 beside real ones may be missing', async () => {
    const cells = ['0', ...Array.from({ length: 20 }, (_, k) => String(1704450600 + k))];
    expect(await warningsOf(cells)).toMatch(/1 cell near 0/);
  });
});

describe('date and time of day in two columns', () => {
  const head = 'user,item,date,time\n';

  it.each([
    ['ISO', 'u,a,2024-01-05,10:30:00\nu,b,2024-01-06,09:00:00', {}],
    ['days first', 'u,a,05/01/2024,10:30\nu,b,13/01/2024,09:00', {}],
    ['half days', 'u,a,5 Jan 2024,10:30 AM\nu,b,6 Jan 2024,9:00 PM', {}],
    ['one number', 'u,a,20240105,10:30\nu,b,20240106,09:00', {}],
    ['two numbers', 'u,a,20240105,103000\nu,b,20240106,90000', {}],
    ['two numbers without seconds', 'u,a,20240105,1030\nu,b,20240106,0905', {}],
    ['two numbers, told', 'u,a,20240105,103000\nu,b,20240106,533', { columns: { time: 'date+time' } }],
    ['blanks between the parts', 'u,a,05 01 2024,10:30\nu,b,13 01 2024,09:00', {}],
    ['German', 'u,a,05. 01. 2024,10:30 Uhr\nu,b,13. 01. 2024,09:00 Uhr', { columns: { time: 'date+time' } }],
    ['told', 'u,a,2024-01-05,10:30:00\nu,b,2024-01-06,09:00:00', { columns: { time: 'date+time' } }],
  ])('are joined: %s', async (_, rows, options) => {
    const dataset = await loadDataset({ files: [write(`joined${n++}.csv`, `${head}${rows}\n`)], ...options });
    expect(dataset.interactions.time![0]).toBe(seconds('2024-01-05T10:30'));
    expect(dataset.interactions.context).toBeUndefined();
    expect(dataset.schema.columns.map(({ role }) => role)).toEqual(['user', 'item', 'time', 'time']);
  });

  it('also under other names, and from Parquet', async () => {
    const csv = write('clock.csv', 'user,item,order_date,clock\nu,a,2024-01-05,10:30\nu,b,2024-01-06,9:05\n');
    expect((await loadDataset({ files: [csv] })).interactions.time![1]).toBe(seconds('2024-01-06T09:05'));
    const path = `${folder}/clock.parquet`;
    const rows =
      "SELECT 'u' AS user, 'i' || x AS item, DATE '2024-01-05' AS date, TIME '10:30:00' AS time FROM range(3) t(x)";
    await Database.use((database) => database.run(`COPY (${rows}) TO '${path}'`));
    expect((await loadDataset({ files: [path] })).interactions.time![2]).toBe(seconds('2024-01-05T10:30'));
  });

  it('are joined in held-out files too', async () => {
    const train = write('two-train.csv', `${head}u,a,2024-01-05,10:30:00\nv,b,2024-01-06,09:00:00\n`);
    const test = write('two-test.csv', `${head}u,b,2024-02-05,08:00:00\n`);
    const split = await loadSplit({ files: [train], columns: { time: 'date+time' } }, { method: 'given', test });
    expect(split.test!.time![0]).toBe(seconds('2024-02-05T08:00'));
  });

  it('a number that is no time of day stays what it is', async () => {
    const path = write('durations.csv', 'user,item,event_date,time\nu,a,20240105,175\nu,b,20240106,230\n');
    const { schema } = await loadDataset({ files: [path], columns: { time: 'event_date' } });
    expect(schema.columns.find(({ name }) => name === 'time')!.role).not.toBe('time');
    const logged = write('logged.csv', 'user,item,event_date,event_time\nu,a,20240105,053300\nu,b,20240106,000059\n');
    const { interactions } = await loadDataset({ files: [logged] });
    expect([...interactions.time!]).toEqual([seconds('2024-01-05T05:33'), seconds('2024-01-06T00:00:59')]);
  });

  it('a time of day alone is no time', async () => {
    const path = write('clock-only.csv', 'user,item,time\nu,a,10:30:00\nu,b,09:00:00\n');
    expect(await messageOf(() => loadDataset({ files: [path] }))).toMatch(/times of day.*--time date\+time/);
  });
});

describe('further columns of dates', () => {
  it('are times in usual forms, and categories with a warning where the order is open', async () => {
    const rows = ['13/02/1950,05/01/2024,20240105', '01/03/1960,06/02/2024,20240106'];
    const text = rows.map((row, k) => `u${k},i${k},${row}`).join('\n');
    const path = write('further.csv', `user,item,born,seen,listed_date\n${text}\n`);
    const { interactions, warnings } = await loadDataset({ files: [path], columns: { time: null } });
    const kinds = interactions.context!.map(({ name, kind }) => `${name}:${kind}`);
    expect(kinds).toEqual(['born:time', 'seen:categorical', 'listed_date:time']);
    expect(warnings.join('\n')).toMatch(/"seen" looks like dates but is kept as categories.*say which with/);
    const told = await loadDataset({ files: [path], columns: { time: null }, dateFormat: { seen: '%m/%d/%Y' } });
    expect(told.interactions.context![1].kind).toBe('time');
  });

  it('of users and items are read alike', async () => {
    const rows = write('side.csv', 'user,item\nu1,i1\nu2,i2\n');
    const users = write('side-users.csv', 'user,joined\nu1,13.02.2020\nu2,01.03.2021\n');
    const { userFields, warnings } = await loadDataset({ files: [rows], users });
    expect(userFields.fields[0].values).toEqual([seconds('2020-02-13T00:00'), seconds('2021-03-01T00:00')]);
    expect(warnings.join('\n')).toMatch(/"joined": read as %d\.%m\.%Y/);
  });
});

describe('forms', () => {
  it.each(['10.0.0.1', '1.2', 'hello', '12', '2024', 'u-1-2', '1/2', '10:30', '2024-01-05x', '5 Janvier'])(
    'that are no dates: %s',
    (cell) => {
      expect(dateForms(cell)).toEqual([]);
    },
  );
});
