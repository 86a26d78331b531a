/**
 * Masks what differs from run to run (identities, times, versions, tokens, allocated addresses), so that the
 * answers of two servers can be compared. What a scenario has captured is named, so identity stays visible:
 * a resourceVersion equal to the captured `before` shows as `%{before}`, any other as `<version>`.
 */
import type { Json } from './step.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
// only times of the run itself; corpora use fixed times before 2024
const TIME = /20(?:2[4-9]|[3-9]\d)-\d\d-\d\d(?:T| )\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| \+0000 UTC)/g;
const TOKEN_VOLUME = /kube-api-access-[a-z0-9]{5}\b/g;
const GO_ADDRESS = /\b0x[0-9a-f]{8,}\b/g;
// the differences that upstream prints of specs have random spaces in them
const SPEC_DIFFERENCE = /\n\s*core\.\w+\{[\s\S]*?\n\s*\}\n/g;
/** cel-go names anonymous object types by a random number. */
const SELF_TYPE = /\bselfType\d+/g;
const AGE = /^(?:\d+[smhdy]){1,2}$/;
const PRECONDITION = /(ResourceVersion in (?:the )?(?:precondition|record|object meta)(?: \(|: ))\d+/g;
const TOO_LARGE = /(Too large resource version: \d+, current: )\d+/;
/** Service addresses are drawn at random; this is the range of both servers. */
const SERVICE_ADDRESS = /\b10\.96\.\d+\.\d+\b/g;
/** The whole range, for what is nothing but an address. */
const ANY_SERVICE_ADDRESS = /^10\.(?:9[6-9]|10\d|11[01])\.\d+\.\d+$/;
const TOO_OLD = /(resource version: )\d+ \(\d+\)/;
// in messages that quote a whole object
const QUOTED_VERSION = /(resourceVersion\\*":\\*")(\d+)/g;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

type Members = { readonly [key: string]: Json };

/** Normalizes values of one scenario, given the variables it has captured so far. */
export class Normalizer {
  readonly #names: ReadonlyMap<string, string>;

  /** `names`: captured value → variable name. */
  constructor(names: ReadonlyMap<string, string>) {
    this.#names = names;
  }

  value(value: Json, key = '', parent?: Members): Json {
    if (typeof value === 'string') return this.#text(value, key, parent);
    if (typeof value === 'number') return maskNumber(value, key);
    if (value === null || typeof value !== 'object') return value;
    if (isList(value)) {
      const items = value.map((item) => this.value(item, key));
      const order = ORDERED_BY[key];
      return order ? items.toSorted((a, b) => compareText(order(a), order(b))) : items;
    }
    // sorted: member order is not part of the contract and a stable file is
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((name) => [this.text(name), this.value(value[name] ?? null, name, value)]),
    );
  }

  /** Masks inside any text, such as a message or a plain-text body. */
  text(text: string): string {
    return text
      .replace(UUID, (uuid) => this.#named(uuid) ?? '<uid>')
      .replace(TIME, (time) => (time.includes('.') ? '<microtime>' : '<time>'))
      .replace(TOKEN_VOLUME, 'kube-api-access-<random>')
      .replace(QUOTED_VERSION, (_, before, version) => before + (this.#named(version) ?? '<version>'))
      .replace(SELF_TYPE, 'selfType<number>')
      .replace(GO_ADDRESS, '<address>')
      .replace(SPEC_DIFFERENCE, '\n<difference>\n')
      .replace(PRECONDITION, '$1<version>')
      .replace(TOO_LARGE, '$1<version>')
      .replace(SERVICE_ADDRESS, '<address>')
      .replace(TOO_OLD, '$1<version> (<version>)');
  }

  #text(text: string, key: string, parent: Members | undefined): string {
    if (text === '') return text;
    if (key === 'resourceVersion' && text !== '0') return this.#named(text) ?? '<version>';
    if (key === 'storageVersionHash') return '<hash>';
    if (key === 'continue') return '<continue>';
    if (key === 'token' && text.length > 100) return '<token>';
    if ((key === 'clusterIP' || key === 'clusterIPs') && IPV4.test(text)) return '<address>';
    if (key === 'cells' && ANY_SERVICE_ADDRESS.test(text)) return '<address>';
    if (key === 'cells' && AGE.test(text)) return '<age>';
    if (key === 'name') return this.text(maskGenerated(text, parent));
    return this.text(text);
  }

  #named(value: string): string | undefined {
    const name = this.#names.get(value);
    return name === undefined ? undefined : `%{${name}}`;
  }
}

/**
 * Lists whose order is chance: managers are sorted by the second of their change, causes by nothing.
 * They are compared in the order of these texts.
 */
const ORDERED_BY: Readonly<Record<string, (item: Json) => string>> = {
  managedFields: (item) => {
    const { operation = '', manager = '', apiVersion = '', subresource = '' } = item as Members;
    return JSON.stringify([operation, manager, apiVersion, subresource]);
  },
  causes: (item) => JSON.stringify(item),
};

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Node ports are drawn at random from 30000–32767. */
function maskNumber(value: number, key: string): Json {
  const drawn = /nodePort$/i.test(key) && value >= 30_000 && value <= 32_767;
  return drawn ? '<port>' : value;
}

const RANDOM_SUFFIX = /^[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/** `generateName`, cut to 58 characters, gets five characters of upstream's alphabet. */
function maskGenerated(name: string, parent: Members | undefined): string {
  const prefix = parent?.generateName;
  if (typeof prefix !== 'string') return name;
  const cut = prefix.slice(0, 58);
  const random = name.startsWith(cut) && RANDOM_SUFFIX.test(name.slice(cut.length));
  return random ? `${cut}<random>` : name;
}
