/** Files in the forms in which people have them: encodings, archives, what stands around the table, columns that are none. */
import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { DataOptions } from '../../src/data/data-options.ts';
import { loadDataset } from '../../src/data/load.ts';
import { madeZip } from './made-zip.ts';
import { codeOf, messageOf, temporaryFolder } from './temporary-files.ts';

const { folder, write } = temporaryFolder();
const load = (path: string, options: Partial<DataOptions> = {}) => loadDataset({ files: [path], ...options });

/** `user>item:rating` of every row. */
async function rowsOf(path: string, options: Partial<DataOptions> = {}): Promise<string[]> {
  const { users, items, interactions } = await load(path, options);
  const { userIndex, itemIndex, rating } = interactions;
  return Array.from(
    userIndex,
    (user, row) => `${users.idOf(user)}>${items.idOf(itemIndex[row])}${rating ? `:${rating[row]}` : ''}`,
  );
}

const plain = ['u1>i1:4', 'u1>i2:5', 'u2>i1:3', 'u2>i3:2'];
const csv = 'user,item,rating\nu1,i1,4\nu1,i2,5\nu2,i1,3\nu2,i3,2\n';
const tsv = csv.replaceAll(',', '\t');
const utf16 = (text: string, bigEndian = false): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};

describe('encodings', () => {
  const cases: [string, string, Buffer][] = [
    ['UTF-16 LE with a mark, tabs', 'excel.txt', utf16(`\ufeff${tsv}`)],
    ['UTF-16 BE with a mark', 'be.csv', utf16(`\ufeff${csv}`, true)],
    ['UTF-16 LE without a mark', 'le.csv', utf16(csv)],
    ['UTF-16 BE without a mark', 'be2.csv', utf16(csv, true)],
    [
      'UTF-16 with CRLF and semicolons',
      'crlf.csv',
      utf16(`\ufeff${csv.replaceAll('\n', '\r\n').replaceAll(',', ';')}`),
    ],
    ['UTF-16 JSON lines', 'le.jsonl', utf16('\ufeff{"user":"u1","item":"i1","rating":4}\n')],
    ['UTF-8 with a mark', 'bom.csv', Buffer.from(`\ufeff${csv}`)],
    ['UTF-8 JSON with a mark', 'bom.json', Buffer.from('\ufeff[{"user":"u1","item":"i1","rating":4}]')],
  ];
  it.each(cases)('%s', async (_, name, bytes) => {
    const rows = await rowsOf(write(name, bytes));
    expect(rows).toEqual(name.includes('json') ? plain.slice(0, 1) : plain);
  });
  it('packed UTF-16 is read', async () => {
    expect(await rowsOf(write('excel.txt.gz', utf16(`\ufeff${tsv}`)))).toEqual(plain);
  });
  it('what is not UTF-8 is Windows-1252, and that is said', async () => {
    const bytes = Buffer.concat([
      Buffer.from('user,item\n1,caf'),
      Buffer.from([0xe9, 0x20, 0x80, 0x39]),
      Buffer.from('\n2,x\n'),
    ]);
    const { items, warnings } = await load(write('windows.csv', bytes));
    expect(items.idOf(0)).toBe('café €9');
    expect(warnings.join()).toMatch(/not UTF-8.*Windows-1252/);
  });
  const inEncoding = (text: string, encoding: string): Buffer => {
    const decoder = new TextDecoder(encoding);
    const bytesOf = new Map<string, number[]>();
    for (let first = 255; first >= 0; first--) {
      for (let second = 255; first >= 0x80 && second >= 0x40; second--)
        bytesOf.set(decoder.decode(Uint8Array.of(first, second)), [first, second]);
      bytesOf.set(decoder.decode(Uint8Array.of(first)), [first]);
    }
    return Buffer.from([...text].flatMap((character) => bytesOf.get(character)!));
  };
  const titles = (names: readonly string[]): string =>
    `user,item,title\n${Array.from({ length: 30 }, (_, k) => `u${k % 7},i${k % names.length},${names[k % names.length]}`).join('\n')}\n`;
  const russian = ['Преступление и наказание', 'Идиот', 'Тихий Дон'];
  const japanese = ['吾輩は猫である', '坊っちゃん', '銀河鉄道の夜'];
  const polish = ['Żółw', 'Łódź', 'Źrebię'];

  it.each([
    ['windows-1251', russian, 'Преступление'],
    ['koi8-r', russian, 'Преступление'],
    ['ibm866', russian, 'Преступление'],
    ['shift_jis', japanese, '吾輩は猫である'],
    ['euc-jp', japanese, '吾輩は猫である'],
    ['euc-kr', ['토지', '구운몽'], '토지'],
    ['gb18030', ['红楼梦', '西游记'], '红楼梦'],
    ['windows-1253', ['Αθήνα', 'Οδύσσεια'], 'Αθήνα'],
    ['windows-1250', polish, 'Żółw'],
  ])('what is hardly Windows-1252 is told, with %s, and read as told', async (encoding, names, word) => {
    const path = write(`in-${encoding}.csv`, inEncoding(titles(names), encoding));
    expect((await load(path)).warnings.join()).toMatch(
      new RegExp(
        `read as Windows-1252.*hardly fits, for it holds ".*--encoding ${encoding} if it is "${word}".*\\(encoding\\)`,
      ),
    );
    const { items, itemFields, warnings } = await load(path, { encoding: encoding.toUpperCase() });
    const titleOf = itemFields.fields.find(({ name }) => name === 'title')?.values[items.indexOf('i0') as number];
    expect([titleOf, warnings.join()]).toEqual([names[0], expect.not.stringContaining('Windows-1252')]);
  });

  it.each([
    ['German', ['Die Räuber', 'Götz', 'Müßiggang', 'Über allem', 'ÖBB', 'Straße']],
    ['French', ['L’été créé', '« Noël »', 'Éléonore', 'naïveté', '€ 5']],
    ['Spanish', ['¿Qué?', '¡Olé!', 'Señorío', 'nº 1', '25 °C']],
    ['Icelandic', ['Íslendingasögur', 'Þórður', 'Æðey', 'múður']],
  ])('what may be Windows-1252 is not: %s', async (language, names) => {
    const path = write(`${language}.csv`, inEncoding(titles(names), 'latin1'));
    const told = (await load(path)).warnings.find((text) => text.includes('Windows-1252'));
    expect(told).toMatch(/read as Windows-1252 \(Latin-1\)$/);
  });

  it('an encoding is for what is not UTF-8, of all files and kinds of files', async () => {
    const lines = ['фильм1', 'фильм2'];
    const json = lines.map((user) => JSON.stringify({ user, item: 'я' })).join('\n');
    const path = write('russian.jsonl', inEncoding(json, 'windows-1251'));
    expect(await messageOf(() => load(path))).toMatch(/invalid UTF-8 .*--encoding NAME \(encoding\)/);
    expect([...(await load(path, { encoding: 'cp1251' })).users.ids]).toEqual(lines);
    const listed = lines.map((user) => `${user} a b`).join('\n');
    const lists = write('russian.txt.gz', inEncoding(listed, 'windows-1251'));
    expect([...(await load(lists, { format: 'lists', encoding: 'cp1251' })).users.ids]).toEqual(lines);
    const items = write(
      'about.csv',
      inEncoding(`item,title\n${russian.map((name, k) => `i${k},${name}`).join('\n')}\n`, 'koi8-r'),
    );
    const rows = write('rows.csv', 'user,item\nü,i0\nu2,i1\nu3,i2\n');
    const both = await load(rows, { items, encoding: 'koi8-r' });
    expect([both.users.idOf(0), both.itemFields.fields[0].values]).toEqual(['ü', russian]);
    const other = write('other.csv', inEncoding(titles(japanese), 'shift_jis'));
    expect(await messageOf(() => load(other, { encoding: 'utf-8' }))).toMatch(/is not valid UTF-8/);
    expect(await messageOf(() => load(other, { encoding: 'klingon' }))).toMatch(
      /"encoding": must be the name of an encoding, such as windows-1251 or shift_jis, found "klingon"/,
    );
  });

  it.each([
    ['bare', (cell: string) => `="${cell}"`],
    ['quoted', (cell: string) => `"=""${cell}"""`],
  ])("the guards of a spreadsheet's texts are taken off: %s", async (name, guarded) => {
    const rows = Array.from({ length: 20 }, (_, k) => `${guarded(`u${k % 4}`)},${guarded(`00${k}`)},${(k % 5) + 1}`);
    const path = write(`guards-${name}.csv`, `${guarded('user')},item,rating\n${rows.join('\n')}\n`);
    const { users, items, warnings } = await load(path);
    expect([[...users.ids], items.idOf(1)]).toEqual([['u0', 'u1', 'u2', 'u3'], '001']);
    expect(warnings.join()).toMatch(
      /"user", "item": cells stand in a guard of spreadsheets, such as ="u0"; read without/,
    );
  });

  it('half a UTF-16 character and UTF-32 are refused', async () => {
    const broken = write('half.csv', Buffer.concat([utf16(`\ufeff${csv}`), Buffer.from([0x41])]));
    expect(await messageOf(() => load(broken))).toMatch(/half\.csv: is not valid UTF-16LE/);
    const wide = Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), Buffer.from([0x41, 0, 0, 0])]);
    expect(await messageOf(() => load(write('wide.csv', wide)))).toMatch(/UTF-32/);
  });
});

describe('zip archives', () => {
  it('of one file are read, whatever that is', async () => {
    expect(await rowsOf(write('a.csv.zip', madeZip({ 'ratings.csv': csv })))).toEqual(plain);
    expect(await rowsOf(write('b.zip', madeZip({ 'x/ratings.txt': utf16(`\ufeff${tsv}`) })))).toEqual(plain);
    expect(await rowsOf(write('c.zip', madeZip({ 'r.csv.gz': gzipSync(csv) })))).toEqual(plain);
    expect(await rowsOf(write('d.zip', madeZip({ 'r.csv': csv, '__MACOSX/._r.csv': 'x', '.DS_Store': 'y' })))).toEqual(
      plain,
    );
    expect((await load(`${folder}/a.csv.zip`)).name).toBe('a');
  });
  it('of several files say how to name one, and are read so', async () => {
    const path = write('ml.zip', madeZip({ 'ml/ratings.csv': csv, 'ml/movies.csv': 'movieId,title\ni1,A\n' }));
    expect(await messageOf(() => load(path))).toMatch(
      /one file, found 2 \(ml\/ratings\.csv, ml\/movies\.csv\); name one, such as .*ml\.zip\/ml\/ratings\.csv/,
    );
    expect(await rowsOf(`${path}/ml/ratings.csv`)).toEqual(plain);
    const { itemFields } = await load(`${path}/ml/ratings.csv`, {
      items: `${path}/ml/movies.csv`,
      columns: { title: 'title' },
    });
    expect(itemFields.title).toBe('title');
    expect(await messageOf(() => load(`${path}/no.csv`))).toMatch(/no\.csv/);
  });
  it('that are workbooks, damaged or empty are refused by name', async () => {
    const book = write('book.xlsx', madeZip({ '[Content_Types].xml': '<x/>', 'xl/sheet.xml': '<x/>' }));
    expect(await messageOf(() => load(book))).toMatch(/book\.xlsx: is an Excel workbook.*CSV/);
    expect(await messageOf(() => load(write('empty.zip', madeZip({}))))).toMatch(/empty\.zip: .*no file/);
    const whole = madeZip({ 'r.csv': csv });
    expect(await codeOf(() => load(write('cut.zip', whole.subarray(0, whole.length - 30))))).toBe('data');
    const altered = Buffer.from(whole);
    altered[40] ^= 0xff;
    expect(await messageOf(() => load(write('altered.zip', altered)))).toMatch(/altered\.zip/);
  });
});

describe('what stands around the table', () => {
  const forms: [string, string, string][] = [
    ['sep=; of Excel', 'sep.csv', `sep=;\r\n${csv.replaceAll(',', ';').replaceAll('\n', '\r\n')}`],
    ['sep=; with another line end than the rows', 'sepm.csv', `sep=;\r\n${csv.replaceAll(',', ';')}`],
    ['sep=; before rows of CRLF', 'sepn.csv', `sep=;\n${csv.replaceAll(',', ';').replaceAll('\n', '\r\n')}`],
    [
      'a column # that counts the rows',
      'count.csv',
      '#,user,item,rating\n1,u1,i1,4\n2,u1,i2,5\n3,u2,i1,3\n4,u2,i3,2\n',
    ],
    ['a header again with a byte order mark', 'again1.csv', csv.replace('u2,i1', '\ufeffuser,item,rating\nu2,i1')],
    ['a header again in capitals', 'again2.csv', csv.replace('u2,i1', 'USER, Item,RATING\nu2,i1')],
    ['sep=, in quotes', 'sepq.csv', `"sep=,"\n${csv}`],
    ['sep= with a tab', 'sept.csv', `sep=\t\n${tsv}`],
    ['sep=| in capitals', 'sepp.csv', `SEP=|\n${csv.replaceAll(',', '|')}`],
    ['comments above the header', 'top.csv', `# made by hand\n# , "odd\n${csv}`],
    ['comments of % above the header', 'percent.csv', `% bip weighted\n${csv}`],
    [
      'comments among the rows',
      'within.csv',
      csv.replace('u2,i1', '# second user, "x\nu2,i1').replace('user,', '# top\nuser,'),
    ],
    ['a comment of another width among the rows', 'alone.csv', csv.replace('u2,i1', '# second user\nu2,i1')],
    ['blank lines around', 'blank.csv', `\n\n${csv.replace('u2,i1', '\nu2,i1')}\n\n`],
    ['a header in a comment', 'header.csv', `#user,item,rating\n${csv.split('\n').slice(1).join('\n')}`],
    [
      'a header in the last comment',
      'header2.txt',
      `# made by hand\n# user\titem\trating\n${tsv.split('\n').slice(1).join('\n')}`,
    ],
    ['the header again', 'again.csv', csv.replace('u2,i1', 'user,item,rating\nu2,i1')],
    ['the header again in quotes', 'again2.csv', csv.replace('u2,i1', '"user","item","rating"\nu2,i1')],
    ['several blanks', 'blanks.txt', 'user   item  rating\n u1     i1    4\n u1     i2    5\nu2  i1   3\nu2 i3 2  \n'],
    ['blanks and tabs', 'mixed.dat', 'user \t item rating\nu1 \t i1 4\nu1 i2\t5\nu2 i1  3\nu2  i3 2\n'],
    ['blanks in a .csv', 'blanks.csv', 'user item rating\nu1 i1 4\nu1 i2 5\nu2 i1 3\nu2 i3 2\n'],
    ['RecBole with commas', 'c.inter', csv.replace('user,item,rating', 'user_id:token,item_id:token,rating:float')],
    [
      'RecBole with blanks',
      'b.inter',
      csv.replace('user,item,rating', 'user_id:token,item_id:token,rating:float').replaceAll(',', ' '),
    ],
    [
      'RecBole with bars in a .csv',
      'p.csv',
      csv.replace('user,item,rating', 'user_id:token,item_id:token,rating:float').replaceAll(',', '|'),
    ],
    [
      'RecBole with tabs in a .csv',
      't.csv',
      tsv.replace('user\titem\trating', 'user_id:token\titem_id:token\trating:float'),
    ],
    ['RecBole, quoted', 'q.inter', csv.replace('user,item,rating', '"user_id:token","item_id:token","rating:float"')],
    [
      'RecBole, the header again',
      'h.inter',
      `${csv}user,item,rating\n`.replaceAll('user,item,rating', 'user_id:token,item_id:token,rating:float'),
    ],
    [
      'quotes after backslashes',
      'slash.csv',
      `user;item;rating;note\n${csv
        .split('\n')
        .slice(1, 5)
        .map((row) => `${row.replaceAll(',', ';')};"so \\"good\\"; yes"`)
        .join('\n')}\n`,
    ],
    ['a decimal comma beside semicolons', 'comma.csv', csv.replaceAll(',', ';')],
    ['Hive’s ^A', 'hive.txt', csv.replaceAll(',', '\u0001')],
  ];
  it.each(forms)('%s', async (_, name, content) => {
    expect(await rowsOf(write(name, content))).toEqual(plain);
  });
  it('counts what it leaves out', async () => {
    const warnings = async (name: string, content: string) => (await load(write(name, content))).warnings.join('\n');
    expect(await warnings('n1.csv', `# a\n${csv}# b\n`)).toMatch(/n1\.csv: 2 comment lines left out/);
    expect(await warnings('n2.csv', `${csv}user,item,rating\nu9,i9,1\nuser,item,rating\n`)).toMatch(
      /header stands again among the rows 2 times; left out/,
    );
  });
  it('ids that begin with # are ids', async () => {
    expect(await rowsOf(write('hash.csv', '#fun,u1\nfilm,u2\n#x,u3\n'), { header: false })).toEqual([
      '#fun>u1',
      'film>u2',
      '#x>u3',
    ]);
    expect(await rowsOf(write('hash2.csv', 'user,item\n#1,a\n2,b\n'))).toEqual(['#1>a', '2>b']);
    expect(await rowsOf(write('hash3.csv', '#1,7\n#2,8\n'))).toEqual(['#1>7', '#2>8']);
  });
  it('refuses objects written into cells as ids', async () => {
    const json = 'user,item\n"{""id"": 1, ""c"": ""DE""}",a\n"{""id"": 1, ""c"": ""FR""}",b\n';
    expect(await messageOf(() => load(write('cells.csv', json)))).toMatch(/"user" holds objects \(\{"id": 1/);
    const python = "user\titem\nu1\t{'id': 'a'}\nu2\t{'id': 'b', 'n': 2}\n";
    expect(await messageOf(() => load(write('python.tsv', python)))).toMatch(/"item" holds objects \(\{'id': 'a'/);
    expect(await rowsOf(write('braces.csv', 'user,item\n{u1},{a}\n{u2},a:b\n'))).toEqual(['{u1}>{a}', '{u2}>a:b']);
  });
  it('a mark of comments can be told, or that there is none', async () => {
    expect(await rowsOf(write('told.csv', csv.replace('u2,i1', '//x,y,3\nu2,i1')), { comment: '//' })).toEqual(plain);
    expect(await rowsOf(write('none.csv', 'user,item\n#1,a\n2,b\n'), { comment: null })).toEqual(['#1>a', '2>b']);
  });
  it('a header in another order among the rows is refused', async () => {
    const path = write('order.csv', `${csv}item,user,rating\ni5,u1,3\n`);
    expect(await messageOf(() => load(path))).toMatch(/order\.csv row 5: .*another order \(item, user, rating\)/);
  });
  it.each([
    ['with a header', `'user','item','rating'\n'u1','i1','4'\n'u2','i1','5'\n`],
    ['with a plain header', `user;item;rating\n'u1';'i1';4\n'u2';'i1';5\n`],
    ['with tabs', `'user'\t'item'\t'rating'\n'u1'\t'i1'\t4\n'u2'\t'i1'\t5\n`],
    ['without a header', `'u1','i1','4'\n'u2','i1','5'\n`],
  ])('MySQL dumps: cells in single quotes, %s', async (_, text) => {
    const { users, items, interactions, warnings } = await load(write('single.csv', text), {
      header: text.includes('user'),
    });
    expect([users.ids, items.ids, [...interactions.rating!]]).toEqual([['u1', 'u2'], ['i1'], [4, 5]]);
    expect(warnings.join()).toMatch(/cells stand in single quotes/);
  });
  it('MySQL dumps: separators, quotes and line ends inside single quotes', async () => {
    const text = `user,item,title\n'1','a','It''s, "new"'\n'2','b','O\\'Hara \\\\ x'\n'3','c',NULL\n`;
    const { itemFields } = await load(write('single2.csv', text));
    expect(itemFields.fields[0].values).toEqual([`It's, "new"`, `O'Hara \\ x`, null]);
    const bad = write('single3.csv', `user,item,title\n'1','a','b'\n'2','b','c'\n'3','c','d','e'\n`);
    expect(await messageOf(() => load(bad))).toMatch(/single3\.csv line 4: a row must have 3 columns, found 4/);
  });
  it('single quotes that wrap no cells stay', async () => {
    const text = `user,item,title\nu1,a,'tis\nu2,b,rock 'n' roll\nu3,c,'quoted'\n`;
    expect((await load(write('single4.csv', text))).itemFields.fields[0].values).toEqual([
      `'tis`,
      `rock 'n' roll`,
      `'quoted'`,
    ]);
  });
  it('MySQL exports: backslashes in quoted cells, and line numbers stay those of the file', async () => {
    const text =
      '"user";"item";"title"\n"1";"a";"The \\"best\\"; of"\n"2";"b";"C:\\\\films\\\\"\n"3";"c";"two\\\nlines"\n';
    const { itemFields, warnings } = await load(write('mysql.csv', text));
    expect(itemFields.fields[0].values).toEqual(['The "best"; of', 'C:\\films\\', 'two\nlines']);
    expect(warnings.join()).toMatch(/backslashes/);
    const bad = write('far.csv', '# one\nuser,item\n1,a\n# two, x\n2,b\n3,c,d\n');
    expect(await messageOf(() => load(bad))).toMatch(/far\.csv line 6: a row must have 2 columns, found 3/);
  });
  it('years may name columns', async () => {
    const { schema } = await load(write('years.csv', 'user,item,2019,2020\nu1,i1,3,4\nu2,i2,5,6\n'));
    expect(schema.columns.map(({ name }) => name)).toEqual(['user', 'item', '2019', '2020']);
  });
});

describe('columns', () => {
  const roleOf = async (path: string, name: string, options: Partial<DataOptions> = {}) =>
    (await load(path, options)).schema.columns.find((column) => column.name === name)?.role;
  const indexed = (header: string, index: (row: number) => string | number, n = 12): string =>
    [header, ...Array.from({ length: n }, (_, row) => `${index(row)},u${row % 5},i${row % 7},${row % 3}`)].join('\n');

  it('without a name that number the rows are left out, and that is said', async () => {
    const cases: [string, string, string][] = [
      ['n0.csv', indexed(',user,item,price', (row) => row), 'column1'],
      ['n1.csv', indexed('Unnamed: 0,user,item,price', (row) => row + 1), 'Unnamed: 0'],
      ['n2.csv', indexed('"",user,item,price', (row) => `${row}.0`), 'column1'],
      ['n3.csv', indexed(',user,item,price', (row) => (row * 7) % 12), 'column1'],
      ['n4.csv', indexed('index,user,item,price', (row) => row), 'index'],
      ['n5.csv', indexed('row_id,user,item,price', (row) => row + 1), 'row_id'],
      ['n6.csv', indexed('#,user,item,price', (row) => row + 1), '#'],
    ];
    for (const [name, content, column] of cases) {
      const path = write(name, content);
      expect(await roleOf(path, column), name).toBe('ignore');
      expect((await load(path)).warnings.join(), name).toMatch(/numbers the rows; left out/);
      expect(await roleOf(path, column, { columns: { context: [column] } }), name).toBe('field');
    }
  });
  it('R’s row names, without a cell in the header, are left out', async () => {
    const path = write(
      'r.csv',
      `"user","item","rating"\n${csv
        .split('\n')
        .slice(1, 5)
        .map((row, n) => `"${n + 1}",${row}`)
        .join('\n')}\n`,
    );
    expect(await rowsOf(path)).toEqual(plain);
  });
  it('that only look like an index stay', async () => {
    expect(
      await roleOf(
        write(
          's0.csv',
          indexed(',user,item,price', (row) => row % 4),
        ),
        'column1',
      ),
    ).toBe('field');
    expect(
      await roleOf(
        write(
          's1.csv',
          indexed('index,user,item,price', (row) => row * 2),
        ),
        'index',
      ),
    ).toBe('field');
    const named = write(
      's2.csv',
      indexed('position,user,item,price', (row) => row),
    );
    expect(await roleOf(named, 'position')).toBe('field');
    expect((await load(named)).warnings.join()).toMatch(/"position" numbers the rows: .*--context/);
  });
  it('an index may be the ids of items', async () => {
    const items = write('movies.csv', ',title\n0,Alpha\n1,Beta\n2,Gamma\n');
    const path = write('seen.csv', 'user,item\nu1,0\nu1,2\n');
    const { itemFields } = await load(path, { items });
    expect(itemFields.fields[0].values).toEqual(['Alpha', 'Gamma']);
  });
  it('roles are known however they are spelt', async () => {
    for (const name of ['Book-Rating', 'ratingScore', 'RATING_SCORE', 'Star Rating', 'review-score'])
      expect(await roleOf(write('spelt.csv', `User-ID,ISBN,${name}\n1,a,3\n2,b,4\n`), name), name).toBe('rating');
  });
  it('headlines are no names of items', async () => {
    const path = write(
      'reviews.csv',
      'user,item,title,rating\nu1,i1,Great!,5\nu1,i2,Meh,2\nu2,i1,No,1\nu2,i3,Good,4\nu3,i2,Loved it,5\nu3,i3,Ok,3\n',
    );
    const { itemFields, warnings } = await load(path);
    expect(itemFields.title).toBeNull();
    expect(warnings.join()).toMatch(/"title" differs from row to row of 3 of 3 items.*not the names/);
    expect((await load(path, { columns: { title: 'title' } })).itemFields.title).toBe('title');
    const names = write(
      'names.csv',
      'user,item,title\nu1,i1,Alpha\nu2,i1,Alpha\nu1,i2,Beta\nu2,i2,Beta (1999)\nu3,i1,Alpha\n',
    );
    const kept = await load(names);
    expect(kept.itemFields.title).toBe('title');
    expect(kept.warnings.join()).toMatch(/1 of 2 items.*the first one is shown/);
  });
  it('only one file of several has are missing in the others', async () => {
    const a = write('parts/a.csv', 'user,item,price\nu1,i1,4\nu1,i2,5\n');
    write('parts/b.csv', 'item,user,device,price\ni1,u2,web,3\ni3,u2,tv,2\n');
    const { interactions, warnings, users, items } = await load(a.replace('a.csv', '*.csv'));
    expect(
      Array.from(interactions.userIndex, (u, row) => `${users.idOf(u)}>${items.idOf(interactions.itemIndex[row])}`),
    ).toEqual(['u1>i1', 'u1>i2', 'u2>i1', 'u2>i3']);
    expect(warnings.join()).toMatch(/column "device" is not in .*a\.csv; its cells are missing there/);
  });
  it('of files that were cut up are those of the first', async () => {
    const a = write('cut/a.csv', 'user,item,rating\nu1,i1,4\nu1,i2,5\n');
    write('cut/b.csv', 'u2,i1,3\nu2,i3,2\n');
    expect(await rowsOf(a.replace('a.csv', '*.csv'))).toEqual(plain);
  });
});

describe('objects and lists in cells', () => {
  it('objects become columns, of which the ids are known', async () => {
    const events = [
      { user: { id: 'u1', country: 'DE' }, item: { id: 9007199254740993n, info: { title: 'A' } }, rating: 4 },
      { user: { id: 'u1', country: 'FR' }, item: { id: 2, info: { title: 'B' } }, rating: 5 },
    ];
    const json = (value: unknown): string =>
      JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `#${each}#` : each)).replaceAll(/"#|#"/g, '');
    const forms = { 'o.json': json(events), 'o.jsonl': events.map(json).join('\n'), 'w.json': json({ events }) };
    for (const [name, content] of Object.entries(forms)) {
      const path = write(name, content);
      expect(await rowsOf(path), name).toEqual(['u1>9007199254740993:4', 'u1>2:5']);
      expect((await load(path)).itemFields.title, name).toBe('item.info.title');
    }
    expect(await messageOf(() => load(`${folder}/o.json`, { columns: { user: 'user' } }))).toMatch(
      /no column "user" for user; it holds objects: name one of user\.id, user\.country/,
    );
    expect(
      await rowsOf(write('bad.jsonl', `${json(events[0])}\n{"user":\n${json(events[1])}\n`), { skipBadRows: true }),
    ).toEqual(['u1>9007199254740993:4', 'u1>2:5']);
  });
  it('ids of MongoDB are values', async () => {
    expect(await rowsOf(write('mongo.jsonl', '{"user_id":{"$oid":"a1"},"item_id":{"$oid":"b2"}}\n'))).toEqual([
      'a1>b2',
    ]);
  });
  it('objects that cannot be taken apart are no ids', async () => {
    const mixed = write('mixed.jsonl', '{"user":{"id":1},"item":"a"}\n{"user":"u2","item":"b"}\n');
    expect(await messageOf(() => load(mixed))).toMatch(/"user" holds objects/);
  });
  const listed = ['u1>i1', 'u1>i2', 'u1>i3', 'u2>i2', 'u2>i4'];
  const lists: [string, string, string][] = [
    ['JSON', 'l.json', '[{"user":"u1","items":["i1","i2","i3"]},{"user":"u2","items":["i2","i4"]}]'],
    [
      'JSON, under the name of an item',
      'm.jsonl',
      '{"user":"u1","item":["i1","i2","i3"]}\n{"user":"u2","item":["i2","i4"]}\n',
    ],
    [
      'JSON objects',
      'n.json',
      '[{"user":"u1","items":[{"id":"i1"},{"id":"i2"},{"id":"i3"}]},{"user":"u2","items":[{"id":"i2"},{"id":"i4"}]}]',
    ],
    ['Python lists', 'py.csv', `user,items\nu1,"['i1', 'i2', 'i3']"\nu2,"['i2', 'i4']"\n`],
    ['NumPy arrays', 'np.csv', `user,item_ids\nu1,['i1' 'i2' 'i3']\nu2,['i2' 'i4']\n`],
    ['JSON lists', 'js.csv', 'user,item\nu1,"[""i1"",""i2"",""i3""]"\nu2,"[""i2"",""i4""]"\n'],
    ['blanks', 'bl.csv', 'user,items\nu1,i1 i2 i3\nu2,i2 i4\n'],
    ['commas', 'co.tsv', 'user\thistory\nu1\ti1,i2,i3\nu2\ti2,i4\n'],
    ['bars', 'ba.csv', 'user,item_ids\nu1,i1|i2|i3\nu2,i2|i4\n'],
    ['RecBole sequences', 'seq.inter', 'user_id:token\titem_id:token_seq\nu1\ti1 i2 i3\nu2\ti2 i4\n'],
  ];
  it.each(lists)('lists of items become rows: %s', async (_, name, content) => {
    const path = write(name, content);
    expect(await rowsOf(path)).toEqual(listed);
    expect((await load(path)).warnings.join()).toMatch(/lists items: 2 rows become 5, one for each item/);
  });
  it('times beside the items go with them', async () => {
    const { interactions } = await load(
      write(
        'timed.json',
        '[{"user":"u1","items":["a","b"],"timestamps":[1700000000,1700000010]},{"user":"u2","items":["c"],"timestamps":[1700000020]}]',
      ),
      { columns: { time: 'timestamps' } },
    );
    expect([...interactions.time!]).toEqual([1700000000, 1700000010, 1700000020]);
  });
  it.each([
    ['bars', 'user,items,times,ratings\nu1,a1|b1,1700000000|1700000010,4|5\nu2,c1,1700000020,3\n'],
    ['blanks', 'user,items,timestamps,rating\nu1,a1 b1,1700000000 1700000010,4 5\nu2,c1,1700000020,3\n'],
    [
      'brackets',
      `user,items,dates,ratings\nu1,"['a', 'b']","['2023-11-14 22:13:20', '2023-11-14 22:13:30']","[4, 5]"\nu2,['c'],['2023-11-14 22:13:40'],[3]\n`,
    ],
  ])('times and ratings between %s too', async (name, content) => {
    const { interactions } = await load(write(`beside-${name}.csv`, content));
    expect([...interactions.time!]).toEqual([1700000000, 1700000010, 1700000020]);
    expect([...interactions.rating!]).toEqual([4, 5, 3]);
  });
  it('ratings of another length do not', async () => {
    const path = write('beside-other.csv', 'user,items,stars\nu1,a1|b1,4|5|1\nu2,c1,3\n');
    const { interactions, warnings } = await load(path);
    expect(interactions.rating).toBeNull();
    expect(warnings.join('\n')).toMatch(/"stars" has the name of a rating, but its cells, such as "4\|5\|1"/);
  });
  it('titles with blanks and commas are single items', async () => {
    expect(await rowsOf(write('titles.csv', 'user,items\nu1,Toy Story\nu2,"Heat, The"\n'))).toEqual([
      'u1>Toy Story',
      'u2>Heat, The',
    ]);
  });
});

describe('names of files and folders', () => {
  it('x=1 and ~ are names like others', async () => {
    const path = write('year=2024/r.csv', csv);
    expect(await rowsOf(path)).toEqual(plain);
    const { schema } = await load(path.replace('r.csv', '*.csv'));
    expect(schema.columns.map(({ name }) => name)).toEqual(['user', 'item', 'rating']);
    write('~home.csv', csv);
    const here = process.cwd();
    process.chdir(folder);
    try {
      expect(await rowsOf('~home.csv')).toEqual(plain);
      expect(await rowsOf('~h*.csv')).toEqual(plain);
    } finally {
      process.chdir(here);
    }
  });
  it('other kinds of files are named', async () => {
    const kinds: [string, Buffer, RegExp][] = [
      ['x.pkl', Buffer.from([0x80, 4, 0x95, 1, 0]), /Python pickle/],
      ['x.txt', Buffer.from("(lp0\nS'a'\np1\n"), /Python pickle/],
      ['x.db', Buffer.from('SQLite format 3\0\0'), /SQLite/],
      ['x.h5', Buffer.from('\x89HDF\r\n\x1a\n\0', 'latin1'), /HDF5/],
      ['x.csv.bz2', Buffer.from('BZh91AY&SY\0\x01', 'latin1'), /bzip2.*unpack/],
    ];
    for (const [name, bytes, told] of kinds) expect(await messageOf(() => load(write(name, bytes)))).toMatch(told);
  });
  it('edges of three columns without a header', async () => {
    const social = write('trust.txt', 'u1 u2 1\n');
    const path = write('s.csv', csv);
    const edges = async (options: Partial<DataOptions>) => {
      const { social: graph } = await load(path, { social, ...options });
      return [[...graph!.from], [...graph!.to]];
    };
    expect(await edges({})).toEqual([[0], [1]]);
    expect(await edges({ socialColumns: ['column2', 'column1'] })).toEqual([[1], [0]]);
    expect(await messageOf(() => edges({ socialColumns: ['column2', 'colum1'] }))).toMatch(/did you mean "column1"/);
  });
});

it('deflated members are what the test makes', () => {
  expect(madeZip({ a: 'x'.repeat(100) }).includes(deflateRawSync('x'.repeat(100)))).toBe(true);
});
