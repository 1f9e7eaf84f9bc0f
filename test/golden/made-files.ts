/** The files that the golden runs read: a made world with its own generator, so that nothing here depends on the code under test. */

/** A small generator (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const N_USERS = 60;
const N_ITEMS = 40;
const genres = ['drama', 'comedy', 'crime', 'war'];
const devices = ['phone', 'tablet', 'desktop'];

/** Film of a person whose camp likes every second genre. */
function draw(random: () => number, user: number): number {
  for (;;) {
    const item = Math.floor(N_ITEMS * random() ** 1.7);
    if (random() < (item % 2 === user % 2 ? 0.9 : 0.25)) return item;
  }
}

/** user,item,rating,timestamp: distinct pairs, 10 to 18 of each person, times all over two months. */
export function ratingsCsv(): string {
  const random = generator(11);
  const rows: string[] = [];
  for (let user = 0; user < N_USERS; user++) {
    const taken = new Set<number>();
    const n = 10 + Math.floor(9 * random());
    while (taken.size < n) taken.add(draw(random, user));
    for (const item of taken) {
      const rating = item % 2 === user % 2 ? 3 + Math.floor(3 * random()) : 1 + Math.floor(3 * random());
      rows.push(`u${user},i${item},${rating},${1_700_000_000 + Math.floor(5_000_000 * random())}`);
    }
  }
  return `user,item,rating,timestamp\n${rows.join('\n')}\n`;
}

/** user,item,clicked,device,price,timestamp: shown films, some clicked; every pair once. */
export function clicksCsv(): string {
  const random = generator(12);
  const rows: string[] = [];
  for (let user = 0; user < N_USERS; user++) {
    const shown = new Set<number>();
    while (shown.size < 16) shown.add(Math.floor(N_ITEMS * random()));
    for (const item of shown) {
      const device = devices[Math.floor(3 * random())];
      const likes = (item % 2 === user % 2 ? 0.6 : 0.15) + (device === 'phone' ? 0.15 : 0);
      const price = (5 + 20 * random()).toFixed(2);
      const clicked = random() < likes ? 1 : 0;
      rows.push(`u${user},i${item},${clicked},${device},${price},${1_700_000_000 + Math.floor(5_000_000 * random())}`);
    }
  }
  return `user,item,clicked,device,price,timestamp\n${rows.join('\n')}\n`;
}

/** item,genre,year: what is known of the films. */
export function itemsCsv(): string {
  const rows = Array.from({ length: N_ITEMS }, (_, item) => `i${item},${genres[item % 4]},${1960 + ((item * 7) % 60)}`);
  return `item,genre,year\n${rows.join('\n')}\n`;
}

/** session,item,time: 150 sessions over ten days, next films near the last one. */
export function sessionsCsv(): string {
  const random = generator(13);
  const rows: string[] = [];
  for (let session = 0; session < 150; session++) {
    const start = 1_700_000_000 + session * 5760;
    const length = 2 + Math.floor(7 * random());
    let item = draw(random, session);
    for (let n = 0; n < length; n++) {
      rows.push(`s${session},i${item},${start + n * 30}`);
      item = random() < 0.7 ? (item + 1 + Math.floor(3 * random())) % N_ITEMS : draw(random, session);
    }
  }
  return `session,item,time\n${rows.join('\n')}\n`;
}

/** source,target: some people of the own camp each, and now and then anybody; the last five name nobody. */
export function friendsCsv(): string {
  const random = generator(14);
  const rows: string[] = [];
  for (let user = 0; user < N_USERS - 5; user++) {
    const named = new Set<number>();
    const n = 1 + Math.floor(5 * random());
    while (named.size < n) {
      const anybody = Math.floor(N_USERS * random());
      const friend = random() < 0.8 ? (anybody - (anybody % 2) + (user % 2)) % N_USERS : anybody;
      if (friend !== user) named.add(friend);
    }
    for (const friend of named) rows.push(`u${user},u${friend}`);
  }
  return `source,target\n${rows.join('\n')}\n`;
}
