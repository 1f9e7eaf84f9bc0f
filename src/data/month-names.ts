/** Names of months and weekdays in other languages than English, which strptime does not know: German, French, Spanish, Italian, Portuguese, Dutch and others. */
import { sqlText } from './readers/database.ts';
import { words } from './words.ts';

const english = words('January February March April May June July August September October November December');

/** By month: full names and short ones; the short ones become the first three letters of the English name. */
const fullNames: readonly string[] = [
  'januar jänner janvier enero gennaio janeiro januari styczeń stycznia leden ledna январь января січня ocak tammikuuta ianuarie',
  'februar feber février fevrier febrero febbraio fevereiro februari luty lutego únor února февраль февраля лютого şubat helmikuuta februarie pebruari',
  'märz maerz mars marzo março marco maart marts marzec marca březen března март марта березня mart maaliskuuta martie maret',
  'avril abril aprile kwiecień kwietnia duben dubna апрель апреля квітня nisan huhtikuuta aprilie',
  'mai mayo maggio maio mei maj maja květen května май мая травня mayıs toukokuuta',
  'juni juin junio giugno junho czerwiec czerwca červen června июнь июня червня haziran kesäkuuta iunie',
  'juli juillet julio luglio julho lipiec lipca červenec července июль июля липня temmuz heinäkuuta iulie',
  'août aout agosto augustus augusti sierpień sierpnia srpen srpna август августа серпня ağustos elokuuta agustus',
  'septembre septiembre setiembre settembre setembro wrzesień września září сентябрь сентября вересня eylül syyskuuta septembrie',
  'oktober octobre octubre ottobre outubro październik października říjen října октябрь октября жовтня ekim lokakuuta octombrie',
  'novembre noviembre novembro listopad listopada listopadu ноябрь ноября листопада kasım marraskuuta noiembrie',
  'dezember décembre decembre diciembre dicembre dezembro desember grudzień grudnia prosinec prosince декабрь декабря грудня aralık joulukuuta decembrie',
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

/** The English name of each foreign one. */
const translations: ReadonlyMap<string, string> = new Map([
  ...shortNames.flatMap((names, m) =>
    words(names)
      .filter((name) => name !== '')
      .map((name): [string, string] => [name, english[m].slice(0, 3)]),
  ),
  ...fullNames.flatMap((names, m) => words(names).map((name): [string, string] => [name, english[m]])),
]);

const longestFirst = (list: Iterable<string>): string => [...list].sort((a, b) => b.length - a.length).join('|');

/** What a foreign name of a month looks like, for RE2 and JavaScript (without case). */
export const foreignMonth = `(?:${longestFirst(translations.keys())})`;

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

/** SQL that does the same. */
export function sqlWithEnglishMonth(text: string): string {
  const pattern = (of: string): string => sqlText(`(?i)${of}`);
  const rest = `regexp_replace(regexp_replace(${text}, ${pattern(leadingWeekday)}, ''), ${pattern(joining)}, ' ', 'g')`;
  const name = `regexp_extract(${rest}, ${pattern(named)}, 1)`;
  const pairs = [...translations].map(([foreign, name]) => `${sqlText(foreign)}: ${sqlText(name)}`).join(', ');
  return `CASE WHEN ${name} <> '' THEN replace(${rest}, ${name}, MAP {${pairs}}[lower(${name})])
    WHEN regexp_matches(${rest}, ${pattern(englishMonth)}) THEN ${rest} ELSE ${text} END`;
}
