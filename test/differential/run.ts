/** Runs one scenario against one server and gives the normalized answers. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { changed } from './change.ts';
import { Normalizer } from './normalize.ts';
import type { Connection, RawAnswer, RawRequest } from './send.ts';
import type { Answer, Body, Json, Scenario, Step } from './step.ts';

/** Headers that are part of the contract with clients. */
const COMPARED_HEADERS = ['allow', 'content-type', 'location', 'retry-after', 'warning', 'www-authenticate'];
/** managedFields names its manager after it. */
const USER_AGENT = 'sampan-differential/1.0';
const UNTIL_MS = 10_000;

/** How to speak to the server: `oracle` uses the older names of APIs (`Scenario.spelled`). */
export type Dialect = 'ours' | 'oracle';

/**
 * The word in all names that corpora use. A replay puts another word of the same length in its place, so that
 * one server can be asked again and again.
 */
const RUN_WORD = 'trial';

/** A word of letters that hexadecimal does not have, so that it is not met by chance. */
export function newRunWord(): string {
  const letter = () => 'ghjkmnpqrstvwxyz'.charAt(randomInt(16));
  return Array.from(RUN_WORD, letter).join('');
}

/** Step name → answer, in order. */
export type Answers = Map<string, Answer>;

export async function runScenario(
  scenario: Scenario,
  connection: Connection,
  dialect: Dialect,
  runWord = RUN_WORD,
): Promise<Answers> {
  const run = new ScenarioRun(scenario, connection, dialect, runWord);
  const answers: Answers = new Map();
  for (const step of scenario.steps) {
    if (answers.has(step.name)) throw new Error(`${scenario.name}: two steps are named "${step.name}"`);
    if (step.oursOnly && dialect === 'oracle') continue;
    if (step.prepare) {
      await run.step(step);
      continue;
    }
    const answer = await run.step(step).catch(noAnswer);
    answers.set(step.name, answer);
  }
  return answers;
}

/** A broken connection is an answer too: that of a server that fell over. Status 0 equals no recorded one. */
function noAnswer(error: unknown): Answer {
  return { status: 0, headers: {}, body: String(error) };
}

class ScenarioRun {
  readonly #connection: Connection;
  readonly #spelled: readonly (readonly [string, string])[];
  readonly #variables = new Map<string, string>();
  readonly #kept = new Map<string, Body>();
  readonly #names = new Map<string, string>();
  readonly #normalizer = new Normalizer(this.#names);

  constructor(scenario: Scenario, connection: Connection, dialect: Dialect, runWord: string) {
    this.#connection = connection;
    this.#spelled = [
      ...(runWord === RUN_WORD ? [] : ([[RUN_WORD, runWord]] as const)),
      ...(dialect === 'oracle' ? (scenario.spelled ?? []) : []),
    ];
  }

  async step(step: Step): Promise<Answer> {
    const request = this.#request(step);
    const end = Date.now() + UNTIL_MS;
    let raw = await this.#connection.send(request);
    while (step.until !== undefined && raw.status !== step.until && Date.now() < end) {
      await sleep(100);
      raw = await this.#connection.send(request);
    }
    if (step.prepare) checkPrepared(step, raw);
    const body = parseBody(this.#back(raw.text), step);
    this.#capture(step, body);
    if (step.keep !== undefined && typeof body === 'object' && body !== null) this.#kept.set(step.keep, body);
    const masked = this.#normalizer.value(step.pick ? picked(body, step.pick) : body);
    const ordered = step.sorted ? sorted(masked) : masked;
    return {
      status: raw.status,
      headers: comparedHeaders(raw, (text) => this.#normalizer.text(this.#back(text))),
      body: step.byName === undefined ? ordered : keyedByName(ordered, step.byName),
    };
  }

  #request(step: Step): RawRequest {
    const json = this.#body(step);
    const text = step.raw ?? (json === undefined ? undefined : JSON.stringify(json));
    const { login = 'admin' } = step;
    const impersonation = step.as && {
      'impersonate-user': step.as.user,
      ...(step.as.groups && { 'impersonate-group': [...step.as.groups] }),
    };
    return {
      method: step.method,
      path: this.#fill(step.path),
      certificate: login === 'admin',
      headers: {
        'user-agent': USER_AGENT,
        accept: 'application/json',
        ...(text !== undefined && { 'content-type': step.type ?? 'application/json' }),
        ...(typeof login === 'object' && { authorization: `Bearer ${this.#fill(login.token)}` }),
        ...impersonation,
        ...step.headers,
      },
      ...(text !== undefined && { body: this.#fill(text) }),
      ...(step.events !== undefined && { lines: step.events }),
    };
  }

  #body({ body, change }: Step): Body | undefined {
    return change ? changed(this.#kept.get(change.object) ?? {}, change.changes) : body;
  }

  /** Variables filled in, and our names of APIs turned into the oracle's. */
  #fill(text: string): string {
    const filled = text.replace(/%\{(\w+)\}/g, (whole, name: string) => this.#variables.get(name) ?? whole);
    return this.#spelled.reduce((now, [ours, oracles]) => now.replaceAll(ours, oracles), filled);
  }

  #back(text: string): string {
    return this.#spelled.reduce((now, [ours, oracles]) => now.replaceAll(oracles, ours), text);
  }

  #capture(step: Step, body: Json): void {
    for (const [name, path] of Object.entries(step.capture ?? {})) {
      const value = valueAt(body, path);
      if (typeof value !== 'string') continue;
      this.#variables.set(name, value);
      this.#names.set(value, name);
    }
  }
}

/** A step that prepares may find its work done: anything but a refusal will do. */
function checkPrepared(step: Step, { status, text }: RawAnswer): void {
  const done = status < 400 || status === 409 || (step.method === 'DELETE' && status === 404);
  if (!done) throw new Error(`preparing "${step.name}": ${status} ${text.slice(0, 500)}`);
}

function comparedHeaders({ headers }: RawAnswer, mask: (text: string) => string): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of COMPARED_HEADERS) {
    const value = headers[name];
    if (value !== undefined) kept[name] = mask(Array.isArray(value) ? value.join('\n') : value);
  }
  return kept;
}

/** JSON, or the text itself; a stream is the list of its lines. */
function parseBody(text: string, step: Step): Json {
  if (step.events !== undefined && text.includes('\n')) {
    const lines = text.split('\n').filter((line) => line !== '');
    // how many more came in the same moment is chance
    const asked = step.events > 0 ? lines.slice(0, step.events) : lines;
    if (lines.length > 1 || /^\{"type"/.test(text)) return asked.map(parseText);
  }
  return parseText(text);
}

function sorted(body: Json): Json {
  if (Array.isArray(body)) return body.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const items = valueAt(body, 'items');
  return items === undefined ? body : { ...(body as object), items: sorted(items) };
}

function picked(body: Json, paths: readonly string[]): Json {
  return Object.fromEntries(paths.map((path) => [path, valueAt(body, path, '/') ?? null]));
}

/** Turns the list `member` into an object by name. */
function keyedByName(body: Json, member: string): Json {
  const list = valueAt(body, member);
  if (!Array.isArray(list)) return body;
  const entries = list.map((item: Json, index) => [String(valueAt(item, 'name') ?? index), item] as const);
  return { ...(body as object), [member]: Object.fromEntries(entries) };
}

function parseText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function valueAt(body: Json, path: string, separator = '.'): Json | undefined {
  let value: Json | undefined = body;
  for (const part of path.split(separator)) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as { readonly [key: string]: Json })[part];
  }
  return value;
}
