import type { KubeObject } from '@sampan/api';
import type { Clock } from '@sampan/base';
import type { Account } from '@sampan/hub';
import type { Client, ResourceRef } from '@sampan/machinery';
import { Remembered } from './remembered.ts';
import { personOf } from './users.ts';

const TOKEN_REVIEWS: ResourceRef = {
  group: 'authentication.k8s.io',
  version: 'v1',
  resource: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
};

interface TokenReview extends KubeObject {
  status?: {
    authenticated?: boolean;
    user?: { username?: string; groups?: string[] };
  };
}

/** Three parts in base64url, the first one an object: as good as never a password. */
const TOKEN = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/;
const SERVICE_ACCOUNT = 'system:serviceaccount:';

/** Asks the cluster whose tokens are (authentication.k8s.io/v1 TokenReview), once a minute for each. */
export class TokenReviews {
  readonly #client: Client;
  readonly #remembered: Remembered<Account>;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#remembered = new Remembered(clock);
  }

  isToken(password: string): boolean {
    return TOKEN.test(password);
  }

  /** Whose token it is; undefined: nobody's. Rejects when the cluster cannot be asked. */
  authenticate(token: string): Promise<Account | undefined> {
    return this.#remembered.check([token], () => this.#review(token));
  }

  async #review(token: string): Promise<Account | undefined> {
    const { status } = await this.#client.create<TokenReview>(TOKEN_REVIEWS, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: { token },
    });
    const { username, groups = [] } = status?.user ?? {};
    if (!status?.authenticated || username === undefined) return undefined;
    const kind = username.startsWith(SERVICE_ACCOUNT) ? 'serviceaccount' : 'user';
    return personOf(username, groups, { kind });
  }
}
