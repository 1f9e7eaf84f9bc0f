import { describe, expect, it } from 'vitest';
import type { ColumnRoles } from '../../src/data/data-options.ts';
import { loadDataset, loadRows } from '../../src/data/load.ts';
import { messageOf, temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();
let nFiles = 0;

async function rolesOf(header: string, row: string, columns: ColumnRoles = {}): Promise<string[]> {
  const path = write(`${nFiles++}.csv`, `${header}\n${row}\n`);
  const { schema } = await loadDataset({ files: [path], columns });
  return schema.columns.map((column) => column.role + (column.guessed ? '?' : ''));
}

describe('roles by name and values', () => {
  it.each([
    ['user_id,item_id,rating,timestamp', '1,2,3,978300760', ['user?', 'item?', 'rating?', 'time?']],
    ['userId,movieId,rating,timestamp', '1,2,3,978300760', ['user?', 'item?', 'rating?', 'time?']],
    ['uid,sku,stars,ts', '1,2,3,978300760', ['user?', 'item?', 'rating?', 'time?']],
    ['User ID,Product ID,Score,Date', '1,2,3,2020-01-31', ['user?', 'item?', 'rating?', 'time?']],
    ['customer,product,bought_at', 'a,b,1700000000', ['user?', 'item?', 'time?']],
    ['user,song,listened_on', 'a,b,2024-01-05', ['user?', 'item?', 'time?']],
    ['user,item,shown_timestamp', 'a,b,1700000000123', ['user?', 'item?', 'time?']],
    // how long something took is no time
    ['user_id,article_id,read_time', 'a,b,399', ['user?', 'item?', 'field']],
    ['user_id,article_id,read_time', 'a,b,1700000000', ['user?', 'item?', 'time?']],
    [
      'user_id,article_id,listened_time,impression_time',
      'a,b,12,2024-01-08 10:00:00',
      ['user?', 'item?', 'field', 'time?'],
    ],
    ['reviewerID,asin,overall,unixReviewTime', 'A,B,5,1400000000', ['user?', 'item?', 'rating?', 'time?']],
    ['user,session_id,item,label', '1,s,2,1', ['user?', 'session?', 'item?', 'rating?']],
    ['user,item,rating,label', '1,2,5,1', ['user?', 'item?', 'rating?', 'ignore']],
    ['user,item,label', '1,2,spam', ['user?', 'item?', 'ignore']],
    ...[
      'Nutzer;Artikel;Bewertung;Datum',
      'Benutzer-ID;Produkt-ID;Sterne;Zeitpunkt',
      'KundenNr;ArtNr;Menge;Kaufdatum',
      'utilisateur;article;note;date',
      'id_client;id_produit;quantité;date_achat',
      'usuario;producto;calificación;fecha',
      'usuario_id;pelicula_id;puntuacion;fecha',
      'utente;prodotto;voto;data',
      'usuário;produto;avaliação;data',
      'gebruiker;artikel;beoordeling;datum',
      'användare;produkt;betyg;datum',
      'użytkownik;produkt;ocena;data',
      'kullanıcı;ürün;puan;tarih',
      'пользователь;товар;оценка;дата',
      '用户ID;物品ID;评分;时间戳',
      'ユーザーID;商品ID;評価;日時',
      'customer_id;article_id;quantity;t_dat',
      'USER_ID;ITEM_ID;EVENT_VALUE;TIMESTAMP',
    ].map((header): [string, string, string[]] => [header, '1;2;3;2020-01-31', ['user?', 'item?', 'rating?', 'time?']]),
    // without dates these say nothing, and neither does a client that is a program
    ['user,item,data,tag', '1,2,x,news', ['user?', 'item?', 'field', 'field']],
    ['user,item,client,note', '1,2,web,fine', ['user?', 'item?', 'field', 'field']],
    ['user,item,date', '1,2,sunday', ['user?', 'item?', 'field']],
    ['user,product,item,title', '1,2,3,Heat', ['user?', 'field', 'item?', 'title?']],
    ['user,movie_id,movie', '1,2,Heat', ['user?', 'item?', 'field']],
    [
      'event_date,event_timestamp,user_pseudo_id,item_id',
      '20240105,1704450000000000,7.1,2',
      ['field', 'time?', 'user?', 'item?'],
    ],
    ['Email,Created at,Lineitem sku', 'a@b.example,2024-01-05 10:00:00,S1', ['user?', 'time?', 'item?']],
    ['email,user_id,item_id', 'a@b.example,7,2', ['field', 'user?', 'item?']],
    ['Kundennummer,Artikelnummer', '007,2', ['user?', 'item?']],
    [
      'Kunde;Artikel;Datum;Bewertung;Bezeichnung',
      '7;2;31.01.2024;4;Buch',
      ['user?', 'item?', 'time?', 'rating?', 'title?'],
    ],
    [
      'Kundennummer;Kunde;Artikelnummer;Artikel;Preis',
      '7;Ann;2;Buch;4,50',
      ['user?', 'field', 'item?', 'field', 'field'],
    ],
    ['Kunde;Artikelnr;Kaufdatum;Bezeichnung', '7;2;2024-01-31;3', ['user?', 'item?', 'time?', 'field']],
    ['Kunde;Artikel;Bestelldatum', '7;2;45296', ['user?', 'item?', 'time?']],
    ['Kunde;Artikel;Bestelldatum', '7;2;offen', ['user?', 'item?', 'field']],
    ['Kunde;Artikel;Bewertung', '7;2;gut', ['user?', 'item?', 'ignore']],
    ['user,item,at', '1,2,2024-01-31T10:30:00Z', ['user?', 'item?', 'time?']],
    ['user,item,at', '1,2,1704450600000', ['user?', 'item?', 'time?']],
    ['user,item,at', '1,2,home', ['user?', 'item?', 'field']],
    ['user,item,at', '1,2,17', ['user?', 'item?', 'field']],
    ['user,item,at,time', '1,2,1704450600,1704450601', ['user?', 'item?', 'field', 'time?']],
    ['username,spotify_track_uri,ts', 'u,spotify:track:1,2024-01-05T10:00:00Z', ['user?', 'item?', 'time?']],
    ['user,item,name', '1,2,7', ['user?', 'item?', 'field']],
  ])('%s / %s', async (header, row, roles) => expect(await rolesOf(header, row)).toEqual(roles));

  it('are as told where told', async () => {
    const columns = { user: 'b', item: 'a', rating: null, time: 'when' };
    expect(await rolesOf('a,b,rating,when', '1,2,3,4', columns)).toEqual(['item', 'user', 'ignore', 'time']);
  });
  it('a session file says how to make sessions users', async () => {
    const path = write('clicks.csv', 'SessionId,ItemId,Time\n1,2,3\n');
    expect(await messageOf(() => loadDataset({ files: [path] }))).toMatch(/--user SessionId makes each session a user/);
    const { interactions } = await loadDataset({ files: [path], columns: { user: 'SessionId', session: 'SessionId' } });
    expect([...interactions.session!]).toEqual([0]);
  });
  it('rows of sessions need not name users where models of sequences ask', async () => {
    const path = write('visits.csv', 'visit_id,product_id,timestamp\nb,2,3\na,1,5\na,2,6\n');
    const taken = await loadRows({ files: [path] }, { anonymousSessions: true });
    const told = await loadDataset({ files: [path], columns: { user: null } });
    expect(taken.hash).toBe(told.hash);
    expect([...taken.interactions.session!]).toEqual([...told.interactions.session!]);
    expect(await messageOf(() => loadDataset({ files: [path] }))).toMatch(
      /models of sequences take sessions without users/,
    );
  });
  it('sessions are numbered for each user', async () => {
    const path = write('sessions.csv', 'user,item,session_id\n1,a,1\n2,a,1\n1,b,2\n1,c,1\n');
    expect([...(await loadDataset({ files: [path] })).interactions.session!]).toEqual([0, 1, 2, 0]);
  });
});

describe('files without a header', () => {
  it.each([
    ['two columns', '1\t2\n3\t4\n', ['user', 'item']],
    ['a rating', '1\t2\t5\n3\t4\t1\n', ['user', 'item', 'rating']],
    ['a time', '1\t2\t978300760\n3\t4\t978300761\n', ['user', 'item', 'time']],
    ['rating and time', '1\t2\t5\t978300760\n3\t4\t1\t978300761\n', ['user', 'item', 'rating', 'time']],
    ['time and rating', '1\t2\t978300760\t5\n3\t4\t978300761\t1\n', ['user', 'item', 'time', 'rating']],
  ])('%s', async (name, content, roles) => {
    const { schema } = await loadDataset({ files: [write(`${name}.tsv`, content)] });
    expect(schema.columns.map((column) => column.role)).toEqual(roles);
    expect(schema.columns.every((column) => column.guessed)).toBe(true);
  });
  it('with more columns must be told', async () => {
    const path = write('wide.csv', '1,2,3,4,5\n');
    expect(await messageOf(() => loadDataset({ files: [path] }))).toMatch(/--user COLUMN.*column1.*no header/);
  });
  it('words in the first row are data when told so', async () => {
    const path = write('words.tsv', 'ann\tx\nbob\ty\n');
    expect((await loadDataset({ files: [path], header: false })).users.ids).toEqual(['ann', 'bob']);
  });
});

describe('units of time', () => {
  it.each([
    ['seconds', 1_600_000_000],
    ['milliseconds', 1_600_000_000_000],
    ['microseconds', 1_600_000_000_000_000],
    ['nanoseconds', '1600000000000000000'],
    ['a date and time', '2020-09-13T12:26:40Z'],
    ['a date and time with an offset', '2020-09-13 14:26:40+02:00'],
    ['a date and time without one', '2020-09-13 12:26:40'],
  ])('%s', async (name, time) => {
    const { interactions } = await loadDataset({ files: [write(`${name}.csv`, `user,item,time\n1,2,${time}\n`)] });
    expect(interactions.time![0]).toBe(1_600_000_000);
  });
});
