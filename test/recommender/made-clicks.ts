/** A small table of clicks in which few things matter: taste is genre × age, evenings help, one column is noise. */
import { RandomStream } from '../../src/core/random.ts';

const genres = ['Comedy', 'Drama', 'Horror', 'War'];
const ages = ['child', 'adult'];
const devices = ['phone', 'tv', 'tablet'];

/** user, item, device, hour, price, label; what describes items and users stands in files of their own. */
export function clicksCsv(n = 900, seed = 1): string {
  const random = new RandomStream(seed, 'made clicks');
  const lines = ['user,item,device,hour,price,label'];
  for (let row = 0; row < n; row++) {
    const [user, item] = [random.below(20), random.below(16)];
    const [genre, age] = [item % 4, user % 2];
    const hour = random.below(24);
    const liked = age === 0 ? genre === 0 : genre >= 2;
    const chance = (liked ? 0.75 : 0.2) + (hour >= 18 ? 0.15 : 0);
    const cells = [`u${user}`, `i${item}`, devices[random.below(3)], hour, random.below(50)];
    lines.push([...cells, random.uniform() < chance ? 1 : 0].join());
  }
  return `${lines.join('\n')}\n`;
}

export function itemsCsv(): string {
  return `item,genre\n${Array.from({ length: 16 }, (_, item) => `i${item},${genres[item % 4]}\n`).join('')}`;
}

export function usersCsv(): string {
  return `user,age\n${Array.from({ length: 20 }, (_, user) => `u${user},${ages[user % 2]}\n`).join('')}`;
}

/** The same with ratings 1 … 5 instead of labels, and a pair once. */
export function ratingsCsv(seed = 1): string {
  const random = new RandomStream(seed, 'made ratings');
  const lines = ['user,item,genre,rating'];
  for (let user = 0; user < 20; user++)
    for (let item = 0; item < 16; item++) {
      if (random.uniform() < 0.3) continue;
      const liked = user % 2 === 0 ? item % 4 === 0 : item % 4 >= 2;
      const rating = (liked ? 4.3 : 2.2) + 0.8 * (random.uniform() * 2 - 1);
      lines.push(`u${user},i${item},${genres[item % 4]},${Math.max(1, Math.min(5, Math.round(rating)))}`);
    }
  return `${lines.join('\n')}\n`;
}
