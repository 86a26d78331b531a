import { createHash, randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '@sampan/blobs';
import { expect, test } from 'vitest';
import { FastClock } from './fast-clock.ts';
import { basic, OCI_MANIFEST, PASSWORD, TestHub } from './support.ts';

/** How long the race is. */
const MS = process.env.CI ? 120_000 : 8000;

/** Half an hour a second: a blob that nobody needs lives for four seconds, and a push has two for its manifest. */
const FACTOR = 1800;
const GRACE = 2 * 60 * 60_000;
const IN_TIME_MS = 2000;

/** An access token is of half a second. */
const TOKEN_MS = 300;

const WORKERS = 6;
const LEAST_PUSHES = 12;
const LONGER_MS = 60_000;

/** Few, so that pushes meet: some are of all repositories, all are pushed, deleted and pushed again. */
const LAYERS = Array.from({ length: 12 }, (_, n) => createHash('sha512').update(`layer ${n}`).digest());

const CONFIG = Buffer.from('{}');

/** Pushes as Docker does: asks whether a blob is there, mounts it or sends it, and then the manifest. */
class Pusher {
  readonly #hub: TestHub;
  readonly repository: string;
  readonly #others: readonly string[];
  readonly #refresh: string;
  #token = '';
  #asked = Number.NEGATIVE_INFINITY;

  private constructor(hub: TestHub, repository: string, others: readonly string[], refresh: string) {
    this.#hub = hub;
    this.repository = repository;
    this.#others = others;
    this.#refresh = refresh;
  }

  static async logIn(hub: TestHub, repository: string, others: readonly string[]): Promise<Pusher> {
    const answer = await fetch(`${hub.url}/hub/token?service=hub&offline_token=true`, {
      headers: { authorization: basic('dev', PASSWORD) },
    });
    const { refresh_token: refresh } = (await answer.json()) as { refresh_token: string };
    return new Pusher(hub, repository, others, refresh);
  }

  async send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    if (performance.now() - this.#asked > TOKEN_MS) await this.#renew();
    const headers = { authorization: `Bearer ${this.#token}`, ...init.headers };
    const answer = await fetch(`${this.#hub.url}/v2/${this.repository}/${path}`, {
      ...init,
      method,
      headers,
    });
    if (answer.status !== 401) return answer;
    await answer.body?.cancel();
    this.#asked = Number.NEGATIVE_INFINITY;
    return this.send(method, path, init);
  }

  async #renew(): Promise<void> {
    this.#asked = performance.now();
    const scopes = [this.repository, ...this.#others].map((name) => `repository:${name}:pull,push,delete`);
    const form = { grant_type: 'refresh_token', refresh_token: this.#refresh, service: 'hub' };
    const body = new URLSearchParams([...Object.entries(form), ['scope', scopes.join(' ')]]);
    const answer = await fetch(`${this.#hub.url}/hub/token`, { method: 'POST', body });
    this.#token = ((await answer.json()) as { token: string }).token;
  }

  async #blob(bytes: Buffer<ArrayBuffer>): Promise<object> {
    const digest = digestOf(bytes);
    const described = { mediaType: 'a/b', digest, size: bytes.length };
    if ((await this.send('HEAD', `blobs/${digest}`)).status === 200) return described;
    const from = this.#others[randomInt(this.#others.length)];
    const mounted = randomInt(2) > 0 && (await this.#mount(digest, from ?? ''));
    if (mounted) return described;
    const post = await this.send('POST', `blobs/uploads/?digest=${digest}`, { body: bytes });
    expect(post.status, await post.text()).toBe(201);
    return described;
  }

  async #mount(digest: string, from: string): Promise<boolean> {
    const answer = await this.send('POST', `blobs/uploads/?mount=${digest}&from=${from}`);
    if (answer.status === 201) return true;
    expect(answer.status).toBe(202);
    // that of a real client goes on with it; here it is left to be collected
    return false;
  }

  /** An image of some layers; its digest when it was taken, undefined when that took longer than is promised. */
  async push(tag: string): Promise<{ digest: string; layers: readonly Buffer[] } | undefined> {
    const started = performance.now();
    const layers = [randomBytes(1000), ...LAYERS.filter(() => randomInt(3) === 0)];
    const config = await this.#blob(CONFIG);
    const described: object[] = [];
    for (const layer of layers) described.push(await this.#blob(layer));
    const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: described };
    const body = JSON.stringify({ ...image, annotations: { tag, at: String(started) } });
    const headers = { 'content-type': OCI_MANIFEST };
    const put = await this.send('PUT', `manifests/${tag}`, { body, headers });
    if (put.status === 201) return { digest: digestOf(Buffer.from(body)), layers };
    const took = performance.now() - started;
    expect(took, `a push was refused: ${await put.text()}`).toBeGreaterThan(IN_TIME_MS);
    return undefined;
  }

  async pull(digest: string, layers: readonly Buffer[]): Promise<void> {
    expect((await this.send('GET', `manifests/${digest}`)).status).toBe(200);
    for (const layer of [CONFIG, ...layers]) {
      const read = await this.send('GET', `blobs/${digestOf(layer)}`);
      expect(Buffer.from(await read.arrayBuffer()).equals(layer)).toBe(true);
    }
  }
}

test(
  `collecting garbage for ${MS / 1000} seconds loses nothing of pushes, mounts and deletions meanwhile`,
  async () => {
    const clock = new FastClock(FACTOR);
    await using hub = await TestHub.start(clock);
    const end = performance.now() + MS;
    const collected = { links: 0, blobs: 0 };
    let pushed = 0;
    // a busy machine takes longer until there was something to race for
    const enough = () => pushed > LEAST_PUSHES && collected.links > 0 && collected.blobs > 0;
    const racing = () => performance.now() < end || (!enough() && performance.now() < end + LONGER_MS);
    const collecting = (async () => {
      while (racing()) {
        const { links, blobs } = await hub.hub.collectGarbage({ grace: GRACE });
        collected.links += links;
        collected.blobs += blobs;
        await sleep(20);
      }
    })();
    const names = Array.from({ length: WORKERS }, (_, n) => `${n % 2 ? 'open' : 'closed'}/race${n}`);
    const work = names.map(async (name) => {
      const pusher = await Pusher.logIn(
        hub,
        name,
        names.filter((other) => other !== name),
      );
      for (let round = 0; racing(); round++) {
        const image = await pusher.push(`r${round % 5}`);
        if (!image) continue;
        pushed += 1;
        // long enough for what is not needed to be collected
        if (randomInt(4) === 0) await sleep(randomInt(6000));
        await pusher.pull(image.digest, image.layers);
        if (randomInt(3) > 0) {
          const gone = await pusher.send('DELETE', `manifests/${image.digest}`);
          expect(gone.status).toBe(202);
        }
      }
    });
    await Promise.all([...work, collecting]);
    expect(await hub.hub.check({ read: true })).toEqual([]);
    expect({ ...collected, pushed }, 'too little happened').toSatisfy(enough);
  },
  MS + LONGER_MS + 60_000,
);
