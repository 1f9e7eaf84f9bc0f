/** RecNum (Song et al., ICDE 2020): how often targets stand in the lists of spies. @param lists [spies × k], −1 = no item */
export function hitsOf(lists: Int32Array, targets: Int32Array, k: number): number {
  const isTarget = new Set(targets);
  let hits = 0;
  lists.forEach((item, place) => {
    // a target counts by its place too, so that coming nearer to the first place is noticed
    if (isTarget.has(item)) hits += 1 + 0.1 * (1 - (place % k) / k);
  });
  return hits;
}
