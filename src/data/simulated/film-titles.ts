/** Invented film titles from a small grammar: the mood chooses the words, the shape of the title is drawn. No real films. */
import type { RandomStream } from '../../core/random.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const darkAdjectives =
  words(`Ashen Bitter Bleak Broken Buried Burnt Cold Crooked Drowned Faceless Fallen Forsaken Frozen Ghostly
  Grim Hollow Lightless Nameless Pale Restless Rusted Severed Sleepless Sunken Unlit Vanished Voiceless Withered`);
const calmAdjectives =
  words(`Amber Borrowed Distant Eastern Empty Endless Far Fifth Forgotten Hidden Last Late Long Lost Northern
  Patient Quiet Second Silent Slow Small Southern Tall Unfinished Unwritten Wandering Wide Winter`);
const lightAdjectives =
  words(`Accidental Barefoot Bright Cheerful Clumsy Dancing Flying Gilded Golden Honest Impossible Jolly Lucky
  Mischievous Polite Runaway Singing Sparkling Splendid Spotted Sugared Sunlit Talkative Tangled Tipsy Velvet Whistling Wobbly`);
const darkNouns =
  words(`Asylum Blade Cellar Confession Crypt Debt Fever Furnace Gallows Grave Hunger Knife Marsh Mask Noose Raven
  Reckoning Ruin Scar Shadow Shroud Silence Snare Thorn Verdict Warden Witness Wolf`);
const calmNouns =
  words(`Archive Bell Bridge Canal Clockmaker Compass Corridor Estuary Ferry Harbour Hillside Horizon Island Lantern
  Letter Lighthouse Map Meridian Mirror Monastery Observatory Orchard Passenger Photograph Railway River Signal Telegraph`);
const lightNouns =
  words(`Balloon Bakery Bicycle Brass-Band Carousel Circus Cousin Duchess Garden Goose Honeymoon Juggler Kite
  Marmalade Matchmaker Neighbour Parade Parasol Penguin Picnic Postman Puppet Serenade Teapot Tailor Umbrella Violin Waltz`);
const places =
  words(`Aldermouth Bellmarsh Brackenford Calverdine Corvane Dunmarrow Eastermoor Elvaston-Quay Farrowgate Glasswater
  Harlonne Ishkeld Jorvenna Karsholm Lindenreach Marrowby Nethercombe Ostrevel Pellagorn Quillhaven Ravelstoke Sandreth
  Tarnwick Umberleigh Valdemoor Westering Yarrowfold Zellenbrook`);
const givenNames =
  words(`Adelina Barnaby Clementine Dorrit Emeric Fenella Gideon Henrika Ignatia Jasper Kestrel Leopold Marguerite
  Nicodemus Odalys Percival Quenby Rosalba Sylvester Tamsin Ulrika Valentin Wilhelmina Xanthe Yorick Zebedee`);
const numbers = words('Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen');
const times = words('Dawn Daybreak Dusk Evening Harvest Midnight Midsummer Midwinter Nightfall Noon October Sunrise');
const acts = words('Waiting Searching Dancing Singing Running Looking Longing Walking Dreaming Whispering');

type Pick = (list: readonly string[]) => string;

interface Palette {
  readonly adjectives: readonly string[];
  readonly nouns: readonly string[];
}

const dark: Palette = { adjectives: darkAdjectives, nouns: darkNouns };
const calm: Palette = { adjectives: calmAdjectives, nouns: calmNouns };
const light: Palette = { adjectives: lightAdjectives, nouns: lightNouns };

const shapes: readonly ((pick: Pick, palette: Palette) => string)[] = [
  (pick, p) => `The ${pick(p.adjectives)} ${pick(p.nouns)}`,
  (pick, p) => `The ${pick(p.adjectives)} ${pick(p.nouns)}`,
  (pick, p) => `The ${pick(p.nouns)} of ${pick(places)}`,
  (pick, p) => `${pick(givenNames)} and the ${pick(p.nouns)}`,
  (pick, p) => `${withArticle(pick(p.adjectives))} ${pick(p.nouns)} in ${pick(places)}`,
  (pick, p) => `${pick(p.adjectives)} ${pick(times)}`,
  (pick, p) => `The ${pick(p.nouns)} at ${pick(times)}`,
  (pick, p) => `${pick(acts)} for the ${pick(p.nouns)}`,
  (pick, p) => `The ${pick(calmNouns)} and the ${pick(p.nouns)}`,
  (pick) => `${pick(numbers)} Nights in ${pick(places)}`,
  (pick, p) => `${pick(givenNames)}, ${pick(p.adjectives)}`,
  (pick, p) => `What the ${pick(p.nouns)} Knew`,
  (pick, p) => `My ${pick(p.adjectives)} ${pick(p.nouns)}`,
];

const withArticle = (word: string) => `${/^[AEIOU]/.test(word) ? 'An' : 'A'} ${word}`;

/** One title without its year. @param mood from dark (−1) to light (+1) */
function draftTitle(mood: number, random: RandomStream): string {
  const pick: Pick = (list) => list[random.below(list.length)].replace('-', ' ');
  const leaning = mood + 0.35 * random.normal();
  const palette = leaning < -0.35 ? dark : leaning > 0.35 ? light : calm;
  return shapes[random.below(shapes.length)](pick, palette);
}

const repeatedWord = (title: string) => {
  const parts = title
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((part) => part !== 'the');
  return new Set(parts).size < parts.length;
};

/** Hands out titles, no two of which are the same even without their years. */
export class TitleMaker {
  readonly #random: RandomStream;
  readonly #taken = new Set<string>();

  constructor(random: RandomStream) {
    this.#random = random;
  }

  /** @returns for example `The Patient Estuary (1987)`; a later part of an earlier film once new titles run short */
  make(mood: number, year: number): string {
    let title = draftTitle(mood, this.#random);
    for (let draft = 1; draft < 40 && (this.#taken.has(title) || repeatedWord(title)); draft++)
      title = draftTitle(mood, this.#random);
    const first = title;
    for (let part = 2; this.#taken.has(title); part++) title = `${first}: Part ${part}`;
    this.#taken.add(title);
    return `${title} (${year})`;
  }
}
