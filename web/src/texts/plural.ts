import { locale } from "@/texts/language";

const numbers = new Intl.NumberFormat(locale);

export const number = (n: number): string => numbers.format(n);

/**
 * Picks the form that a language has for a number, which stands where the form has a `#`. A form that is missing, or one too
 * many, fails the build. Nothing that somebody wrote may be part of a form: it could have a `#`, too.
 */
function pluralsOf<Form extends Intl.LDMLPluralRule>(language: string) {
  const rules = new Intl.PluralRules(language);
  return (n: number, forms: Record<Form | "other", string>): string => {
    const all: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string } = forms;
    return (all[rules.select(n)] ?? forms.other).replace("#", number(n));
  };
}

/** Of each language the forms that it has. Spanish and Portuguese count millions like other numbers here. */
export const plurals = {
  en: pluralsOf<"one">("en"),
  es: pluralsOf<"one">("es"),
  pt: pluralsOf<"one">("pt"),
  ar: pluralsOf<"zero" | "one" | "two" | "few" | "many">("ar"),
  hi: pluralsOf<"one">("hi"),
};
