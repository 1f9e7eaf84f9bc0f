/**
 * Names of columns in other languages than English: German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Polish, Turkish,
 * Russian, Chinese, Japanese. Without case, spaces, punctuation and, of Latin letters, accents.
 */
import { words } from './words.ts';

/** With what ids are marked: `id_usuario`, `Nutzer-ID`, `KundenNr`. */
function withIds(text: string): string[] {
  return words(text).flatMap((word) => [word, `id${word}`, `${word}id`, `${word}nr`, `${word}nummer`, `cod${word}`]);
}

export const foreignNames = {
  user: withIds(`
    kunde kunden nutzer benutzer kaufer mitglied utilisateur acheteur usuario cliente comprador utente acquirente
    utilizador gebruiker klant anvandare kund uzytkownik klient kullanici kullanıcı musteri пользователь клиент покупатель
    用户 顧客 ユーザー
  `).concat(words('idclient codeclient benutzername nutzername')),
  item: withIds(`
    artikel produkt produit articulo producto pelicula libro prodotto articolo produto artigo livro filme
    boek towar urun товар продукт фильм 商品 物品 产品 アイテム
  `).concat(words('artnr artnummer artid idarticle idfilm idproduct filmnummer')),
  /** What surely is an opinion. */
  rating: words(`
    bewertung sterne evaluation etoiles calificacion puntuacion valoracion estrellas valutazione stelle avaliacao
    beoordeling waardering sterren betyg ocena puan оценка рейтинг 评分 評価
  `),
  /** Opinions and amounts that other numbers go by too. */
  amount: words(
    'qty eventvalue note nota voto menge anzahl stuckzahl quantite cantidad quantita quantidade aantal antal ilosc количество 数量',
  ),
  time: words(`
    datum fecha bestelldatum kaufdatum bestellzeitpunkt zeitpunkt zeitstempel horodatage dateachat datecommande
    fechacompra datacompra dataacquisto aankoopdatum tarih 日期 时间 时间戳 日時 дата время
  `),
  /** Times only where the cells are. */
  vagueTime: words('data dia giorno jour dag tag zeit hora heure ora tijd tid czas zaman'),
  title: words(`
    titel bezeichnung artikelbezeichnung artikelname produktname produktbezeichnung titre nomproduit titulo
    nombreproducto titolo nomeprodotto nomeproduto tytul название 标题 名称
  `),
} as const satisfies Readonly<Record<string, readonly string[]>>;
