/** Letters that no accent comes off, as people write them in a-z. */
const letters: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ð: "d",
  þ: "th",
  ł: "l",
  đ: "d",
  ħ: "h",
  ı: "i",
  ŋ: "ng",
  а: "a",
  б: "b",
  в: "v",
  г: "g",
  д: "d",
  е: "e",
  ё: "e",
  ж: "zh",
  з: "z",
  и: "i",
  й: "i",
  к: "k",
  л: "l",
  м: "m",
  н: "n",
  о: "o",
  п: "p",
  р: "r",
  с: "s",
  т: "t",
  у: "u",
  ф: "f",
  х: "kh",
  ц: "ts",
  ч: "ch",
  ш: "sh",
  щ: "shch",
  ъ: "",
  ы: "y",
  ь: "",
  э: "e",
  ю: "yu",
  я: "ya",
  α: "a",
  β: "b",
  γ: "g",
  δ: "d",
  ε: "e",
  ζ: "z",
  η: "i",
  θ: "th",
  ι: "i",
  κ: "k",
  λ: "l",
  μ: "m",
  ν: "n",
  ξ: "x",
  ο: "o",
  π: "p",
  ρ: "r",
  σ: "s",
  ς: "s",
  τ: "t",
  υ: "y",
  φ: "f",
  χ: "ch",
  ψ: "ps",
  ω: "o",
};
const longest = 63;
const fallback = "project";

/** "Größe & Maß" -> "grosse-mass"; a name without a letter that can be written in a-z or a digit gives "project". */
export function slugOf(name: string): string {
  const plain = [...name.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "")].map((letter) => letters[letter] ?? letter).join("");
  const slug = plain
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, longest)
    .replace(/-+$/, "");
  return slug || fallback;
}

/** "web" -> "web", "web-2", "web-3" … as many as asked for, none longer than a slug may be. */
export const slugsAfter = (slug: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => {
    const end = i === 0 ? "" : `-${i + 1}`;
    return slug.slice(0, longest - end.length).replace(/-+$/, "") + end;
  });
