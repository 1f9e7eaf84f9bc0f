import { describe, expect, it } from 'vitest';
import { displayName } from '../../src/data/dataset.ts';
import { fitFeatures } from '../../src/data/features/fit-features.ts';
import { loadDataset } from '../../src/data/load.ts';
import { codeOf, messageOf, temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();
const inter = write('club.inter', 'user_id:token\titem_id:token\trating:float\nu2\ti9\t4\nu1\ti1\t5\nu2\ti1\t3\n');
write(
  'club.item.gz',
  'item_id:token\tmovie_title:token_seq\tyear:token\tclass:token_seq\tprice:float\ni1\tA "Long" Way\t1999\tDrama War\t2.5\nunused\tX\t\t\t\ni9\t\t2001\tComedy\t\n',
);
write('club.user', 'user_id:token\tage:float\tgender:token\nu1\t31\tF\n');
write('club.net', 'source_id:token\ttarget_id:token\nu1\tu2\nu2\tu1\nu1\tghost\n');

describe('files beside the interactions', () => {
  it("RecBole's .item, .user and .net are found and moved to the dense indices", async () => {
    const dataset = await loadDataset({ files: [inter] });
    expect(dataset.itemFields).toEqual({
      nRows: 2,
      title: 'movie_title',
      fields: [
        { name: 'movie_title', kind: 'text', values: [null, 'A "Long" Way'] },
        { name: 'year', kind: 'categorical', values: ['2001', '1999'] },
        { name: 'class', kind: 'multi', values: [['Comedy'], ['Drama', 'War']] },
        { name: 'price', kind: 'numeric', values: [null, 2.5] },
      ],
    });
    expect(dataset.userFields).toEqual({
      nRows: 2,
      title: null,
      fields: [
        { name: 'age', kind: 'numeric', values: [null, 31] },
        { name: 'gender', kind: 'categorical', values: [null, 'F'] },
      ],
    });
    expect([[...dataset.social!.from], [...dataset.social!.to]]).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(displayName(dataset.items, dataset.itemFields, 1)).toBe('A "Long" Way');
    expect(displayName(dataset.items, dataset.itemFields, 0)).toBe('i9');
    expect(dataset.warnings).toHaveLength(4);
    expect(dataset.schema.columns.every((column) => !column.guessed)).toBe(true);
  });
  it('are not looked for when told so', async () => {
    const dataset = await loadDataset({ files: [inter], items: null, users: null, social: null });
    expect([dataset.itemFields.fields, dataset.userFields.fields, dataset.social]).toEqual([[], [], null]);
  });
  it("MovieLens' movies.dat and users.dat are found", async () => {
    const ratings = write('ml/ratings.dat', '1::10::5::978300760\n2::11::3::978302109\n');
    write(
      'ml/movies.dat.gz',
      Buffer.from("10::Am\xe9lie (2001)::Comedy|Children's\n11::Heat (1995)::Action\n", 'latin1'),
    );
    write('ml/users.dat', '1::F::1::10::48067\n2::M::56::16::00072\n');
    const { itemFields, userFields } = await loadDataset({ files: [ratings] });
    expect(itemFields.title).toBe('title');
    expect(itemFields.fields.map((field) => field.values[0])).toEqual(['Amélie (2001)', ['Comedy', "Children's"]]);
    expect(userFields.fields.map((field) => field.values[1])).toEqual(['M', '56', '16', '00072']);
  });
});

describe('files that are named', () => {
  const ratings = write('r.csv', 'user,movie,stars\n1,10,5\n2,11,4\n');
  it('match by the name of the id column, or `id`', async () => {
    const named = write('movies.csv', 'movie,name,genres,length\n10,Up,"Family, Drama",96\n11,Heat,Crime,170\n');
    const byId = write(
      'movies.jsonl',
      '{"id":11,"title":"Heat","tags":["crime","la"]}\n{"id":10,"title":"Up","tags":null}\n',
    );
    const a = await loadDataset({ files: [ratings], items: named });
    expect(a.itemFields.fields.map((field) => [field.kind, field.values[0]])).toEqual([
      ['text', 'Up'],
      ['multi', ['Family', 'Drama']],
      ['numeric', 96],
    ]);
    const b = await loadDataset({ files: [ratings], items: byId });
    expect(b.itemFields.fields.map((field) => field.values)).toEqual([
      ['Up', 'Heat'],
      [null, ['crime', 'la']],
    ]);
  });
  it('take the title that is told', async () => {
    const items = write('t.csv', 'id,title,german\n10,Up,Oben\n11,Heat,Hitze\n');
    const { items: vocabulary, itemFields } = await loadDataset({
      files: [ratings],
      items,
      columns: { title: 'german' },
    });
    expect(displayName(vocabulary, itemFields, 0)).toBe('Oben');
  });
  it('dates are seconds, and fall in buckets as fields', async () => {
    const path = write('rides.csv', 'user,item\nu1,a\nu2,b\n');
    const users = write('riders.csv', 'user,joined\nu2,2020-01-02\nu1,2019-06-01 12:00:00\n');
    const dataset = await loadDataset({ files: [path], users });
    expect(dataset.userFields.fields).toEqual([{ name: 'joined', kind: 'numeric', values: [1559390400, 1577923200] }]);
    expect(dataset.schema.columns.find(({ name }) => name === 'joined')!.kind).toBe('time');
    const { encoder } = fitFeatures(dataset, dataset.interactions);
    expect(encoder.fitted.fields.find(({ name }) => name === 'joined')!.encoding.encode).toBe('buckets');
    const { index } = encoder.encodeRow({ joined: '2020-01-02' }).user;
    expect(encoder.fieldValueName(index[1])).toBe('joined ≥ 2020-01-02');
  });

  it('titles may stand in the interactions', async () => {
    const path = write('titled.csv', 'user,item,title\n1,b,\n1,a,Alpha\n2,b,Beta\n3,b,Beta again\n');
    const { itemFields } = await loadDataset({ files: [path] });
    expect(itemFields.fields[0].values).toEqual(['Beta', 'Alpha']);
    const named = { files: [path], columns: { title: 'titel' } };
    expect(await messageOf(() => loadDataset(named))).toMatch(/no column "titel" for title/);
    const items = write('named.csv', 'id,german\na,Alfa\nb,Beeta\n');
    const dataset = await loadDataset({ files: [path], items, columns: { title: 'german' } });
    expect(displayName(dataset.items, dataset.itemFields, 0)).toBe('Beeta');
  });
  it('edges without a header are source and target', async () => {
    const { social } = await loadDataset({ files: [ratings], social: write('edges.txt', '2 1\n1 3\n') });
    expect([[...social!.from], [...social!.to]]).toEqual([[1], [0]]);
  });
  it.each([
    ['ids that do not match', { items: write('no.csv', 'id,title\n98,A\n99,B\n') }, /none of its 2 ids/],
    ['no id column', { items: write('noid.csv', 'key,title\n10,A\n') }, /item ids/],
    ['edges between strangers', { social: write('strangers.txt', '8 9\n') }, /none of its 1 edges/],
    ['a title that is nowhere', { columns: { title: 'titel' } }, /no column "titel" for title/],
    ['a file that is missing', { users: 'nowhere.csv' }, /nowhere\.csv/],
  ])('%s: an error', async (title, options, told) => {
    const code = title === 'a title that is nowhere' ? 'config' : 'data';
    expect(await codeOf(() => loadDataset({ files: [ratings], ...options }))).toBe(code);
    expect(await messageOf(() => loadDataset({ files: [ratings], ...options }))).toMatch(told);
  });
});
