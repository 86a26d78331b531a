import type { k8s } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { ServiceAccountToken, VolumeSources } from './volume-sources.ts';

/** kubelet token_manager.go: replaced when a fifth of its life is left, and daily. */
const LONGEST_USE_MS = 24 * 3600_000;
const JITTER_MS = 10_000;
const DEFAULT_SECONDS = 3600;
/** After a failure; the old one serves until it expires. */
const RETRY_MS = 10_000;

interface Held extends ServiceAccountToken {
  /** Milliseconds since the epoch. */
  readonly refreshAt: number;
}

/** Tokens that pods hold, each used until it must be replaced. */
export class PodTokens {
  readonly #sources: VolumeSources;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(sources: VolumeSources, clock: Clock, logger: Logger) {
    this.#sources = sources;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** A good token, and when to ask again. Throws when there is none. */
  async token(
    pod: k8s.Pod,
    { audience = '', expirationSeconds = DEFAULT_SECONDS }: k8s.ServiceAccountTokenProjection,
  ): Promise<{ readonly token: string; readonly refreshAt: number }> {
    const { uid = '' } = pod.metadata ?? {};
    const key = JSON.stringify([pod.spec?.serviceAccountName, audience, expirationSeconds]);
    const held = this.#held.get(uid)?.get(key);
    const now = this.#clock.now();
    if (held && now < held.refreshAt) return held;
    try {
      const fresh = await this.#request(pod, audience, expirationSeconds);
      this.#held.getOrInsertComputed(uid, () => new Map()).set(key, fresh);
      return fresh;
    } catch (error) {
      if (!held) throw new Error(`failed to fetch token: ${messageOf(error)}`, { cause: error });
      if (held.expiresAt <= now) throw new Error(`token expired and refresh failed: ${messageOf(error)}`);
      this.#logger.warn('a token could not be replaced', {
        pod: pod.metadata?.name,
        error: messageOf(error),
      });
      return { token: held.token, refreshAt: now + RETRY_MS };
    }
  }

  forget(uid: string): void {
    this.#held.delete(uid);
  }

  async #request(pod: k8s.Pod, audience: string, expirationSeconds: number): Promise<Held> {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    const { token, expiresAt } = await this.#sources.token(
      namespace,
      pod.spec?.serviceAccountName || 'default',
      {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    );
    const life = expirationSeconds * 1000;
    const issued = expiresAt - life;
    const due = Math.min(issued + LONGEST_USE_MS, expiresAt - life / 5);
    // not all at once, but never before it is worth it
    return { token, expiresAt, refreshAt: due - Math.random() * Math.min(JITTER_MS, life / 20) };
  }
}
