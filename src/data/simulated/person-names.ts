/** Invented names of members and directors, put together from two lists. */
import type { RandomStream } from '../../core/random.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const given =
  words(`Ada Alba Amos Anouk Arlo Basil Bea Bruno Cleo Cyrus Dalia Dario Edda Elio Enid Esme Ezra Faye Felix Flora
  Gita Greta Hugo Ida Ines Iris Ivo Jonas Juno Kaya Kito Lars Leda Levi Linus Lotte Luca Mabel Malik Maren Milo Mina Nadia Nell
  Nico Noor Olive Omar Oona Otis Pia Priya Quinn Rafa Remy Rhea Rosa Rufus Sami Selma Silas Sunniva Tala Thea Tobin Uma Vera
  Viggo Wanda Wren Yara Yusuf Zadie Zeno`);
const family =
  words(`Abernell Ashgrove Barlund Belcastro Birkwood Brightwater Calloway Carrowmere Castellan Cinderford Corvino
  Dallimore Delacroft Dovetail Eastbrook Elderfield Ellingham Fairbairn Farthing Fenwright Finnegard Galloway Garrick
  Goldfinch Greenacre Hallowell Harrowgate Hawthorne Hollander Inglewood Isakovar Jessamy Juniper Kestering Kingsley
  Kowalsky Larkspur Lindqvist Lockhart Lovelace Marchetti Marlowe Merriweather Montague Nakamori Nightingale Norwood
  Oakenfold Okonjo Ostrander Parmentier Pemberton Pettigrew Quillfeather Radcliffe Ravenscar Redfern Rosendahl Rutherford
  Sandoval Selwyn Silverton Sorrento Stillwater Summerfield Talbot Tanaka Thistlewood Thornbury Underhill Valcourt Vandermeer
  Wainwright Westergaard Whitlock Winterbourne Woolridge Yarborough Yellowlees Zimmerwald`);
const initials = 'ABCDEFGHIJKLMNOPRSTUVWYZ';

/**
 * `n` names. A name that is already taken gets a middle initial; only far beyond 100,000 names do some occur twice, as
 * among real people.
 */
export function makeNames(n: number, random: RandomStream): string[] {
  const taken = new Set<string>();
  return Array.from({ length: n }, () => {
    const first = given[random.below(given.length)];
    const last = family[random.below(family.length)];
    let name = `${first} ${last}`;
    for (let draft = 0; draft < 30 && taken.has(name); draft++)
      name = `${first} ${initials[random.below(initials.length)]}. ${last}`;
    taken.add(name);
    return name;
  });
}
