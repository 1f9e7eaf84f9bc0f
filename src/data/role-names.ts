/** Names under which the columns of recommendation data are known. Compared without case, spaces and punctuation. */

export type GuessedRole = 'user' | 'item' | 'rating' | 'time' | 'session';

/** For each role tiers of names, the surest first. */
const tiers: Readonly<Record<GuessedRole, readonly (readonly string[])[]>> = {
  user: [
    ['userid', 'user', 'uid', 'users'],
    [
      ...['customerid', 'customer', 'memberid', 'member', 'visitorid', 'visitor', 'accountid', 'account', 'clientid'],
      ...[
        'reviewerid',
        'reviewer',
        'personid',
        'person',
        'playerid',
        'player',
        'subscriberid',
        'viewerid',
        'listenerid',
      ],
      ...['profileid', 'shopperid', 'readerid', 'username', 'useridx', 'userindex'],
    ],
  ],
  item: [
    ['itemid', 'item', 'iid', 'items'],
    [
      ...[
        'movieid',
        'productid',
        'sku',
        'asin',
        'parentasin',
        'articleid',
        'bookid',
        'isbn',
        'trackid',
        'songid',
        'artistid',
      ],
      ...['videoid', 'gameid', 'appid', 'businessid', 'newsid', 'contentid', 'venueid', 'poiid', 'recipeid', 'animeid'],
      ...[
        'listingid',
        'courseid',
        'albumid',
        'showid',
        'restaurantid',
        'hotelid',
        'adid',
        'docid',
        'documentid',
        'postid',
      ],
      ...['beerid', 'offerid', 'placeid', 'locationid', 'pageid', 'itemidx', 'itemindex', 'filmid', 'film'],
    ],
    [
      'movie',
      'product',
      'article',
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
    ],
  ],
  rating: [
    ['rating', 'ratings'],
    ['stars', 'score', 'overall', 'ratingvalue', 'reviewrating', 'userrating'],
    ['label', 'target', 'click', 'clicked', 'preference', 'like', 'liked', 'feedback'],
    ['weight', 'playcount', 'plays', 'count', 'cnt', 'quantity', 'purchases', 'value'],
  ],
  time: [
    ['timestamp', 'time', 'datetime', 'ts'],
    [
      ...[
        'unixtime',
        'unixreviewtime',
        'unixtimestamp',
        'eventtime',
        'createdat',
        'ratedat',
        'watchedat',
        'reviewtime',
      ],
      ...['date', 'reviewdate', 'createtime', 'eventdate', 'createddate', 'clicktime', 'localtime', 'when', 't'],
    ],
  ],
  session: [['sessionid', 'session', 'sid', 'visitid', 'sessionidx']],
};

const titleNames = [
  ...[
    'title',
    'movietitle',
    'itemtitle',
    'producttitle',
    'booktitle',
    'tracktitle',
    'songtitle',
    'articletitle',
    'headline',
  ],
  ...['name', 'itemname', 'moviename', 'productname', 'artistname', 'trackname', 'songname', 'bookname', 'gamename'],
];

export function normalName(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** The columns in the surest tier that has any. More than one = the name alone does not settle it. */
export function namedFor(role: GuessedRole, names: readonly string[]): string[] {
  for (const tier of tiers[role]) {
    const found = names.filter((name) => tier.includes(normalName(name)));
    if (found.length > 0) return found;
  }
  return [];
}

/** True when the name alone says the role, whatever the values look like. */
export function isSureName(role: GuessedRole, name: string): boolean {
  return tiers[role][0].includes(normalName(name));
}

/** The position of a name in a role's list, for choosing between columns that all fit. */
export function nameRank(role: GuessedRole, name: string): number {
  return tiers[role].flat().indexOf(normalName(name));
}

/** The columns that hold names to show people, the likeliest first. */
export function titleColumns(names: readonly string[]): string[] {
  const rank = (name: string): number => titleNames.indexOf(normalName(name));
  return names.filter((name) => rank(name) >= 0).sort((a, b) => rank(a) - rank(b));
}

/** True for names that outcomes of rows go by, whatever the cells hold. */
export function isLabelName(name: string): boolean {
  const outcomes =
    /^(y|label|target|click|clicked|isclick|isclicked|like|liked|outcome|converted|conversion|purchased|churn|churned)$/;
  return outcomes.test(normalName(name));
}

/** True for names of outcomes in tables of examples, where the columns are features and a class. */
export function isClassName(name: string): boolean {
  return isLabelName(name) || /(label|target|class)$/.test(normalName(name));
}

/** True for columns that say how a row turned out, which no model may look at: ratings and labels. */
export function isOutcomeName(name: string): boolean {
  return isLabelName(name) || tiers.rating.slice(0, 3).flat().includes(normalName(name));
}

/** True when a rating column of this name is surely meant, so that no other column is taken for a label. */
export function isRatingName(name: string): boolean {
  return tiers.rating.slice(0, 2).flat().includes(normalName(name));
}

export function isKnownColumnName(name: string): boolean {
  const normal = normalName(name);
  return titleNames.includes(normal) || Object.values(tiers).some((role) => role.flat().includes(normal));
}
