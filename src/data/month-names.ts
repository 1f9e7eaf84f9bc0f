/** Names of months and weekdays in other languages than English, which strptime does not know: German, French, Spanish, Italian, Portuguese, Dutch and others. */
import { sqlText } from './readers/database.ts';
import { words } from './words.ts';

const english = words('January February March April May June July August September October November December');

/** By month: full names and short ones; the short ones become the first three letters of the English name. */
const fullNames: readonly string[] = [
  'januar jänner janvier enero gennaio janeiro januari январь января січня ocak tammikuuta ianuarie',
  'februar feber février fevrier febrero febbraio fevereiro februari февраль февраля лютого şubat helmikuuta februarie pebruari',
  'märz maerz mars marzo março marco maart marts март марта березня mart maaliskuuta martie maret',
  'avril abril aprile апрель апреля квітня nisan huhtikuuta aprilie',
  'mai mayo maggio maio mei maj май мая травня mayıs toukokuuta',
  'juni juin junio giugno junho июнь июня червня haziran kesäkuuta iunie',
  'juli juillet julio luglio julho июль июля липня temmuz heinäkuuta iulie',
  'août aout agosto augustus augusti август августа серпня ağustos elokuuta agustus',
  'septembre septiembre setiembre settembre setembro сентябрь сентября вересня eylül syyskuuta septembrie',
  'oktober octobre octubre ottobre outubro октябрь октября жовтня ekim lokakuuta octombrie',
  'novembre noviembre novembro ноябрь ноября листопада kasım marraskuuta noiembrie',
  'dezember décembre decembre diciembre dicembre dezembro desember декабрь декабря грудня aralık joulukuuta decembrie',
];

/** In Polish and Czech, without those of `fullNames`. */
const polishAndCzech: readonly string[] = [
  'styczeń stycznia leden ledna',
  'luty lutego únor února',
  'marzec marca březen března',
  'kwiecień kwietnia duben dubna',
  'maja květen května',
  'czerwiec czerwca červen června',
  'lipiec lipca červenec července',
  'sierpień sierpnia srpen srpna',
  'wrzesień września září',
  'październik października říjen října',
  'listopad listopada listopadu',
  'grudzień grudnia prosinec prosince',
];

/** In Croatian, where listopad comes a month earlier. */
const croatian: readonly string[] = [
  'siječanj siječnja',
  'veljača veljače',
  'ožujak ožujka',
  'travanj travnja',
  'svibanj svibnja',
  'lipanj lipnja',
  'srpanj srpnja',
  'kolovoz kolovoza',
  'rujan rujna',
  'listopad listopada',
  'studeni studenog studenoga',
  'prosinac prosinca',
];
const shortNames: readonly string[] = [
  'jän janv ene gen',
  'févr fév fevr fev',
  'mär mrz mrt',
  'avr abr',
  'mag',
  'giu',
  'juil lug',
  'aoû ago',
  'sept',
  'okt ott out',
  '',
  'dez déc dic',
];

const weekdays = words(`
  montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
  lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim
  lunes martes miércoles miercoles jueves viernes sábado sabado domingo
  lunedì lunedi martedì martedi mercoledì mercoledi giovedì giovedi venerdì venerdi sabato domenica
  segunda-feira terça-feira quarta-feira quinta-feira sexta-feira maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
`);

function translated(names: readonly string[], shown: (month: string) => string = (month) => month): [string, string][] {
  return names.flatMap((each, m) =>
    each === '' ? [] : words(each).map((name): [string, string] => [name, shown(english[m])]),
  );
}

/** The English name of each foreign one; listopad is November. */
const translations: ReadonlyMap<string, string> = new Map([
  ...translated(shortNames, (month) => month.slice(0, 3)),
  ...translated(croatian),
  ...translated(fullNames),
  ...translated(polishAndCzech),
]);

const longestFirst = (list: Iterable<string>): string => [...list].sort((a, b) => b.length - a.length).join('|');

/** What a foreign name of a month looks like, for RE2 and JavaScript (without case). */
export const foreignMonth = `(?:${longestFirst(translations.keys())})`;

const inCroatian = new Set(croatian.flatMap(words));
const inPolishOrCzech = new Set(polishAndCzech.flatMap(words));
const inBoth = [...inCroatian].filter((name) => inPolishOrCzech.has(name));
const aWord = (names: readonly string[]): string => `(?:^|[^\\p{L}])(?:${longestFirst(names)})(?:[^\\p{L}]|$)`;

/** Which months stand under names that are November in Polish and Czech and October in Croatian. */
export type Listopad = 'November' | 'October';

/** What cells hold that tell which month listopad is, for RE2 (without case). */
export const listopadLooks = {
  itself: aWord(inBoth),
  october: aWord([...inCroatian].filter((name) => !inPolishOrCzech.has(name))),
  november: aWord([...inPolishOrCzech].filter((name) => !inCroatian.has(name))),
} as const;

/** What a foreign weekday before a date looks like. */
export const foreignWeekday = `(?:${longestFirst(weekdays)})`;

const leadingWeekday = `^\\s*${foreignWeekday}[.,]*\\s+`;
/** `3 de marzo de 2023`. */
const joining = '\\s+del?\\s+';

/** The group is the name, as a word of its own. */
const named = `(?:^|[^\\p{L}])(${foreignMonth})(?:[^\\p{L}]|$)`;

const englishMonth = `(?:^|[^\\p{L}])(?:${english.map((name) => name.slice(0, 3)).join('|')})`;

/** True for a date that strptime reads only when its names are English ones. */
export function isForeignDate(text: string): boolean {
  return withEnglishMonth(text) !== text;
}

/** A date with its month by its English name and without a foreign weekday; other texts as they are. */
export function withEnglishMonth(text: string): string {
  const rest = text.replace(new RegExp(leadingWeekday, 'i'), '').replace(new RegExp(joining, 'gi'), ' ');
  const name = new RegExp(named, 'iu').exec(rest)?.[1];
  if (name !== undefined) return rest.replace(name, translations.get(name.toLowerCase())!);
  // "Mar 5" does not begin with a weekday
  return new RegExp(englishMonth, 'iu').test(rest) ? rest : text;
}

/** SQL that does the same, with the month that listopad is. */
export function sqlWithEnglishMonth(text: string, listopad: Listopad): string {
  const pattern = (of: string): string => sqlText(`(?i)${of}`);
  const rest = `regexp_replace(regexp_replace(${text}, ${pattern(leadingWeekday)}, ''), ${pattern(joining)}, ' ', 'g')`;
  const name = `regexp_extract(${rest}, ${pattern(named)}, 1)`;
  const month = (foreign: string, name: string): string => (inBoth.includes(foreign) ? listopad : name);
  const pairs = [...translations]
    .map(([foreign, name]) => `${sqlText(foreign)}: ${sqlText(month(foreign, name))}`)
    .join(', ');
  return `CASE WHEN ${name} <> '' THEN replace(${rest}, ${name}, MAP {${pairs}}[lower(${name})])
    WHEN regexp_matches(${rest}, ${pattern(englishMonth)}) THEN ${rest} ELSE ${text} END`;
}
