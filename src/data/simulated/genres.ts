/** The genres of the film club, with how common each is and how dark (−1) or light (+1) its mood is. */
export interface Genre {
  readonly name: string;
  readonly share: number; // of the films' first genres
  readonly mood: number; // in [−1, 1]
}

export const genres: readonly Genre[] = [
  { name: 'Drama', share: 0.2, mood: -0.2 },
  { name: 'Comedy', share: 0.16, mood: 0.8 },
  { name: 'Thriller', share: 0.1, mood: -0.7 },
  { name: 'Crime', share: 0.08, mood: -0.6 },
  { name: 'Romance', share: 0.09, mood: 0.5 },
  { name: 'Adventure', share: 0.08, mood: 0.4 },
  { name: 'Science Fiction', share: 0.07, mood: -0.1 },
  { name: 'Fantasy', share: 0.05, mood: 0.3 },
  { name: 'Horror', share: 0.06, mood: -1 },
  { name: 'Documentary', share: 0.05, mood: 0 },
  { name: 'Animation', share: 0.04, mood: 0.9 },
  { name: 'Western', share: 0.02, mood: 0.1 },
];
