import { badParam } from '@dossier/runtime/errors.ts';

const minimumCharacters = 12;
/** Of zxcvbn's 0 to 4: at least 10^8 guesses by somebody who knows how people choose passwords. */
const minimumScore = 3;

/** Where the letters of a Russian keyboard are on a Latin one: what is a row of keys there is none of the better. */
const russianKeys = 'йцукенгшщзхъфывапролджэячсмитьбю';
const latinKeys = "qwertyuiop[]asdfghjkl;'zxcvbnm,.";

/** What people here choose first, in the languages of the interface. */
const knownWords = [
  'dossier',
  'watchlist',
  'пароль',
  'администратор',
  'оператор',
  'наблюдатель',
  'досье',
  'привет',
  'любовь',
  'россия',
  'москва',
];

/**
 * Why a password that a person chose is too easily guessed, or null. `name`: the user's, which is no secret.
 */
export async function passwordFault(password: string, name: string): Promise<string | null> {
  if (Array.from(password).length < minimumCharacters) {
    return `must have at least ${minimumCharacters} characters; a sentence of several words is easy to remember`;
  }
  const { check } = await loadEstimate();
  const known = [name, ...knownWords];
  const scores = [password, asLatinKeys(password)].map((text) => check(text, known).score);
  if (Math.min(...scores) >= minimumScore) return null;
  return 'is too easily guessed: it is made of common words, names, dates, rows of keys or repetitions; take several words that have nothing to do with each other';
}

/** Refuses a password that is too easily guessed. BAD_PARAM naming `param`. */
export async function requireGoodPassword(password: string, { name, param = 'password' }: { name: string; param?: string }): Promise<void> {
  const fault = await passwordFault(password, name);
  if (fault !== null) throw badParam(param, `${param}: ${fault}. Nothing was changed.`);
}

function asLatinKeys(text: string): string {
  return Array.from(text.toLowerCase(), (letter) => {
    const at = russianKeys.indexOf(letter);
    return at < 0 ? letter : latinKeys.charAt(at);
  }).join('');
}

type Estimate = Awaited<ReturnType<typeof load>>;
let estimate: Promise<Estimate> | undefined;

/** The dictionaries take a while and some memory: they are loaded when the first password is set. */
function loadEstimate(): Promise<Estimate> {
  estimate ??= load();
  return estimate;
}

async function load() {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  const factory = new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    maxLength: 128,
  });
  return { check: (password: string, known: string[]) => factory.check(password, known) };
}
