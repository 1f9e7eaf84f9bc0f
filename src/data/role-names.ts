/** Names under which the columns of recommendation data are known. Compared without case, spaces, punctuation and accents. */
import { foreignNames } from './foreign-names.ts';
import { words } from './words.ts';

/** What people do, in the words that columns of times are named by: `bought_at`, `viewed_on`, `order_time`. */
const deeds = words(`
  bought purchased ordered paid sold added viewed visited opened clicked tapped rated reviewed watched seen played listened heard
  streamed read liked saved favorited bookmarked borrowed booked taken downloaded installed shown served logged recorded occurred happened
`);
const deedTimes = deeds.flatMap((deed) => ['at', 'date', 'timestamp'].map((end) => `${deed}${end}`));
// `read_time`, `watched_time` are how long it took as often as when it was
const vagueDeedTimes = deeds.flatMap((deed) => ['on', 'time'].map((end) => `${deed}${end}`));

export type GuessedRole = 'user' | 'item' | 'rating' | 'time' | 'session';

/** For each role tiers of names, the surest first. */
const tiers: Readonly<Record<GuessedRole, readonly (readonly string[])[]>> = {
  user: [
    ['userid', 'user', 'uid', 'users'],
    words(`
      customerid customer memberid member visitorid visitor accountid account clientid reviewerid reviewer personid
      person playerid player subscriberid viewerid listenerid profileid shopperid readerid username useridx
      userindex usercode userno usernumber customercode memberno buyerid buyer raterid patronid authorid
      userpseudoid fullvisitorid kundennummer kundennr kundenid studentid householdid householdkey custid
      customerno customernumber membernumber userhash
    `),
    foreignNames.user,
    ['email', 'emailaddress', 'useremail', 'customeremail'],
  ],
  item: [
    ['itemid', 'item', 'iid', 'items'],
    words(`
      movieid productid sku asin parentasin articleid bookid isbn trackid songid artistid videoid gameid appid
      businessid newsid contentid venueid poiid recipeid animeid listingid courseid albumid showid restaurantid
      hotelid adid docid documentid postid beerid offerid placeid locationid pageid itemidx itemindex filmid film
      itemcode itemno productcode productno stockcode articleno articlecode isbn13 isbn10 lineitemsku trackuri
      spotifytrackuri artikelnummer artikelnr artikelid prodid productnumber itemnumber itemhash
    `),
    [
      'movie',
      'product',
      'article',
      'artikel',
      'book',
      'track',
      'song',
      'artist',
      'video',
      'game',
      'app',
      'recipe',
      'venue',
      'poi',
      ...foreignNames.item,
    ],
  ],
  rating: [
    ['rating', 'ratings'],
    words(`
      stars score overall ratingvalue ratingscore ratingstars starrating reviewrating userrating userscore
      reviewscore reviewoverall customerrating itemrating movierating filmrating bookrating productrating songrating
      gamerating reciperating animerating beerrating
    `).concat(foreignNames.rating),
    ['label', 'target', 'click', 'clicked', 'preference', 'like', 'liked', 'feedback'],
    ['weight', 'playcount', 'plays', 'count', 'cnt', 'quantity', 'purchases', 'value'].concat(foreignNames.amount),
  ],
  time: [
    ['timestamp', 'time', 'datetime', 'ts'],
    words(`
      unixtime unixreviewtime unixtimestamp eventtime eventtimestamp createdat ratedat watchedat reviewtime
      ratingtime ratingtimestamp ratingdate timestampms invoicedate orderdate purchasedate date reviewdate
      times timestamps dates createtime eventdate createddate clicktime localtime when t transactiondate visitdate orderedat purchasedat
      clickedat viewedat playedat addedat impressiontime
    `).concat(deedTimes, foreignNames.time),
    ['at', 'tdat', 'createdon', ...vagueDeedTimes, ...foreignNames.vagueTime],
  ],
  session: [['sessionid', 'session', 'sid', 'visitid', 'sessionidx']],
};

const titleNames = words(`
  title movietitle itemtitle producttitle booktitle tracktitle songtitle articletitle headline name itemname
  moviename productname artistname trackname songname bookname gamename
`).concat(foreignNames.title);

export function normalName(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** Latin letters without what stands above and below them. */
export function withoutAccents(normal: string): string {
  return normal.normalize('NFD').replace(/(\p{Script=Latin})\p{M}+/gu, '$1');
}

/**
 * The names that a column may be known by, the whole one first. A column of an object is `user.id` or `data.user.id`: then the
 * ends of its name count too.
 */
function spellings(role: GuessedRole | 'title', name: string): string[] {
  const parts = name
    .split('.')
    .map(normalName)
    .filter((part) => part !== '');
  if (parts.length < 2) return [...new Set([normalName(name), withoutAccents(normalName(name))])];
  const ends = parts.map((_, p) => parts.slice(p).join(''));
  const ofWhom = parts.slice(0, -1);
  const isOf = (who: 'user' | 'item'): boolean => ofWhom.some((part) => tiers[who].flat().includes(part));
  // what an item or a user is rated or called is not what the row says
  if (role === 'rating' || role === 'time' || role === 'session') return isOf('user') || isOf('item') ? [] : ends;
  if (role === 'title') return isOf('user') ? [] : ends;
  return isOf(role === 'user' ? 'item' : 'user') ? [] : ends;
}

/** The columns in the surest tier that has any. More than one = the name alone does not settle it. */
export function namedFor(role: GuessedRole, names: readonly string[]): string[] {
  for (const tier of tiers[role]) {
    const found = names.filter((name) => spellings(role, name).some((spelling) => tier.includes(spelling)));
    if (found.length > 0) return found;
  }
  return [];
}

/** True when the name alone says the role, whatever the values look like. */
export function isSureName(role: GuessedRole, name: string): boolean {
  return spellings(role, name).some((spelling) => tiers[role][0].includes(spelling));
}

/** The position of a name in a role's list, for choosing between columns that all fit; −1 = it is not there. */
export function nameRank(role: GuessedRole, name: string): number {
  return firstPlace(tiers[role].flat(), spellings(role, name));
}

function firstPlace(list: readonly string[], spellings: readonly string[]): number {
  const places = spellings.map((spelling) => list.indexOf(spelling)).filter((place) => place >= 0);
  return places.length === 0 ? -1 : Math.min(...places);
}

/** The columns that hold names to show people, the likeliest first. */
export function titleColumns(names: readonly string[]): string[] {
  const rank = (name: string): number => firstPlace(titleNames, spellings('title', name));
  return names.filter((name) => rank(name) >= 0).sort((a, b) => rank(a) - rank(b));
}

/** Names of columns whose cells list several items. */
const listNames =
  /^(items|itemids|itemlist|itemidlist|itemidslist|itemseq|itemsequence|itemidseq|itemhistory|history|clickhistory|clicks|clickeditems|sequence|basket|cart|products|productids|productlist|movies|movieids|films|filmids|articles|articleids|tracks|trackids|songs|songids|books|bookids|videos|videoids|asins|skus|impressions)$/;

/** True for names of columns whose cells list several items; `items.id` is one too, when `items` are objects. */
export function isItemListName(name: string): boolean {
  const [first, ...rest] = name.split('.');
  if (!listNames.test(normalName(first))) return false;
  return rest.length === 0 || normalName(rest.join('.')) === 'id' || namedFor('item', [rest.join('.')]).length > 0;
}

/** True for names that outcomes of rows go by, whatever the cells hold. */
function isLabelName(name: string): boolean {
  const outcomes =
    /^(y|label|target|click|clicked|isclick|isclicked|like|liked|outcome|converted|conversion|purchased|churn|churned)$/;
  return outcomes.test(normalName(name));
}

/** True for names of outcomes in tables of examples, where the columns are features and a class. */
export function isClassName(name: string): boolean {
  return isLabelName(name) || /(label|target|class)$/.test(normalName(name));
}

/** True for names that mean a time only where the values are dates, or numbers as large as those of seconds since 1970. */
export function isVagueTimeName(name: string): boolean {
  return spellings('time', name).some((spelling) => tiers.time[2].includes(spelling));
}

/** True for names of times in other languages that mean other things too (`data`, `tag`): numbers under them are no times. */
export function isEverydayTimeName(name: string): boolean {
  return spellings('time', name).some((spelling) => foreignNames.vagueTime.includes(spelling));
}

/** True for columns that say how a row turned out, which no model may look at: ratings and labels. */
export function isOutcomeName(name: string): boolean {
  return isLabelName(name) || tiers.rating.slice(0, 3).flat().includes(normalName(name));
}

/** True when a rating column of this name is surely meant, so that no other column is taken for a label. */
export function isRatingName(name: string): boolean {
  return spellings('rating', name).some((spelling) => tiers.rating.slice(0, 2).flat().includes(spelling));
}

/** True for names that surely mean the ids of users or items. */
export function isIdName(name: string): boolean {
  return (['user', 'item'] as const).some((role) => {
    const normal = normalName(name);
    return tiers[role][0].includes(normal) || (tiers[role][1].includes(normal) && normal.endsWith('id'));
  });
}

/** True for names of columns whose cells list several values. */
export function isListName(name: string): boolean {
  return /genre|tags?$|categor|keywords?$|topics?$/i.test(name);
}

/** True for names of numbers that stand for things: `category_id`, `storeId`, `zip_code`. */
export function isCodeName(name: string): boolean {
  return (
    /(^|[_ .-])(id|code)$|^(zip|plz|(zip|post|postal) ?code|code ?postal)$/i.test(name) ||
    /[a-z](Id|ID|Code)$/.test(name)
  );
}

/** True for names of columns that hold dates, so that numbers such as 20240105 are taken for them. */
export function isDateName(name: string): boolean {
  return (
    /(^|[^a-z])(date|fecha|day)($|[^a-z])|datum($|[^a-z])|_(at|on)$/i.test(name) || /[a-z](Date|Day|At|On)$/.test(name)
  );
}

/** True for names of times of day. */
export function isClockName(name: string): boolean {
  return /time|clock|hour|hora|heure|zeit|at$/i.test(name);
}

/** True for names that mean a time of day and nothing else. */
export function isOnlyClockName(name: string): boolean {
  return /(^|[^a-z])(clock|uhrzeit|timeofday|hhmm(ss)?)$/i.test(name);
}

export function isKnownColumnName(name: string): boolean {
  const known = [...titleNames, ...Object.values(tiers).flat(2)];
  return [normalName(name), withoutAccents(normalName(name))].some((normal) => known.includes(normal));
}
